"""The review list: must-see items, the safeguarding queue, and the rows whose places a reader may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serving.desk import words
from serving.desk.answered import answered_circumstance, answered_reasons, answered_trigger, change_of
from serving.desk.list_view import ListView
from serving.desk.listing import summary_of
from serving.desk.marked import row_markers
from serving.desk.panel import answered_reason
from serving.desk.places import Places
from serving.desk.queue.must_see import answered_item
from serving.desk.responses.queue import Queue, QueueRow, SafeguardingItem
from serving.desk.why import seen_for
from serving.relationship.circumstances import Circumstance as Stated
from serving.relationship.reasons import check_sum
from threat.asof import instant
from threat.ids import show_id
from threat.lists import BAND_TITLES
from threat.release.documents.scored_list import Safeguarding

WHY_AT_MOST = 2
"""Reasons in a row of the list: it says what to open first, and the relationship's page says all."""


def queue_of(places: Places, positions: Sequence[int] | None = None) -> Queue:
    """Return the review list with the rows at some positions of the list; None: all whose places may be shown.

    ``positions``: of rows that ``places`` shows. Raises IntegrityFailure unless the reasons of each of these rows add
    up to its score.
    """
    view, positions = places.view, places.positions() if positions is None else positions
    quarantined = sum(entry.batch.rows_quarantined for entry in view.snapshot.entries)
    return Queue(
        listing=summary_of(view),
        limits=[*words.LIMITS, *([words.quarantined(quarantined)] if quarantined else [])],
        must_see=[answered_item(places, item) for item in view.must_see],
        safeguarding=[_safeguarding_item(item, view) for item in view.listed.safeguarding],
        rows=[_queue_row(view, view.listed.row_at(i)) for i in positions],
    )


def _queue_row(view: ListView, row: Mapping[str, Any]) -> QueueRow:
    relationship_id = row["relationship_id"]
    reference = show_id("R", relationship_id)
    base, reasons = view.reasons(row)
    check_sum(base, [reason.contribution for reason in reasons], row["score"], reference)
    stated = [Stated(**each) for each in row["circumstances"]]
    last_incident = view.last_incident_of(relationship_id)
    return QueueRow(
        relationship=reference,
        relationship_kind=view.kind_title(relationship_id),
        rank=row["rank"],
        tied=row["tied"],
        band=row["band"],
        band_title=BAND_TITLES[row["band"]],
        last_recorded_at=instant(row["last_recorded_at"]),
        last_incident_at=instant(last_incident) if last_incident else "",
        freshness=row["freshness"],
        change=change_of(view.listed.basis, row),
        base=base,
        score=row["score"],
        reasons=answered_reasons(reasons),
        why=[answered_reason(reason) for reason in view.panel(relationship_id).raises[:WHY_AT_MOST]],
        circumstances=[answered_circumstance(each) for each in stated],
        seen_for=seen_for(view, relationship_id, stated, row["new_records"]),
        markers=row_markers(view.marked(relationship_id), view.days),
        must_see=bool(view.triggers(relationship_id)),
    )


def _safeguarding_item(item: Safeguarding, view: ListView) -> SafeguardingItem:
    return SafeguardingItem(
        relationship=show_id("R", item.relationship_id),
        parties=list(item.parties),
        known_since=instant(item.known_since),
        sentence=words.safeguarded(item.parties, item.known_since, view.zone),
        markers=row_markers(view.marked(item.relationship_id), view.days),
        triggers=[answered_trigger(trigger, view.days) for trigger in item.triggers],
    )
