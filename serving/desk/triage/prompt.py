"""What the unit itself graded where the same fact was on record: a sentence of facts, before a grade.

It counts people's own first grades and nothing of any order. Under ten it says nothing: so few say nothing of the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from serving.casework.graded import first_of_each_relationship, grades_since
from serving.desk.list_view import ListView
from serving.desk.words import counted
from threat.asof import DAY

LEAST = 10
"""Relationships that must have been graded for their grades to be counted aloud."""

QUARTER = 91 * DAY
"""Seconds back that grades are counted."""

TO_A_DECISION = ("act_today", "look_closer")
"""Grades that ask for a decision."""


def prompt_for(connection: Connection, view: ListView, relationship_id: int, at: int) -> str:
    """Say what the unit graded in the quarter before ``at`` (UTC seconds): see ``prompt_of``."""
    return prompt_of(view, relationship_id, first_of_each_relationship(grades_since(connection, at - QUARTER)))


def prompt_of(view: ListView, relationship_id: int, graded: Mapping[int, str]) -> str:
    """Say what the unit graded where the gravest fact of this relationship was on record too; empty under ten.

    ``graded``: the first grade of each relationship that was graded in the quarter, by relationship id.
    """
    others = {other: grade for other, grade in graded.items() if other != relationship_id and view.is_recorded(other)}
    markers = on_record(view, {relationship_id, *others})
    for name, title in markers[relationship_id].items():
        alike = [grade for other, grade in others.items() if name in markers[other]]
        if len(alike) >= LEAST:
            asked = sum(grade in TO_A_DECISION for grade in alike)
            with_it = counted(len(alike), "other relationship")
            return (
                f"{title} is on record. In the last three months the unit graded {with_it} with it, before any "
                f"order was shown: {asked:,} got Act today or Look closer, {len(alike) - asked:,} did not."
            )
    return ""


def on_record(view: ListView, relationship_ids: set[int]) -> dict[int, dict[str, str]]:
    """Return the titles of the markers on record towards the person at risk, by name, of each relationship."""
    markers = _MARKERS.setdefault(view, {})
    missing = sorted(relationship_ids - set(markers))
    if missing:
        for relationship_id, marked in view.mark_all(missing).items():
            yes = (marker for marker in marked.markers if marker.lanes()["this_way"].state == "yes")
            markers[relationship_id] = {marker.name: marker.title for marker in yes}
    return markers


_MARKERS: WeakKeyDictionary[ListView, dict[int, dict[str, str]]] = WeakKeyDictionary()
"""Markers by view: a list never changes, so each relationship is read once. They go with the list."""
