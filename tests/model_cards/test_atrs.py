"""The transparency record is a view of the card and says nothing more."""

from __future__ import annotations

import json

from fixtures.cards import made

from model_cards.atrs import NOT_PROVIDED, TIER_2, record


def test_the_transparency_record_is_a_view_of_the_card() -> None:
    paths = {path for part in TIER_2.values() for path in part.values()}
    card = made()
    assert paths <= {f"{part.id}.{field.id}" for part in card.sections for field in part.fields}
    draft = record(card)
    assert draft["draft"] is True
    assert draft["tier_2"]["4.2 Model specification"]["Name"] == "Severe harm, monthly"
    assert draft["tier_1"]["contact"] == NOT_PROVIDED
    assert "Tier 1: contact" in draft["not_yet_provided"]
    assert "3 Deployment context: Appeals and review" in draft["not_yet_provided"]
    assert draft["from_card"] == {"run_id": "run-1", "made_on": "2026-06-01", "version": 2}
    assert json.loads(json.dumps(draft)) == draft
