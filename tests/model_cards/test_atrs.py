"""The transparency record is a view of the card, whole in both tiers, and says neither too much nor too little."""

from __future__ import annotations

import json

import pytest
from fixtures.cards import human, made
from fixtures.said import texts, wrongly_said

from model_cards.atrs import NOT_PROVIDED, headings, record
from model_cards.outline import outline

TIER_2 = {
    "Owner and responsibility": 8,
    "Description and rationale": 5,
    "Process in which decisions are made": 6,
    "Specification of the tool": 6,
    "Specification of the model": 8,
    "Data for development": 10,
    "Data in operation": 5,
    "Risks, mitigations and impact assessments": 2,
}


def test_both_tiers_are_whole_and_every_path_is_on_the_card() -> None:
    draft = record(made())
    assert set(draft["tier_1"]) == {"Name", "Description", "Web address", "Contact"}
    assert {heading: len(part) for heading, part in draft["tier_2"].items()} == TIER_2
    on_the_card = outline().paths("auto") | outline().paths("human")
    assert {path for _, paths in headings().entries() for path in paths} <= on_the_card
    assert all(paths for _, paths in headings().entries())


def test_a_value_is_the_card_s_and_an_empty_one_is_named() -> None:
    draft = record(made(human=human(public_record__benefits="Earlier reading of records")))
    assert draft["draft"] is True
    assert draft["tier_2"]["Specification of the model"]["Name"] == "Severe harm, monthly"
    assert draft["tier_2"]["Description and rationale"]["Benefits"] == "Earlier reading of records"
    assert draft["tier_1"]["Contact"] == NOT_PROVIDED
    assert "Tier 1: Contact" in draft["not_yet_provided"]
    assert "Process in which decisions are made: Appeals and review" in draft["not_yet_provided"]
    assert "Description and rationale: Benefits" not in draft["not_yet_provided"]
    review = draft["tier_2"]["Process in which decisions are made"]["Human review"]
    assert review["When reviewers see the rank"] == NOT_PROVIDED
    assert review["Who decides"].startswith("A reviewer of the unit")
    assert draft["from_card"] == {
        "run_id": "run-1",
        "run_manifest_sha256": "b" * 64,
        "evidence_until": "2026-06-01",
        "version": 3,
    }
    assert json.loads(json.dumps(draft)) == draft


def test_the_description_says_who_decides_and_what_the_tool_is_not_for() -> None:
    description = record(made())["tier_1"]["Description"]
    assert description == (
        "The tool puts relationships on record in an order, by how likely recorded harm is to follow. With it the "
        "threat assessment unit chooses which records to read first. Decisions are taken by people: a reviewer of the "
        "unit, with their supervisor, after reading the records. The ranking decides nothing. It must not be used to "
        "conclude that somebody needs no help: not being on the list says nothing about safety. It must not be used as "
        "evidence in court, or for charging, bail, custody, parole, employment or housing. It must not be used for any "
        "decision without a person who has looked at the records. Its figures must not be shown to a subject or a "
        "person at risk."
    )


def test_no_sentence_of_the_record_says_that_the_tool_decides_or_that_absence_is_safety() -> None:
    assert [wrong for text in texts(record(made())) for wrong in wrongly_said(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Which relationships come first. Deciding that somebody needs no help: the list says nothing about safety.",
        "The tool decides who is reviewed.",
        "The model then determines the grade.",
        "Whoever is not on the list is safe.",
        "People low on the list need no review.",
        "A low place means a low risk.",
    ],
)
def test_a_sentence_that_says_so_is_found(text: str) -> None:
    assert wrongly_said(text)


@pytest.mark.parametrize(
    "text",
    [
        "The ranking decides nothing.",
        "It must not be used to conclude that somebody needs no help.",
        "Not being on the list is no sign of safety.",
        "A reviewer decides, with their supervisor.",
    ],
)
def test_a_sentence_that_denies_it_is_right(text: str) -> None:
    assert wrongly_said(text) == []
