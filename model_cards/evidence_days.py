"""The days that the evidence itself carries: the only dates a card has. Nothing here reads a clock."""

from __future__ import annotations

from datetime import UTC, date, datetime

from threat.release.evidence import RunDocuments

_WITHOUT_A_DAY = frozenset({"ablations.json", "expected_captures.json"})
"""Annexes that say nothing of when they were made; no verdict with a day is about them either."""


def training_day(documents: RunDocuments) -> date | None:
    """Return the UTC day on which the training started, or None where the RUN does not say."""
    if documents.snapshot is None:
        return None
    return datetime.fromisoformat(documents.snapshot.started_at).astimezone(UTC).date()


def day_of(evidence: str, documents: RunDocuments) -> date | None:
    """Return the day of what a field is from (``evaluation.json, cohort.json``): of several, the latest.

    What is sealed with the RUN, and the product's own design, are of the day of the training. The fairness report has
    no day of its own: it is of the day on which the gate read it, and before that of none. None where any part has no
    day.
    """
    judged = None if documents.gate is None else documents.gate.on
    days: list[date] = []
    for name in evidence.split(", "):
        if name in _WITHOUT_A_DAY:
            return None
        day = judged if name in {"fairness.json", "fairness_public.json", "gate.json"} else training_day(documents)
        if day is None:
            return None
        days.append(day)
    return max(days)


def evidence_until(documents: RunDocuments) -> date | None:
    """Return the day of the latest evidence, or None where no evidence has a day."""
    days = [training_day(documents)]
    if documents.gate is not None:
        days += [documents.gate.on, *(approval.on for approval in documents.gate.approvals)]
    if documents.human is not None:
        days += [provided.on for provided in documents.human.fields.values()]
    return max((day for day in days if day is not None), default=None)


def valid_words(expires: date | None, on: date) -> str:
    """Say in a sentence whether what a card depends on is in force on a day; the day is the asker's.

    >>> valid_words(date(2026, 6, 30), date(2026, 6, 30))
    'On 2026-06-30 every acceptance that it depends on is in force, the last day of the first of them being 2026-06-30.'
    >>> valid_words(date(2026, 6, 30), date(2026, 7, 1))
    'On 2026-07-01 it has EXPIRED: its last day was 2026-06-30.'
    """
    if expires is None:
        return f"On {on.isoformat()} nothing of it has expired: it depends on no acceptance with a last day."
    if on > expires:
        return f"On {on.isoformat()} it has EXPIRED: its last day was {expires.isoformat()}."
    return (
        f"On {on.isoformat()} every acceptance that it depends on is in force, the last day of the first of them being "
        f"{expires.isoformat()}."
    )
