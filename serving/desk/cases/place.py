"""The place of a case's relationship as its page says it: in a sentence, or why it is not shown."""

from __future__ import annotations

from dataclasses import dataclass

from serving.desk import words
from serving.desk.places import Places
from threat.ids import show_id


@dataclass(frozen=True)
class Place:
    """A sentence, and where the reasons are; empty where nothing of the order is shown."""

    sentence: str
    address: str = ""


def place_of(places: Places, relationship_id: int) -> Place:
    """Return what a page says of a place on the list in view."""
    view, row = places.view, places.row(relationship_id)
    if not view.is_ranked(relationship_id):
        return Place(words.SAFEGUARDED if view.is_safeguarded(relationship_id) else words.NOT_RANKED)
    if row is None:
        return Place(words.NOT_SHOWN[places.closed_because(relationship_id) or "ungraded"])
    sentence = words.place(row["rank"], tied=row["tied"], ranked=len(view.listed), capacity=view.listed.basis.capacity)
    return Place(sentence, f"/relationships/{show_id('R', relationship_id)}#place")
