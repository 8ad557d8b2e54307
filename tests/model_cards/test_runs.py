"""A card is added to its RUN, with what people hand in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence

from model_cards.runs import add_card
from threat.errors import BadInput, UsageError
from threat.release.documents.card import Card, Human
from threat.release.runs import Run


def handed_in(tmp_path: Path, given: Any) -> Path:
    path = tmp_path / "human.json"
    path.write_text(json.dumps(given))
    return path


def test_the_card_is_an_annex_and_what_people_gave_still_counts(tmp_path: Path) -> None:
    run = evidence.audited_run(tmp_path / "runs")
    given = {"identity.contact": {"value": "the unit", "by": "A. Person", "on": "2026-05-02"}}
    first, page = add_card(run, human=handed_in(tmp_path, given))
    again, _ = add_card(run)
    assert first == again == Run.open(run.directory).read(Card)
    assert run.read(Human).fields["identity.contact"].by == "A. Person"
    assert (run.directory / "card.html").read_text() == page


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"identity.contact": "the unit"}, "identity.contact"),
        ({"identity.contact": {"value": "the unit"}}, "identity.contact.by: Field required"),
        ({"identity.contact": {"value": "", "by": "x", "on": "2026-05-02"}}, "at least 1 character"),
        ({"nowhere.x": {"value": "x", "by": "y", "on": "2026-05-02"}}, "nowhere.x is not a field that a person fills"),
        ([], "not an object but an array"),
    ],
)
def test_what_people_hand_in_is_checked(tmp_path: Path, given: Any, words: str) -> None:
    run = evidence.make_run(tmp_path / "runs")
    with pytest.raises(BadInput) as caught:
        add_card(run, human=handed_in(tmp_path, given))
    assert words in str(caught.value)
    assert not run.has("human.json")
    assert not run.has("card.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="what people provide is missing"):
        add_card(evidence.make_run(tmp_path / "runs"), human=tmp_path / "nowhere.json")
