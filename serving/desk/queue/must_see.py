"""Must-see items as answers: what was recorded, about whom, and each relationship that it touches."""

from __future__ import annotations

from serving.desk.answered import answered_trigger
from serving.desk.list_view import ListView
from serving.desk.marked import row_markers
from serving.desk.parties import person_reference
from serving.desk.responses.queue import MustSeeItem, TouchedRelationship
from serving.lists.must_see_shown import ShownItem, Touched
from threat.history.sightings import NO_PERSON
from threat.ids import show_id


def answered_item(view: ListView, item: ShownItem) -> MustSeeItem:
    """Return an item as the API answers it; its relationships by their place in the order, those without one last."""
    of_person = item.person != NO_PERSON
    relationships = [_relationship(view, touched) for touched in item.relationships]
    return MustSeeItem(
        person=person_reference(item.person) if of_person else "",
        relationships=sorted(relationships, key=lambda touched: (touched.rank == 0, touched.rank)),
        triggers=[answered_trigger(each, view.days, says_whom=not of_person) for each in item.triggers],
    )


def _relationship(view: ListView, touched: Touched) -> TouchedRelationship:
    relationship_id = touched.relationship_id
    row = view.listed.row(relationship_id)
    return TouchedRelationship(
        relationship=show_id("R", relationship_id),
        relationship_kind=view.kind_title(relationship_id),
        role=touched.about,
        rank=row["rank"] if row else 0,
        band=view.band(relationship_id),
        markers=row_markers(view.marked(relationship_id), view.days),
    )
