"""Crosswalks: where on the card each thing is that a published standard asks for, or why it is not there."""

from __future__ import annotations

from functools import cache
from typing import Self

from pydantic import Field, model_validator

from model_cards.atrs import headings
from model_cards.outline import outline
from threat.release.documents.document import Part
from threat.yaml_text import read_shipped

STANDARDS = ("tripod_ai", "probast_ai", "atrs")
"""By name of the file in ``crosswalks/``; that of the transparency record is made of ``atrs.yaml``."""


class Item(Part):
    """One thing that a standard asks for: the fields of the card that say it, or the reason why none does."""

    topic: str = Field(min_length=1)
    asks: str = Field(min_length=1)
    card: tuple[str, ...]
    why_not: str = ""

    @model_validator(mode="after")
    def _somewhere_or_why_not(self) -> Self:
        if bool(self.card) == bool(self.why_not):
            raise ValueError(f"{self.topic}: give the fields of the card, or the reason why there is none, not both")
        return self


class Crosswalk(Part):
    """A standard's items with the card's fields."""

    standard: str = Field(min_length=1)
    published: str = Field(min_length=1)
    items: tuple[Item, ...] = Field(min_length=1)

    def unknown_paths(self) -> list[str]:
        """Return each ``topic: path`` whose path is no field of the card."""
        fields = outline().paths("auto") | outline().paths("human")
        return [f"{item.topic}: {path}" for item in self.items for path in item.card if path not in fields]


@cache
def crosswalk(name: str) -> Crosswalk:
    """Return a crosswalk of ``STANDARDS``."""
    if name == "atrs":
        return _of_the_record()
    return Crosswalk.model_validate(read_shipped("model_cards", f"crosswalks/{name}.yaml"))


def _of_the_record() -> Crosswalk:
    """Return the crosswalk of the transparency record, whose headings are data already."""
    items = [
        Item(topic=entry.partition(": ")[0], asks=entry.partition(": ")[2], card=paths)
        for entry, paths in headings().entries()
    ]
    why_not = "made of the first page, by one function of model_cards/atrs.py"
    made = Item(topic="Tier 1", asks="Description", card=(), why_not=why_not)
    published = "GOV.UK, Algorithmic Transparency Recording Standard"
    return Crosswalk(standard="ATRS", published=published, items=(made, *items))


def titles() -> dict[str, str]:
    """Return ``Section: Field`` by path, for every field of the card."""
    return {
        f"{section.id}.{field.id}": f"{section.title}: {field.title}"
        for section in outline().sections
        for field in section.fields
    }
