"""A card is made of evidence alone: the same RUN gives the same bytes on any day."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures.card_commands import run_card
from fixtures.cards import documents, human, made

import model_cards
from model_cards import commands
from model_cards.evidence_days import day_of, evidence_until, valid_words
from threat.release.evidence import RunDocuments

ROOM = Path(model_cards.__file__).parent
CLOCKS = {"now", "today", "utcnow", "time", "time_ns", "perf_counter", "monotonic"}


def clock_calls(path: Path) -> list[str]:
    """Calls of a module that read a clock, by name."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [call.attr for call in calls if isinstance(call, ast.Attribute) and call.attr in CLOCKS]


def test_no_module_but_the_command_reads_a_clock() -> None:
    reading = {path.name: calls for path in ROOM.rglob("*.py") if (calls := clock_calls(path))}
    assert reading == {"commands.py": ["now"]}


@pytest.mark.parametrize("year", [2026, 2041])
def test_the_same_run_gives_the_same_bytes_by_two_clocks(
    year: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> Clock:
            return cls(year, 11, 28, 12, 30, tzinfo=UTC)

    run = evidence.audited_run(tmp_path / "runs")
    run.write(evidence.gate(run, accepted=[evidence.acceptance()]))
    evidence.card(run)
    before = run.path("card.json").read_bytes(), run.path("card.html").read_bytes()
    monkeypatch.setattr(commands, "datetime", Clock)
    result = run_card(run.directory)
    assert result.exit_code == 0, result.output
    assert (run.path("card.json").read_bytes(), run.path("card.html").read_bytes()) == before
    assert str(year).encode() not in before[0] or year == 2026
    assert f"On {year}-11-28" in result.stdout
    assert ("EXPIRED" in result.stdout) is (date(year, 11, 28) > evidence.acceptance().expires)


def test_the_day_of_validity_is_an_argument(tmp_path: Path) -> None:
    run = evidence.audited_run(tmp_path / "runs")
    run.write(evidence.gate(run, accepted=[evidence.acceptance()]))
    last = evidence.acceptance().expires
    assert "is in force" in run_card(run.directory, "--valid-on", last).stdout
    assert f"EXPIRED: its last day was {last}" in run_card(run.directory, "--valid-on", "2026-12-31").stdout
    refused = run_card(run.directory, "--valid-on", "tomorrow")
    assert str(refused.exception).startswith("The day of --valid-on is not a date")
    assert valid_words(None, date(2026, 1, 1)).endswith("it depends on no acceptance with a last day.")


def test_every_date_of_a_card_is_one_of_the_evidence() -> None:
    whole = documents()
    card = made(human=human(identity__contact="the unit"))
    assert card.evidence_until == date(2026, 6, 1)
    days = {field.last_checked for section in card.sections for field in section.fields}
    assert days == {None, date(2026, 5, 1), date(2026, 5, 2), date(2026, 6, 1)}
    assert day_of("evaluation.json, cohort.json", whole) == date(2026, 5, 1)
    assert day_of("evaluation.json, gate.json", whole) == date(2026, 6, 1)
    assert day_of("fairness.json", RunDocuments(snapshot=whole.snapshot)) is None
    assert day_of("ablations.json", whole) is None
    assert day_of("the product's design", RunDocuments()) is None
    assert evidence_until(RunDocuments()) is None
    late = human(identity__contact="x").fields["identity.contact"].model_copy(update={"on": date(2026, 7, 3)})
    given = human().model_copy(update={"fields": {"identity.contact": late}})
    assert evidence_until(RunDocuments(snapshot=whole.snapshot, human=given)) == date(2026, 7, 3)
