"""Sightings: what the feature engines read. One row per (person, event the person is in)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import NEVER, on_record, visible, withdrawn
from threat.history.sorted_ids import position_of

ROLE_SUBJECT, ROLE_AT_RISK, ROLE_ABOUT = 0, 1, 2
"""The person's part in the event: alleged perpetrator, person at risk, or the one person it is about."""

NO_PERSON = -1
"""Counterpart of an event that names no other person, or an unknown one. Never a key.

-1, because ids are positive; as an index it reads the last entry of an array, so mask it first.
"""

COLUMNS: dict[str, type[np.generic]] = {
    "event_id": np.int64,
    "incident_id": np.int64,
    "occurred_at": np.int64,
    "began_at": np.int64,
    "until": np.int64,
    "recorded_at": np.int64,
    "visible_from": np.int64,
    "visible_until": np.int64,
    "counterpart": np.int32,
    "value": np.float32,
    "kind": np.int16,
    "code": np.int16,
    "role": np.int8,
    "domestic": np.int8,
    "reported_by": np.int8,
    "source": np.int8,
    "proactive": np.bool_,
    "assessment": np.bool_,
}
"""The arrays of ``Sightings`` with one entry per sighting, and their types: the narrowest that hold what they say."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """Arrays sorted by person, then by the total order of records; ``offsets[i]:offsets[i+1]`` are person i's rows.

    The order: occurred, recorded, then the gravest last (``threat.history.gravity``). ``persons``: sorted int64 person
    ids, n_persons. ``offsets``: int64, n_persons + 1. Every other array has one entry per sighting.

    An event is a person's exactly while the party was known to be that person (``Links.resolve``), and its counterpart
    and its domestic flag are as known then: an event of which any of these changed has one row per version, with
    adjoining spans of visibility, so that at any as-of at most one row of an event is visible to a person in a role.
    Nobody's events (an unknown person's, an organisation's) have no row. Withdrawal rows themselves, and rows hidden
    before they could be seen, are left out. Versions of stated relationships are rows too, of the kind
    ``relationship_recorded``.

    ``occurred_at``: of a course of conduct with a known end that end, not after its recording; ``began_at``: its
    start. ``domestic``: ``yes`` also for an unflagged event while its two parties stand as a relationship.

    ``counterpart`` is an index into ``persons`` (or NO_PERSON). ``kind`` is ``Kind.number``; ``code`` an index into
    ``code_names`` (-1: none); ``value`` NaN when absent; ``until`` NEVER when open or absent. ``visible_from`` is the
    later of record and link, ``visible_until`` when it was hidden (NEVER: not). ``domestic`` and
    ``reported_by`` index ``schema.DOMESTIC`` and ``schema.REPORTED_BY``. ``source`` indexes ``source_names``.
    """

    persons: NDArray[np.int64]
    offsets: NDArray[np.int64]
    event_id: NDArray[np.int64]
    incident_id: NDArray[np.int64]
    occurred_at: NDArray[np.int64]
    began_at: NDArray[np.int64]
    until: NDArray[np.int64]
    recorded_at: NDArray[np.int64]
    visible_from: NDArray[np.int64]
    visible_until: NDArray[np.int64]
    counterpart: NDArray[np.int32]
    value: NDArray[np.float32]
    kind: NDArray[np.int16]
    code: NDArray[np.int16]
    role: NDArray[np.int8]
    domestic: NDArray[np.int8]
    reported_by: NDArray[np.int8]
    source: NDArray[np.int8]
    proactive: NDArray[np.bool_]
    assessment: NDArray[np.bool_]
    code_names: tuple[str, ...]
    source_names: tuple[str, ...]
    history_start: NDArray[np.int64]
    """First instant each source covers, by ``source``: before it, absence of events says nothing."""

    def __post_init__(self) -> None:
        n = int(self.offsets[-1]) if len(self.offsets) else 0
        for name in COLUMNS:
            if len(getattr(self, name)) != n:
                raise ValueError(f"{name} has {len(getattr(self, name))} rows, offsets say {n}")

    def rows_of(self, person_id: int) -> slice:
        """Return the slice of one person's sightings; an empty slice for a person never seen."""
        i = position_of(person_id, self.persons)
        return slice(0, 0) if i < 0 else slice(int(self.offsets[i]), int(self.offsets[i + 1]))

    def owners(self, where: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
        """Return whose row each sighting is (``where``: of these rows alone), as an index into ``persons``."""
        if where is None:
            return np.repeat(np.arange(len(self.persons), dtype=np.int64), np.diff(self.offsets))
        return np.searchsorted(self.offsets, where, side="right") - 1

    def ids_of(self, index: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Return the person ids of indices into ``persons`` (``owners``, ``counterpart``); NO_PERSON stays."""
        out = np.full(len(index), NO_PERSON, dtype=np.int64)
        named = index >= 0
        out[named] = self.persons[index[named]]
        return out

    def visible_at(self, as_of: int, where: slice | NDArray[np.int64] | None = None) -> NDArray[np.bool_]:
        """Mask of the sightings that could be seen at ``as_of`` (``where``: among these rows alone)."""
        rows = slice(None) if where is None else where
        return np.asarray(visible(self.visible_from[rows], self.visible_until[rows], as_of))

    def take(self, keep: NDArray[np.bool_] | NDArray[np.int64]) -> Sightings:
        """Return some sightings (a mask, or rows in ascending order); all persons stay, with fewer rows or none."""
        rows = np.flatnonzero(keep) if keep.dtype == np.bool_ else keep
        columns: dict[str, Any] = {name: getattr(self, name)[rows] for name in COLUMNS}
        return replace(self, offsets=np.searchsorted(rows, self.offsets).astype(np.int64), **columns)

    def known_at(self, as_of: int) -> Sightings:
        """Return the sightings as they stood at ``as_of``: later records gone, later withdrawals unknown."""
        past = self.take(np.asarray(on_record(self.visible_from, as_of)))
        until = np.where(withdrawn(past.visible_until, as_of), past.visible_until, NEVER)
        return replace(past, visible_until=until)

    def delayed(self, seconds: NDArray[np.int64]) -> Sightings:
        """Return the sightings as a feed with a lag shows them: seen and hidden later by ``seconds`` of their source.

        ``seconds``: int64, one per entry of ``source_names``. What is never withdrawn stays so.
        """
        lag = seconds[self.source]
        until = np.asarray(self.visible_until)
        return replace(
            self,
            visible_from=np.asarray(self.visible_from) + lag,
            visible_until=np.where(until >= NEVER, NEVER, until + lag),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows to score: one relationship at one as-of each.

    ``subject`` and ``at_risk`` are person ids already resolved through the merges known at that as-of; ``at_risk`` is
    NO_PERSON when unknown. All int64, one entry per row.
    """

    relationship_id: NDArray[np.int64]
    subject: NDArray[np.int64]
    at_risk: NDArray[np.int64]
    as_of: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.relationship_id)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Rows:
        """Return some rows: a mask, a slice, or positions in any order."""
        return Rows(self.relationship_id[which], self.subject[which], self.at_risk[which], self.as_of[which])
