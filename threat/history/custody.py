"""Who is not at liberty at an as-of and until when, and how many of the days since something were days at liberty.

A stay is a record about a person of a kind that stops the clock (custody, a hold for another authority, a detention
under mental-health powers: ``threat/policy.yaml`` names the kinds), from ``occurred_at`` to ``until``. A stay without
``until`` is open. It lasts to the as-of, or, where the policy says how long an open stay of its kind can last, so long:
such a row may be no more than that somebody asked for it, and would stop the clock for good. Stays overlap (remand
becomes a sentence; two systems write down one stay), so time in custody is the union of what was visible at the as-of.
Quiet in custody is not clean time: whatever runs down with time runs down at liberty only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER, ended, happened
from threat.history.sightings import NO_PERSON, ROLE_ABOUT, ROLE_SUBJECT, Sightings
from threat.vocabulary import kinds

Lasting = Mapping[str, int]
"""How many seconds a stay without an end on record lasts, by kind; NEVER: to the as-of. No other kind is a stay."""


@dataclass(frozen=True, slots=True, eq=False)
class Custody:
    """The union of stays by person, as known at one as-of: disjoint spans, sorted by (person, start).

    Person i was in custody at ``start[i] <= t < end[i]``; ``end`` may be after the as-of (NEVER: no end is on record).
    ``before``: seconds in custody of all spans before this one, up to the as-of, the running sum that makes a look-up
    two binary searches. ``as_of`` and all arrays: int64, UTC seconds or seconds.
    """

    as_of: int
    person: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    before: NDArray[np.int64]

    @classmethod
    def at(cls, sightings: Sightings, as_of: int, lasting: Lasting, *, assume_ends: bool = True) -> Custody:
        """Read the stays visible at ``as_of`` (UTC seconds). What the unit itself recorded is left out.

        ``assume_ends``: False leaves out the open stays that only ``lasting`` gives an end, for whoever asks what is on
        record of an end.
        """
        rows = stays(sightings, lasting)
        if not assume_ends:
            rows = rows[(np.asarray(sightings.until)[rows] != NEVER) | (ends(sightings, rows, lasting) == NEVER)]
        rows = rows[sightings.visible_at(as_of, rows) & happened(sightings.occurred_at[rows], as_of)]
        person = sightings.ids_of(sightings.owners(rows))
        start, end = np.asarray(sightings.occurred_at)[rows], ends(sightings, rows, lasting)
        order = np.lexsort((start, person))
        person, start, end = _union(person[order], start[order], end[order])
        length = np.minimum(end, as_of) - start
        return cls(as_of, person, start, end, np.concatenate([[0], np.cumsum(length)[:-1]]).astype(np.int64))

    def until(self, persons: ArrayLike) -> NDArray[np.int64]:
        """Return until when each person stays in custody, int64[n] UTC seconds; 0 for who is not in custody now.

        NEVER: in custody without an end on record. NO_PERSON is nobody and never in custody.
        """
        ids = np.atleast_1d(np.asarray(persons, dtype=np.int64))
        last = np.searchsorted(self.person, ids, side="right") - 1
        inside = (last >= 0) & (ids != NO_PERSON)
        inside[inside] = self.person[last[inside]] == ids[inside]
        inside[inside] = ~ended(self.end[last[inside]], self.as_of)
        out = np.zeros(len(ids), dtype=np.int64)
        out[inside] = self.end[last[inside]]
        return out

    def in_custody(self, persons: ArrayLike) -> NDArray[np.bool_]:
        """Mask of the persons who are in custody at the as-of, bool[n]."""
        return self.until(persons) > 0

    def seconds_since(self, persons: ArrayLike, since: ArrayLike) -> NDArray[np.int64]:
        """Return how many seconds each person was in custody in ``[since, as_of)``, int64[n].

        ``since``: UTC seconds, one in all or one per person; nothing is counted from an instant after the as-of.

        Person 7 was in custody on days 10 to 20 and has been again since day 30; it is day 35:

        >>> from threat.asof import DAY, NEVER
        >>> days = lambda *numbers: np.array(numbers) * DAY
        >>> custody = Custody(35 * DAY, np.array([7, 7]), days(10, 30), np.append(days(20), NEVER), days(0, 10))
        >>> (custody.seconds_since([7, 7, 7, 7, 8], days(5, 15, 20, 33, 5)) // DAY).tolist()
        [15, 10, 5, 2, 0]
        """
        ids = np.atleast_1d(np.asarray(persons, dtype=np.int64))
        from_then = np.broadcast_to(np.asarray(since, dtype=np.int64), ids.shape)
        all_of_person = self._up_to(ids, np.full(len(ids), self.as_of, dtype=np.int64))
        return np.asarray(all_of_person - self._up_to(ids, np.minimum(from_then, self.as_of)), dtype=np.int64)

    def seconds_at_liberty(self, persons: ArrayLike, since: ArrayLike) -> NDArray[np.int64]:
        """Return how many seconds of ``[since, as_of)`` each person was at liberty, int64[n].

        Negative where ``since`` is after the as-of.
        """
        from_then = np.broadcast_to(np.asarray(since, dtype=np.int64), np.atleast_1d(np.asarray(persons)).shape)
        return np.asarray(self.as_of - from_then - self.seconds_since(persons, since), dtype=np.int64)

    def _up_to(self, ids: NDArray[np.int64], instant: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the seconds in custody of each person before an instant, counted from any fixed point."""
        first, last = (np.searchsorted(self.person, ids, side=side) for side in ("left", "right"))
        out = np.zeros(len(ids), dtype=np.int64)
        some = np.flatnonzero((first < last) & (ids != NO_PERSON))
        # Spans are sorted by person and then by start, so the last span begun before an instant lies between two bounds
        # that a halving search closes for all persons at once.
        low, high = first[some].copy(), last[some].copy()
        while (open_ := np.flatnonzero(low < high)).size:
            middle = (low[open_] + high[open_]) // 2
            begun = happened(self.start[middle], instant[some][open_])
            low[open_] = np.where(begun, middle + 1, low[open_])
            high[open_] = np.where(begun, high[open_], middle)
        span = low - 1
        begun_any = span >= first[some]
        span, some = span[begun_any], some[begun_any]
        inside = np.minimum(np.minimum(self.end[span], self.as_of), instant[some]) - self.start[span]
        out[some] = self.before[span] - self.before[first[some]] + inside
        return out


def stays(sightings: Sightings, lasting: Lasting) -> NDArray[np.int64]:
    """Return the rows of sightings that are stays of their owner, visible or not, ascending.

    A stay is about one person; a source that names that person as the subject says the same.
    """
    of_owner = np.isin(sightings.role, (ROLE_ABOUT, ROLE_SUBJECT))
    is_stay = np.isin(sightings.kind, [kinds()[name].number for name in lasting])
    return np.flatnonzero(is_stay & of_owner & ~sightings.proactive)


def ends(sightings: Sightings, rows: NDArray[np.int64], lasting: Lasting) -> NDArray[np.int64]:
    """Return when stays end, int64[n] UTC seconds: ``until``, or else what ``lasting`` says; NEVER: open."""
    until, kind = np.asarray(sightings.until)[rows], np.asarray(sightings.kind)[rows]
    seconds = np.zeros(len(kinds()), dtype=np.int64)
    for name, open_seconds in lasting.items():
        seconds[kinds()[name].number] = open_seconds
    open_end = np.where(seconds[kind] == NEVER, NEVER, np.asarray(sightings.occurred_at)[rows] + seconds[kind])
    return np.asarray(np.where(until == NEVER, open_end, until), dtype=np.int64)


def _union(
    person: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Merge spans of one person that overlap or touch; the spans are sorted by (person, start).

    >>> _union(np.array([7, 7, 7, 8]), np.array([10, 15, 40, 12]), np.array([30, 20, 50, 13]))
    (array([7, 7, 8]), array([10, 40, 12]), array([30, 50, 13]))
    """
    if not len(person):
        return person, start, end
    first = np.ones(len(person), dtype=np.bool_)
    first[1:] = person[1:] != person[:-1]
    # The latest end so far within each person, for all persons in one pass: the place of the person counts before the
    # rank of the end, so what earlier persons reached is less than anything of this person.
    ends, rank = np.unique(end, return_inverse=True)
    until = ends[np.maximum.accumulate(np.cumsum(first) * len(ends) + rank) % len(ends)]
    new = first.copy()
    new[1:] |= start[1:] > until[:-1]
    heads = np.flatnonzero(new)
    tails = np.append(heads[1:], len(person)) - 1
    return person[heads], start[heads], until[tails]
