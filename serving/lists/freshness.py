"""How fresh the records of a relationship are: when the latest was made, and how many are new since a list."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, happened, on_record
from threat.history.sightings import NO_PERSON, ROLE_SUBJECT, Rows, Sightings
from threat.history.sorted_ids import position
from threat.vocabulary import kinds

FRESHNESS = ((1, "under 1 day"), (8, "1 to 7 days"), (91, "8 to 90 days"))
"""How long ago the latest record about either party was made, as (upper bound in days, words).

The evaluation of a model has bands of the same ends, for days since the last domestic incident.
"""

OLDER = "over 90 days"

_IN_INCIDENT = np.array([kind.in_incident for kind in kinds().values()])
"""By the number of a kind: whether it happens in an incident."""


def freshness(recorded_at: int, as_of: int) -> str:
    """Return how long before ``as_of`` the latest record was made, in words. Both are UTC seconds.

    >>> freshness(0, 1 * DAY), freshness(0, 8 * DAY), freshness(0, 91 * DAY)
    ('1 to 7 days', '8 to 90 days', 'over 90 days')
    """
    days = (as_of - recorded_at) / DAY
    return next((words for bound, words in FRESHNESS if days < bound), OLDER)


def last_recorded(sightings: Sightings, rows: Rows, as_of: int) -> NDArray[np.int64]:
    """Return when the latest visible record about either party was made, int64[n] UTC seconds; 0 for no record.

    What the unit itself did is left out, and so are rows about the keeping of records (the kind of a relationship that
    was written down again): neither makes a relationship fresh.
    """
    seen = sightings.visible_at(as_of) & _from_outside(sightings)
    per_person = _per_person(np.maximum, np.where(seen, sightings.visible_from, 0), sightings)
    return np.maximum(_of(per_person, sightings, rows.subject), _of(per_person, sightings, rows.at_risk))


def new_records(sightings: Sightings, rows: Rows, since: int, as_of: int) -> NDArray[np.int64]:
    """Count the events about either party that became visible in ``[since, as_of)``, int64[n].

    An event between the two parties has a sighting of each; it counts once.
    """
    fresh = sightings.visible_at(as_of) & ~on_record(sightings.visible_from, since) & _from_outside(sightings)
    per_person = _per_person(np.add, fresh.astype(np.int64), sightings)
    total = _of(per_person, sightings, rows.subject) + _of(per_person, sightings, rows.at_risk)
    shared: dict[tuple[int, int], int] = {}
    hits = np.flatnonzero(fresh & (sightings.counterpart != NO_PERSON))
    owners, others = sightings.ids_of(sightings.owners(hits)), sightings.ids_of(sightings.counterpart[hits])
    for owner, other in zip(owners.tolist(), others.tolist(), strict=True):
        shared[owner, other] = shared.get((owner, other), 0) + 1
    if shared:
        pairs = zip(rows.subject.tolist(), rows.at_risk.tolist(), strict=True)
        total -= np.array([shared.get(pair, 0) for pair in pairs], dtype=np.int64)
    return total


def last_incident(sightings: Sightings, rows: Rows, as_of: int) -> NDArray[np.int64]:
    """Return when the subject's latest incident towards the person at risk happened, int64[n] UTC seconds; 0 for none.

    Visible records of kinds that happen in an incident, reported by whomever; of a course of conduct, when it was last
    known to go on.
    """
    towards = (sightings.role == ROLE_SUBJECT) & (sightings.counterpart != NO_PERSON) & _IN_INCIDENT[sightings.kind]
    hits = np.flatnonzero(towards & sightings.visible_at(as_of) & happened(sightings.occurred_at, as_of))
    n = len(sightings.persons)
    pairs, inverse = np.unique(sightings.owners(hits) * n + sightings.counterpart[hits], return_inverse=True)
    latest = np.zeros(len(pairs), dtype=np.int64)
    np.maximum.at(latest, inverse, sightings.occurred_at[hits])
    subject, at_risk = position(rows.subject, sightings.persons), position(rows.at_risk, sightings.persons)
    # A party never seen has no key: -1 is no pair.
    key = np.where((subject >= 0) & (at_risk >= 0), subject * n + at_risk, -1)
    return np.append(latest, 0)[position(key, pairs)]


def _from_outside(sightings: Sightings) -> NDArray[np.bool_]:
    """Mask of the sightings that say something new of somebody: not the unit's own work, not the keeping of records."""
    of_records = np.array([kind.theme == "record_keeping" for kind in kinds().values()])
    return np.asarray(~sightings.proactive & ~of_records[sightings.kind])


def _per_person(operation: np.ufunc, values: NDArray[np.int64], sightings: Sightings) -> NDArray[np.int64]:
    """Apply ``operation`` over each person's sightings, int64[n_persons]; 0 for a person without sightings."""
    out = np.zeros(len(sightings.persons), dtype=np.int64)
    starts, ends = sightings.offsets[:-1], sightings.offsets[1:]
    some = ends > starts  # reduceat gives an empty span the value of the next person's first sighting
    if some.any():
        out[some] = operation.reduceat(values, starts[some])
    return out


def _of(per_person: NDArray[np.int64], sightings: Sightings, persons: NDArray[np.int64]) -> NDArray[np.int64]:
    """Look up the value of each person; 0 for a person never seen, such as an unknown person at risk."""
    return np.append(per_person, 0)[position(persons, sightings.persons)]
