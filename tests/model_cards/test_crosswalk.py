"""Every item of a crosswalk leads to a field of the card, or says why it does not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from model_cards.atrs import headings
from model_cards.crosswalk import STANDARDS, Item, crosswalk, titles

ITEMS = {"tripod_ai": 27, "probast_ai": 12, "atrs": 1 + len(list(headings().entries()))}


@pytest.mark.parametrize("name", STANDARDS)
def test_each_path_exists_and_each_item_without_one_has_a_reason(name: str) -> None:
    standard = crosswalk(name)
    assert len(standard.items) == ITEMS[name]
    assert standard.unknown_paths() == []
    assert all(item.why_not for item in standard.items if not item.card)
    assert {path for item in standard.items for path in item.card} <= titles().keys()
    topics = [(item.topic, item.asks) for item in standard.items]
    assert len(topics) == len(set(topics))


@pytest.mark.parametrize("fields", [{"card": []}, {"card": ["identity.name"], "why_not": "both"}])
def test_an_item_has_a_field_or_a_reason_and_never_both(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="not both"):
        Item.model_validate({"topic": "Title", "asks": "what"} | fields)


def test_a_path_that_is_no_field_is_found() -> None:
    tripod = crosswalk("tripod_ai")
    wrong = tripod.items[0].model_copy(update={"card": ("identity.nowhere",)})
    assert tripod.model_copy(update={"items": (wrong,)}).unknown_paths() == ["Title: identity.nowhere"]
