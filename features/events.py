"""Events as a person would read them one by one: what the plain form of a statistic is written in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from threat.asof import DAY, NEVER, happened, in_look_back, look_back_bounds
from threat.harm import days_of
from threat.history.gravity import detail_of, gravity_of
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_SUBJECT
from threat.vocabulary import kinds

MISSING = math.nan
"""A value that nothing on record decides."""

STAY = "custody"
"""The kind whose stays are time that the person was not at liberty."""


@dataclass(frozen=True, slots=True)
class Event:
    """One visible event in one person's history.

    ``counterpart``: a person id, or NO_PERSON. ``value``: NaN when absent. ``until``: NEVER when open. ``began_at``:
    the start of a course of conduct, of which ``occurred_at`` is the end; None for whatever happened at one instant.
    Times are int64 UTC seconds.
    """

    occurred_at: int
    recorded_at: int
    event_id: int
    incident_id: int
    until: int = NEVER
    kind: str = "domestic_incident"
    code: str = ""
    value: float = math.nan
    role: int = ROLE_SUBJECT
    counterpart: int = NO_PERSON
    domestic: str = "unknown"
    reported_by: str = "unknown"
    proactive: bool = False
    assessment: bool = False
    began_at: int | None = None

    @property
    def beginning(self) -> int:
        """Return when it began: a course of conduct before it ended."""
        return self.occurred_at if self.began_at is None else self.began_at

    @property
    def harm(self) -> float:
        """Days of harm of the event's kind."""
        return days_of(self.kind)

    @property
    def order(self) -> tuple[Any, ...]:
        """The place in the total order: occurred, recorded, gravity, role, details, id (``threat.history.gravity``)."""
        gravity = gravity_of(self.kind, self.code, self.value, self.domestic)
        last = detail_of(self.until, self.reported_by, self.proactive, self.assessment)
        return self.occurred_at, self.recorded_at, *gravity, self.role, *last, self.event_id


class Answer(NamedTuple):
    """A value (NaN: missing) and the events behind it."""

    value: float
    events: list[Event]


NOTHING = Answer(MISSING, [])
"""The answer of a statistic that has nothing to go on."""


class Visible(NamedTuple):
    """The visible events that a definition reads beyond those of its scope: of its ``among_scope``, and of the person.

    Both in the total order.
    """

    in_among_scope: list[Event]
    history: list[Event]


@dataclass(frozen=True, slots=True)
class Matches:
    """The events that one definition reads in one row, in the total order.

    ``past``: those that match it, of kinds that happen. ``ahead``: those that match it, of kinds known in advance, at
    or after as-of. ``wider``: the past ones of its ``among`` kinds. ``history``: everything visible of the person.
    """

    as_of: int
    window_days: float | None
    past: list[Event]
    ahead: list[Event]
    wider: list[Event]
    history: list[Event]

    @property
    def events(self) -> list[Event]:
        """The matching events in the definition's window."""
        return self.within(self.window_days)

    @property
    def among(self) -> list[Event]:
        """The events of the ``among`` kinds in the definition's window."""
        return self.among_within(self.window_days)

    @property
    def stays(self) -> list[Event]:
        """The person's stays in custody, however old."""
        stays = (e for e in self.history if e.kind == STAY and e.role == ROLE_ABOUT and not e.proactive)
        return _within(stays, self.as_of, None)

    def among_within(self, days: float | None) -> list[Event]:
        """Return the events of the ``among`` kinds of a window of that many days; None for the whole past."""
        return _within(self.wider, self.as_of, days)

    def within(self, days: float | None) -> list[Event]:
        """Return the matching events of a window of that many days; None for the whole past."""
        return _within(self.past, self.as_of, days)

    def days_since(self, at: int) -> float:
        """Return the days from an instant to the as-of."""
        return (self.as_of - at) / DAY

    def start(self) -> int:
        """Return the first second of the definition's window; without a window, a time before all times."""
        return int(look_back_bounds(self.as_of, self.window_days)[0]) if self.window_days else -(1 << 62)


def _within(events: Iterable[Event], as_of: int, days: float | None) -> list[Event]:
    if days is None:
        return [e for e in events if happened(e.occurred_at, as_of)]
    return [e for e in events if in_look_back(e.occurred_at, as_of, days)]


def known_in_advance(kind: str) -> bool:
    """Return True for a kind whose events are on record before they happen (a release, the end of an order)."""
    return kinds()[kind].known_in_advance


def incidents(events: Iterable[Event]) -> list[Event]:
    """Return each incident's latest event, in order."""
    return sorted({e.incident_id: e for e in events}.values(), key=lambda e: e.order)


def gravest(events: Iterable[Event]) -> list[Event]:
    """Return each incident's event of highest harm (the latest of equals), in order.

    >>> [e.kind for e in gravest([ago(9, kind="rape", incident=1), ago(9, kind="criminal_damage", incident=1), ago(3)])]
    ['rape', 'domestic_incident']
    """
    best: dict[int, Event] = {}
    for e in events:
        if e.incident_id not in best or e.harm >= best[e.incident_id].harm:
            best[e.incident_id] = e
    return sorted(best.values(), key=lambda e: e.order)


def carrying(events: Iterable[Event], of: str | None) -> list[Event]:
    """Return the events that carry what is asked ``of``: harm, which every event has, or a value."""
    return [e for e in events if of == "harm" or not math.isnan(e.value)]


def carried(event: Event, of: str | None) -> float:
    """Return the event's harm in days, or its value."""
    return event.harm if of == "harm" else event.value


def amount(events: list[Event], of: str | None) -> float:
    """Return how much there is in the events: events (None), ``incidents``, or days of ``harm``.

    Harm is that of each incident's gravest event, added newest first, as the fold adds it.
    """
    if of == "harm":
        return float(sum(e.harm for e in reversed(gravest(events))))
    return float(len(incidents(events)) if of == "incidents" else len(events))


def covered(stays: Iterable[Event], as_of: int, start: int) -> int:
    """Return the seconds between ``start`` and as-of that some stay covers; a stay still open runs to as-of.

    >>> overlapping = [ago(10, until=-5 * DAY), ago(8, until=-6 * DAY), ago(2)]
    >>> covered(overlapping, as_of=0, start=-7 * DAY) / DAY
    4.0
    """
    total, reached = 0, start
    for stay in sorted(stays, key=lambda e: e.order):
        begin, end = max(stay.occurred_at, reached), min(stay.until, as_of)
        if end > begin:
            total += end - begin
            reached = end
    return total


def ago(days: float, *, incident: int | None = None, late: float = 0, **parts: object) -> Event:
    """Return an event for an example: so many days before instant 0, recorded ``late`` days after it happened.

    Its own incident unless ``incident`` numbers one. ``parts``: any other field of Event, times in seconds.

    >>> ago(2, late=1).recorded_at / DAY
    -1.0
    """
    at = -round(days * DAY)
    return Event(at, at + round(late * DAY), at, at if incident is None else incident, **parts)  # type: ignore[arg-type]
