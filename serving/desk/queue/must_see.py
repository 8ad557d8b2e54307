"""Must-see items as answers: what was recorded, about whom, and each relationship that it touches."""

from __future__ import annotations

from serving.desk.answered import answered_trigger
from serving.desk.marked import row_markers
from serving.desk.parties import person_reference
from serving.desk.places import Places
from serving.desk.responses.queue import MustSeeItem, TouchedRelationship
from serving.lists.must_see_shown import ShownItem, Touched
from threat.history.sightings import NO_PERSON
from threat.ids import show_id


def answered_item(places: Places, item: ShownItem) -> MustSeeItem:
    """Return an item as the API answers it; its relationships by their references, never by their places."""
    of_person = item.person != NO_PERSON
    relationships = [_relationship(places, touched) for touched in item.relationships]
    return MustSeeItem(
        person=person_reference(item.person) if of_person else "",
        relationships=sorted(relationships, key=lambda touched: touched.relationship),
        triggers=[answered_trigger(each, places.view.days, says_whom=not of_person) for each in item.triggers],
    )


def _relationship(places: Places, touched: Touched) -> TouchedRelationship:
    relationship_id, view = touched.relationship_id, places.view
    return TouchedRelationship(
        relationship=show_id("R", relationship_id),
        relationship_kind=view.kind_title(relationship_id),
        role=touched.about,
        rank=places.rank(relationship_id),
        band=places.band(relationship_id),
        markers=row_markers(view.marked(relationship_id), view.days),
    )
