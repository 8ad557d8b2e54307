"""``threat profile try``: everything a load would do, and no store made or changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures.standard_export import GOOD, NOW, events, write
from typer.testing import CliRunner, Result

from threat.cli import build
from threat.history.intake.load import load
from threat.history.intake.profile import load_profile
from threat.history.intake.trial import try_profile


def tried(*arguments: str | Path) -> Result:
    return CliRunner().invoke(build(), ["profile", "try", *map(str, arguments)])


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


ROWS = [
    GOOD | {"event": "E1", "recorded_at": "2024-01-11"},
    GOOD | {"event": "E2", "kind": "8L", "recorded_at": "2024-05-01", "code": "x"},
    GOOD | {"event": "E3", "kind": "8L", "occurred_at": "never"},
    GOOD | {"event": "E4", "kind": "8M", "subject": "NULL"},
    GOOD | {"event": "E5", "kind": "risk_grade", "code": "high", "person_at_risk": "", "recorded_at": "2024-06-01"},
]


def test_what_a_trial_says(tmp_path: Path) -> None:
    export = write(tmp_path / "export", events=events(*ROWS), persons=["person,recorded_at", "anna,2024-01-01"])
    result = tried("standard_csv", export, "--json")
    trial: dict[str, Any] = json.loads(result.stdout)
    assert trial["files"]["events"]["kept"] == 2
    assert {reason["reason"]: reason["rows"] for reason in trial["reasons"]} == {
        "unknown_code": 2,
        "unreadable_time": 1,
    }
    # Every code, also of a row with another fault, the most frequent first.
    assert trial["unmapped"] == {"events": [{"code": "kind: 8L", "rows": 2}, {"code": "kind: 8M", "rows": 1}]}
    columns = {column["name"]: column for column in trial["columns"]["events"]}
    assert (columns["person_at_risk"]["blank_share"], columns["subject"]["blank_share"]) == (0.2, 0.2)
    assert columns["recorded_at"]["earliest"][:10] == "2024-01-11"
    assert columns["recorded_at"]["latest"] == "2024-06-01T22:59:59+00:00"  # the end of that day in London
    assert trial["empty_words"] == {"events": {"subject": {"NULL": 1}}}
    assert trial["references"][0]["met"] == 1
    assert trial["new"]["events"] == 2
    assert {"batch_id", "snapshot_id", "store"} & set(trial) == set()


def test_no_store_is_made_or_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = write(tmp_path / "export", events=events(ROWS[0], ROWS[4]))
    monkeypatch.chdir(tmp_path)
    assert tried("standard_csv", export).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export"]
    load("standard_csv", write(tmp_path / "first", events=events(ROWS[0])), tmp_path / "store", NOW)
    before = everything(tmp_path / "store")
    result = tried("standard_csv", export, "--against", tmp_path / "store", "--json")
    assert (json.loads(result.stdout)["new"]["events"], json.loads(result.stdout)["held_already"]["events"]) == (1, 1)
    assert everything(tmp_path / "store") == before


def test_a_trial_ends_as_the_load_would(tmp_path: Path) -> None:
    good = write(tmp_path / "good", events=events(ROWS[0]))
    bad = write(tmp_path / "bad", events=events(*ROWS))
    unmatched = write(tmp_path / "unmatched", events=events(ROWS[0]), persons=["person,recorded_at", "x,2024-01-01"])
    torn = write(tmp_path / "torn", events=[])
    for i, export in enumerate((good, bad, unmatched, torn)):
        loaded = CliRunner().invoke(build(), ["load", "standard_csv", str(export), "--store", str(tmp_path / f"s{i}")])
        attempt = tried("standard_csv", export)
        assert attempt.exit_code == loaded.exit_code
        assert type(attempt.exception) is type(loaded.exception)
    assert "WOULD BE REFUSED" in tried("standard_csv", unmatched).stdout
    assert "Not mapped in events:" in tried("standard_csv", bad).stdout


def test_columns_that_are_left_out_and_ignored(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "name: own\ntitle: Own\nlegal_basis: x\nsource_system: own\ntime: {zone: UTC, formats: ['%d/%m/%Y']}\n"
        "files:\n  events:\n    path: crimes.csv\n    ignored: [MOOD]\n    columns:\n"
        "      subject: {column: NOM}\n      kind: {column: OFFENCE, words: {'8L': harassment}}\n"
        "      occurred_at: {column: FROM}\n      recorded_at: {column: REC}\n"
    )
    (tmp_path / "export").mkdir()
    (tmp_path / "export/crimes.csv").write_text("NOM,OFFENCE,FROM,REC,MOOD\n7,8L,03/02/2024,04/02/2024,bad\n")
    trial = try_profile(load_profile(str(tmp_path / "own.yaml")), tmp_path / "export", NOW)
    assert trial.report.rows_quarantined == 0
    assert trial.ignored == {"events": ("MOOD",)}
    assert {"code", "domestic", "person_at_risk", "event"} <= set(trial.left_out["events"])
    assert [column.source for column in trial.columns["events"]] == ["NOM", "OFFENCE", "FROM", "REC"]
