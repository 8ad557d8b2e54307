"""The demonstration shows a whole card, in words that nobody can take for a force's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from fixtures import evidence
from fixtures.cards import documents, human, made
from fixtures.release_commands import run_command
from fixtures.said import wrongly_said

from model_cards.demonstration import demonstration_human
from model_cards.outline import missing_mandatory, outline
from threat.release.documents.card import Card
from threat.release.evidence import RunDocuments
from threat.release.runs import Run


def test_every_mandatory_field_of_a_person_is_filled_and_marked() -> None:
    given = demonstration_human(documents())
    assert given is not None
    mandatory = {
        f"{section.id}.{field.id}"
        for section in outline().sections
        for field in section.fields
        if field.source == "human" and field.mandatory is not None
    }
    assert set(given.fields) == mandatory
    assert all(str(provided.value).startswith("DEMONSTRATION: ") for provided in given.fields.values())
    assert {(provided.by, provided.on) for provided in given.fields.values()} == {
        ("DEMONSTRATION, nobody", date(2026, 5, 1))
    }
    assert [wrong for provided in given.fields.values() for wrong in wrongly_said(str(provided.value))] == []
    card = made(human=given)
    assert missing_mandatory(card, "live") == ()
    assert card.summary.missing == ()


def test_what_people_provided_is_never_replaced() -> None:
    assert demonstration_human(RunDocuments(snapshot=documents().snapshot, human=human(identity__contact="x"))) is None
    assert demonstration_human(RunDocuments()) is None


def test_a_demonstration_release_has_a_whole_card(tmp_path: Path) -> None:
    run = evidence.audited_run(tmp_path / "runs")
    run_command("release", run.directory, "--environment", "demonstration", "--var", tmp_path / "var")
    card = Run.open(run.directory).read(Card)
    assert card.summary.environment == "demonstration"
    owner = card.field("identity", "senior_owner")
    assert owner is not None
    assert str(owner.value).startswith("DEMONSTRATION: nobody.")
