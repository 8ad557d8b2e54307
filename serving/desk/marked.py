"""The markers of a relationship as the API answers them and the pages show them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from serving.desk.list_view import ListView, Marked
from serving.desk.responses.markers import Marker, MarkerEvent, MarkerLane, RowMarker
from serving.relationship.marker_table import LaneName
from serving.relationship.marker_words import LANE_TITLES, Days, named_record, one_of_each_incident, sentence, short
from serving.relationship.markers import Lane, MarkerRecord
from serving.relationship.markers import Marker as Found
from threat.asof import instant
from threat.ids import show_id


def answered_markers(view: ListView, relationship_id: int) -> list[Marker]:
    """Return the twelve markers in their order, then the must-see kinds on record that no marker reads."""
    marked, days = view.marked(relationship_id), view.days
    return [
        Marker(
            name=marker.name,
            title=marker.title,
            lanes=[_lane(marker, name, lane, days) for name, lane in marker.lanes().items()],
        )
        for marker in (*marked.markers, *marked.other_must_see)
    ]


def row_markers(marked: Marked, days: Days) -> list[RowMarker]:
    """Return the lanes that say yes as a row says them: every must-see kind on record is in one of them."""
    harm = next(marker.this_way for marker in marked.markers if marker.name == "harm_to_others")
    out = [
        RowMarker(
            name=marker.name,
            lane=name,
            group=_group(marker, name),
            last="" if lane.last is None else instant(lane.last),
            incidents=lane.incidents,
            text=short(marker, name, days),
        )
        for marker in (*marked.other_must_see, *marked.markers)
        for name, lane in marker.lanes().items()
        if lane.state == "yes" and not (name == "elsewhere" and _is_said_by(harm, lane))
    ]
    return sorted(out, key=lambda marker: _GROUPS.index(marker.group))


def _is_said_by(harm: Lane, lane: Lane) -> bool:
    """Return True where harm to others, which names every must-see kind, has all that a lane has."""
    return bool(lane.records) and set(lane.records) <= set(harm.records)


_GROUPS = ("case", "by_person_at_risk", "elsewhere")


def _group(marker: Found, lane: LaneName) -> Literal["case", "by_person_at_risk", "elsewhere"]:
    """Return what a lane is said under: a fact of one party is of the case, whichever party it is."""
    if lane == "elsewhere":
        return "elsewhere"
    return "by_person_at_risk" if lane == "other_way" and marker.whose in ("acts", "others") else "case"


def _lane(marker: Found, name: LaneName, lane: Lane, days: Days) -> MarkerLane:
    is_yes = lane.state == "yes"
    answers = [answer for answer in lane.answers if answer.code == "yes"] if is_yes else lane.answers
    return MarkerLane(
        lane=name,
        title=LANE_TITLES[marker.whose][name],
        state=lane.state,
        sentence=sentence(lane, days),
        first=_when(lane.first),
        last=_when(lane.last),
        incidents=lane.incidents,
        answered_yes=_when(lane.yes_at),
        answered=_when(lane.answered_at),
        answered_no_later=_when(lane.no_at),
        events=[_event(record, days) for record in (*one_of_each_incident(lane.records), *answers)],
    )


def _when(at: int | None) -> datetime | Literal[""]:
    return "" if at is None else instant(at)


def _event(record: MarkerRecord, days: Days) -> MarkerEvent:
    return MarkerEvent(
        event=show_id("E", record.event_id),
        kind=record.kind,
        code=record.code,
        occurred_at=instant(record.occurred_at),
        text=named_record(record, days),
    )
