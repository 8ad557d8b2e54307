"""Referrals in words: what was recorded, and why a case is before the unit."""

from __future__ import annotations

from collections.abc import Sequence

from serving.casework.clocks import due_in_words
from serving.casework.views import Event, Referral
from serving.casework.words import title
from serving.desk import words
from serving.relationship.marker_words import Days
from threat.dates import moment
from threat.release.documents.scored_list import TriggerEvent
from threat.vocabulary import kinds

_NOT_IN_RECORDS = "A severe record that did not fit the records and took no part: see the load reports"


def event_sentences(events: Sequence[Event], days: Days, *, most: int = 10) -> list[str]:
    """Return what was recorded, the latest recorded first, each in a sentence; and how many more there are.

    ``days``: as sentences of the list in view say them.
    """
    said = [_sentence(event, days) for event in events[:most]]
    return said if len(events) <= most else [*said, f"and {len(events) - most:,} more"]


def _sentence(event: Event, days: Days) -> str:
    if event.kind not in kinds():
        return _NOT_IN_RECORDS
    trigger = TriggerEvent(
        event_id=event.event,
        kind=event.kind,
        about=event.about,  # type: ignore[arg-type]
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        ends=event.ends,
    )
    return words.trigger(trigger, days)


def referral_in_words(referral: Referral, days: Days, at: int) -> str:
    """Return why a case is before the unit, since when, and by when a person looks. ``at``: UTC seconds."""
    due = due_in_words(referral.due_at, at, days.zone)
    return f"{title('referral_kind', referral.kind)}, since {moment(referral.arrived_at, days.zone)}, {due}"
