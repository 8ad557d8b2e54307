"""The report of a load and how the load ends: copies, limits on what is quarantined, exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from fixtures.standard_export import GOOD, NOW, events, profile_text, write

from threat.cli import main
from threat.history import Store
from threat.history.intake.load import load
from threat.history.intake.report import FileCounts, lines

UNREFERENCED = GOOD | {"event": ""}


def own_profile(tmp_path: Path, **keys: Any) -> str:
    """Write a copy of the shipped profile with other keys, and return its path."""
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(profile_text("standard_csv")) | keys))
    return str(path)


@pytest.mark.parametrize(
    ("copies", "limit", "kept", "identical", "largest"),
    [(1, 3, 1, 0, 0), (3, 3, 3, 2, 3), (4, 3, 3, 3, 4), (13, 3, 3, 12, 13), (13, 1, 1, 12, 13), (13, 20, 13, 12, 13)],
)
def test_equal_rows_are_counted_and_kept_up_to_a_limit(
    tmp_path: Path, copies: int, limit: int, kept: int, identical: int, largest: int
) -> None:
    other = UNREFERENCED | {"occurred_at": "2024-01-10T10:01"}
    export = write(tmp_path / "export", events=events(other, *[UNREFERENCED] * copies, GOOD))
    report = load(own_profile(tmp_path, identical_rows=limit), export, tmp_path / "store", NOW)
    aside = copies - kept
    assert report.files["events"] == FileCounts(
        rows_in=copies + 2,
        kept=kept + 2,
        quarantined=aside,
        identical_rows=identical,
        largest_identical_group=largest,
    )
    assert {reason.reason: reason.rows for reason in report.reasons} == ({"identical_row": aside} if aside else {})
    assert (f"{identical} identical rows" in lines(report)) is bool(identical)
    assert json.loads(json.dumps(report.as_dict()))["files"]["events"]["largest_identical_group"] == largest
    assert Store.open(tmp_path / "store").snapshot().row_count("events") == kept + 2


@pytest.mark.parametrize(
    ("limit", "wrong", "code"),
    [(0, 0, 0), (0, 1, 6), (1, 1, 0), (1, 2, 6), (0.1, 1, 0), (0.1, 2, 6), (0.19, 1, 0), (0.19, 2, 6)],
)
def test_a_load_ends_with_6_above_the_limit_of_its_profile(tmp_path: Path, limit: float, wrong: int, code: int) -> None:
    rows = [GOOD | {"event": f"E{i}", "kind": "quarrel" if i < wrong else "stalking"} for i in range(10)]
    export = write(tmp_path / "export", events=events(*rows))
    report = load(own_profile(tmp_path, quarantine_limit=limit), export, tmp_path / "store", NOW)
    assert (report.rows_quarantined, report.exit_code) == (wrong, code)
    assert ("(quarantine_limit)" in lines(report)) is (code == 6)


def test_reasons_that_are_expected_do_not_count(tmp_path: Path) -> None:
    export = write(tmp_path / "export", events=events(GOOD, GOOD | {"event": "E2", "kind": "quarrel"}))
    report = load(own_profile(tmp_path, expected=["unknown_code"]), export, tmp_path / "store", NOW)
    assert (report.rows_quarantined, report.rows_quarantined_unexpectedly, report.exit_code) == (1, 0, 0)


def test_exit_codes_as_a_person_meets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(export: Path, store: str = "store") -> tuple[int, dict[str, Any]]:
        arguments = ["threat", "load", "standard_csv", str(export), "--store", str(tmp_path / store), "--json"]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0), json.loads(capsys.readouterr().out)

    good = write(tmp_path / "good", events=events(GOOD))
    part = write(tmp_path / "part", events=events(GOOD, GOOD | {"event": "E2", "kind": "quarrel"}))
    bad = write(tmp_path / "bad", events=events(GOOD), event=events(GOOD))
    for export, expected in ((good, 0), (part, 6), (bad, 3)):
        code, document = run(export)
        assert (code, document["exit_code"]) == (expected, expected)
    assert len(Store.open(tmp_path / "store").snapshot().batches) == 2
