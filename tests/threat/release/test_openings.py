"""Every opening of a test is in one ledger with the history: counted wherever the RUN was, and never cut unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure
from threat.release.documents.earlier import Question, question_of
from threat.release.openings import LEDGER, Opening, earlier_runs, openings, record_opening, times_opened
from threat.release.runs import Run
from threat.trust.chain import START, Head
from threat.trust.folder import Trust

TEST = Question("s1", "2025-01-01T00:00:00+00:00", "Y2", 180, "monthly")
NONE = Trust.none()


def opened(run_id: str, question: Question = TEST, model: str = "m1") -> Opening:
    return Opening(question, run_id, model, "2026-05-01T00:00:00+00:00", "", Head(0, START))


def sealed(folder: Path, run_id: str, line: Opening) -> Run:
    """A RUN of the test that sealed its line of the ledger."""
    return evidence.make_run(
        folder,
        run_id,
        replacing=[
            evidence.folds(
                test_opening__ledger_lines=line.head.count,
                test_opening__ledger_sha256=line.head.hash,
                test_opening__start=TEST.test_start,
            )
        ],
    )


def test_each_model_that_is_seen_on_a_test_is_a_line(tmp_path: Path) -> None:
    first = record_opening(tmp_path, opened("r1"), NONE)
    record_opening(tmp_path, opened("r2", model="m2"), NONE)
    other_test = replace(TEST, test_start="2025-02-01T00:00:00+00:00")
    record_opening(tmp_path, opened("r3", other_test), NONE)
    later_load = record_opening(tmp_path, opened("r4", replace(TEST, snapshot="s2")), NONE)
    assert [(line.run_id, line.head.count) for line in openings(tmp_path, NONE)] == [
        ("r1", 1), ("r2", 2), ("r3", 3), ("r4", 4),
    ]  # fmt: skip
    assert earlier_runs(tmp_path, first, NONE) == []
    assert earlier_runs(tmp_path, later_load, NONE) == ["r1", "r2"]


def test_the_same_model_opened_again_by_its_own_run_adds_no_line(tmp_path: Path) -> None:
    """A training that was resumed, or repeated by the gate; another model under the same name is another look."""
    first = record_opening(tmp_path, opened("r1"), NONE)
    assert record_opening(tmp_path, opened("r1"), NONE) == first
    assert record_opening(tmp_path, opened("r1", model="m2"), NONE).head.count == 2


def test_another_folder_of_runs_resets_nothing(tmp_path: Path) -> None:
    store = tmp_path / "history"
    lines = [record_opening(store, opened(f"r{number}", model=f"m{number}"), NONE) for number in range(3)]
    last = sealed(tmp_path / "another" / "runs", "r2", lines[2])
    assert times_opened(last, store, NONE) == 3
    # Those opened later count as well: the best of several was chosen by their test.
    record_opening(store, opened("r9", model="m9"), NONE)
    assert times_opened(last, store, NONE) == 4


@pytest.mark.parametrize("kept", [0, 1])
def test_a_ledger_cut_short_is_noticed_by_the_run_and_by_runs_in_its_folder(tmp_path: Path, kept: int) -> None:
    store = tmp_path / "history"
    lines = [record_opening(store, opened(f"r{number}", model=f"m{number}"), NONE) for number in range(2)]
    first, _ = (sealed(tmp_path / "runs", f"r{number}", lines[number]) for number in range(2))
    assert times_opened(first, store, NONE) == 2
    ledger = store / LEDGER
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:kept]))
    with pytest.raises(IntegrityFailure, match="no longer holds a line that a RUN sealed") as caught:
        times_opened(first, store, NONE)
    assert caught.value.value == f"line {kept + 1}, of the RUN r{kept}"


def test_a_ledger_written_anew_is_noticed(tmp_path: Path) -> None:
    store = tmp_path / "history"
    run = sealed(tmp_path / "runs", "r1", record_opening(store, opened("r1"), NONE))
    (store / LEDGER).unlink()
    record_opening(store, replace(opened("r1"), at="2026-05-02T00:00:00+00:00"), NONE)
    with pytest.raises(IntegrityFailure, match="it was cut or rewritten"):
        times_opened(run, store, NONE)


def test_a_changed_line_is_named(tmp_path: Path) -> None:
    for number in range(3):
        record_opening(tmp_path, opened(f"r{number}", model=f"m{number}"), NONE)
    ledger = tmp_path / LEDGER
    ledger.write_text(ledger.read_text().replace('"r1"', '"rX"'))
    with pytest.raises(IntegrityFailure, match="changed after") as caught:
        list(openings(tmp_path, NONE))
    assert caught.value.where.endswith("line 2")


def test_with_the_jobs_key_a_line_is_signed_and_its_holder_named(
    force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    force_trusted.use(monkeypatch)
    trust = force_trusted.trust
    assert record_opening(tmp_path, opened("r1"), trust).signed_by == "Training job"
    # Where no trust folder exists, the line still counts, and nobody is named.
    assert [(line.run_id, line.signed_by) for line in openings(tmp_path, NONE)] == [("r1", "")]
    monkeypatch.setenv("THREAT_KEYS", str(tmp_path / "no keys"))
    record_opening(tmp_path, opened("r2", model="m2"), trust)
    assert [line.signed_by for line in openings(tmp_path, trust)] == ["Training job", ""]


def test_a_line_that_was_signed_by_another_key_is_refused(
    force_trusted: Trusted, demonstration_trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    demonstration_trusted.use(monkeypatch)
    record_opening(tmp_path, opened("r1"), demonstration_trusted.trust)
    with pytest.raises(IntegrityFailure, match="No key trusted for evidence verifies the signature"):
        list(openings(tmp_path, force_trusted.trust))


def test_a_run_of_before_the_ledger_counts_what_the_ledger_holds(tmp_path: Path) -> None:
    run = evidence.make_run(tmp_path / "runs")
    assert times_opened(run, tmp_path / "history", NONE) == 0
    asked = question_of(run.directory)
    assert asked is not None
    record_opening(tmp_path / "history", opened("r2", asked), NONE)
    assert times_opened(run, tmp_path / "history", NONE) == 1
    line = json.loads((tmp_path / "history" / LEDGER).read_text())["entry"]
    assert (line["snapshot"], line["test_start"], line["cohort"]) == (asked.snapshot, asked.test_start, "monthly")
