"""Sightings: what the feature engines read. One row per (person, event the person is in)."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

ROLE_SUBJECT, ROLE_AT_RISK, ROLE_ABOUT = 0, 1, 2
"""The person's part in the event: alleged perpetrator, person at risk, or the one person it is about."""

NO_PERSON = -1
"""Counterpart of an event that names no other person, or an unknown one. Never a key."""


@dataclass(frozen=True, slots=True)
class Sightings:
    """Arrays sorted by (person, occurred_at, recorded_at, event_id); ``offsets[i]:offsets[i+1]`` are person i's rows.

    ``persons``: sorted int64 person ids, n_persons. ``offsets``: int64, n_persons + 1. Every other array has one entry
    per sighting. Unknown and organisation persons have no rows of their own. A person merged into another (see
    ``threat.history.links``) is seen under both ids, under the survivor only while the link stands. The counterpart is
    who it was known to be: an event whose counterpart was merged has one row per known counterpart, with adjoining
    spans of visibility, so that at any as-of at most one row of an event is visible to a person in a role. Withdrawal
    rows themselves, and rows hidden before they could be seen, are left out.

    ``counterpart`` is an index into ``persons`` (or NO_PERSON). ``kind`` is ``Kind.number``; ``code`` an index into
    ``code_names`` (-1: none); ``value`` NaN when absent; ``until`` NEVER when open or absent. ``visible_from`` is the
    later of record and link, ``visible_until`` the earliest withdrawal (NEVER: stands). ``domestic`` and
    ``reported_by`` index ``schema.DOMESTIC`` and ``schema.REPORTED_BY``. ``source`` indexes ``source_names``.
    """

    persons: NDArray[np.int64]
    offsets: NDArray[np.int64]
    event_id: NDArray[np.int64]
    incident_id: NDArray[np.int64]
    occurred_at: NDArray[np.int64]
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
        for field in fields(self):
            if field.name in {"persons", "offsets", "code_names", "source_names", "history_start"}:
                continue
            if len(getattr(self, field.name)) != n:
                raise ValueError(f"{field.name} has {len(getattr(self, field.name))} rows, offsets say {n}")

    def rows_of(self, person_id: int) -> slice:
        """Where one person's sightings lie; an empty slice for a person never seen."""
        i = int(np.searchsorted(self.persons, person_id))
        if i == len(self.persons) or self.persons[i] != person_id:
            return slice(0, 0)
        return slice(int(self.offsets[i]), int(self.offsets[i + 1]))


@dataclass(frozen=True, slots=True)
class Rows:
    """What to score: one relationship at one as-of each.

    ``subject`` and ``at_risk`` are person ids already resolved through the merges known at that as-of; ``at_risk`` is
    NO_PERSON when unknown. All int64, one entry per row.
    """

    relationship_id: NDArray[np.int64]
    subject: NDArray[np.int64]
    at_risk: NDArray[np.int64]
    as_of: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.relationship_id)
