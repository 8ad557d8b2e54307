"""The outline of a card: its sections and fields, who fills each, and which may not stay empty."""

from __future__ import annotations

from functools import cache
from typing import Literal

from threat.release.documents.card import Card
from threat.release.documents.document import Part
from threat.release.documents.gate_policy import State
from threat.yaml_text import read_shipped

_STATES: tuple[State, ...] = ("shadow", "pilot", "live")
"""The states that a release enters, in order: what is mandatory in one is mandatory in those after."""


class OutlineField(Part):
    """One field of the outline: who fills it, and from which state on it may not be empty."""

    id: str
    title: str
    source: Literal["auto", "human"]
    mandatory: State | None = None


class OutlineSection(Part):
    """One section of the outline."""

    id: str
    title: str
    fields: tuple[OutlineField, ...]


class Outline(Part):
    """Sections and fields of a card, in order (``outline.yaml``)."""

    version: str
    sections: tuple[OutlineSection, ...]

    def paths(self, source: str) -> set[str]:
        """Return ``section.field`` of every field that ``source`` fills."""
        return {
            f"{section.id}.{field.id}"
            for section in self.sections
            for field in section.fields
            if field.source == source
        }


@cache
def outline() -> Outline:
    """Return the outline of a card."""
    return Outline.model_validate(read_shipped("model_cards", "outline.yaml"))


def is_required(mandatory: State | None, to: State) -> bool:
    """Tell whether a field that is mandatory from one state on is required of a release to another.

    >>> is_required("pilot", "shadow"), is_required("pilot", "live"), is_required(None, "live")
    (False, True, False)
    """
    return mandatory is not None and _STATES.index(mandatory) <= _STATES.index(to)


def missing_mandatory(card: Card, to: State = "live") -> tuple[str, ...]:
    """Return ``section.field`` of each empty field without which no release enters the state ``to``, in order.

    The release gate refuses while there is any. None of them is filled by the gate itself, so the card may be of
    before its verdict.
    """
    return tuple(
        f"{section.id}.{field.id}"
        for section in card.sections
        for field in section.fields
        if not field.provided and is_required(field.mandatory, to)
    )
