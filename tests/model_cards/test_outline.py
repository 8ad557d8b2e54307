"""Mandatory fields keep the gate shut while they are empty; none of them is the gate's own."""

from __future__ import annotations

import pytest
from fixtures.cards import documents, human, made

from model_cards.card import build
from model_cards.facts import FACTS
from model_cards.outline import missing_mandatory, outline
from threat.release.evidence import RunDocuments

BY_STATE = {"shadow": 18, "pilot": 49, "live": 53}
"""Fields that a person fills and that a release to the state needs, of those a person fills."""


@pytest.mark.parametrize(("to", "number"), BY_STATE.items())
def test_a_card_that_nobody_filled_misses_every_mandatory_field_of_a_person(to: str, number: int) -> None:
    missing = missing_mandatory(made(), to)
    assert len(missing) == number
    assert set(missing) <= outline().paths("human")


def test_a_field_that_is_filled_is_not_missing_and_the_first_page_names_the_others() -> None:
    card = made(human=human(identity__contact="the unit"))
    assert "identity.contact" not in missing_mandatory(card)
    assert missing_mandatory(card)[0] == "identity.senior_owner"
    assert card.summary.missing[0] == "Identity and ownership: Senior responsible owner"
    assert len(card.summary.missing) == BY_STATE["live"] - 1


def test_what_the_evidence_leaves_empty_is_missing_too() -> None:
    missing = missing_mandatory(build(RunDocuments(), run_id="r", manifest_sha256="a" * 64), "shadow")
    assert {"data.snapshot", "performance.rankings", "fairness.verdict", "design.leaks"} <= set(missing)


def test_the_gate_s_own_fields_are_never_mandatory() -> None:
    judged = {
        path for path, (evidence, _) in FACTS.items() if evidence == "gate.json" and path != "public_record.phase"
    }
    mandatory = {
        f"{part.id}.{field.id}" for part in outline().sections for field in part.fields if field.mandatory is not None
    }
    assert judged & mandatory == set()
    before = missing_mandatory(made(gate=None), "live")
    assert before == missing_mandatory(made(), "live")
    assert documents().gate is not None
