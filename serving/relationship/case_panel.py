"""The panel of a relationship at an as-of, from its frozen reasons and the history."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from serving.relationship.case_records import case_records
from serving.relationship.markers import Marker, markers, other_must_see
from serving.relationship.panel import OnRecord, Panel, panel
from serving.relationship.reasons import ThemeReason
from serving.relationship.record_sentences import Calendar
from threat.history.snapshot import Snapshot


def case_panel(
    snapshot: Snapshot,
    relationship_id: int,
    as_of: int,
    zone: str,
    reasons: Sequence[ThemeReason],
    on_record: Sequence[OnRecord],
) -> Panel:
    """Return the panel of a relationship at ``as_of`` (UTC seconds).

    ``reasons``: why it has its place there. ``on_record``: its markers, as ``yes_this_way`` or ``markers_on_record``
    gives them. ``zone``: in which days are said. Raises UsageError for an unknown relationship.
    """
    rows = snapshot.rows([relationship_id], as_of)
    events = {event for marker in on_record for event in marker.event_ids}
    events |= {event for reason in reasons for sentence in reason.sentences for event in sentence.event_ids}
    records = case_records(snapshot.sightings(), (int(rows.subject[0]), int(rows.at_risk[0])), as_of, events)
    ids = np.fromiter(records, np.int64, len(records))
    _, _, undated = snapshot.inexact(ids)
    return panel(reasons, records, on_record, Calendar(as_of, zone, frozenset(ids[undated].tolist())))


def markers_on_record(snapshot: Snapshot, relationship_id: int, as_of: int) -> list[OnRecord]:
    """Return the markers of a relationship that are yes at ``as_of`` (UTC seconds), as ``yes_this_way`` gives them."""
    rows = snapshot.rows([relationship_id], as_of)
    [of_case] = markers(snapshot.sightings(), rows, as_of)
    [others] = other_must_see(snapshot.sightings(), rows, as_of)
    return yes_this_way((*of_case, *others))


def yes_this_way(of_case: Sequence[Marker]) -> list[OnRecord]:
    """Return the markers that are yes of the subject towards the person at risk, with their records and answers."""
    return [
        OnRecord(
            marker.title,
            frozenset(
                record.event_id
                for record in (*lane.records, *(answer for answer in lane.answers if answer.code == "yes"))
            ),
        )
        for marker in of_case
        if (lane := marker.this_way).state == "yes"
    ]
