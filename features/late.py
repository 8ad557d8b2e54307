"""How much of the past was not yet known: events that happened before an as-of and were recorded after it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.build import person_index
from threat.history.sightings import Rows, Sightings
from threat.vocabulary import kinds


def late_known(sightings: Sightings, rows: Rows) -> NDArray[np.int64]:
    """Events of either party, by row (int64, n): occurred before as-of, first visible at or after it.

    A feature that filtered on the date of the event would have counted them. Kinds known in advance are left out, and
    an event that both parties are in counts once.
    """
    subject, at_risk = person_index(sightings.persons, rows.subject), person_index(sightings.persons, rows.at_risk)
    in_advance = np.array([kind.known_in_advance for kind in kinds().values()])
    out = np.zeros(len(rows), np.int64)
    for i in range(len(rows)):
        of_subject = _unknown_yet(sightings, int(subject[i]), int(rows.as_of[i]), in_advance)
        of_at_risk = _unknown_yet(sightings, int(at_risk[i]), int(rows.as_of[i]), in_advance)
        out[i] = len(np.union1d(of_subject, of_at_risk))
    return out


def _unknown_yet(sightings: Sightings, person: int, as_of: int, in_advance: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Ids of the person's events that occurred before as-of and were not visible until it or later."""
    if person < 0:
        return np.empty(0, np.int64)
    where = slice(int(sightings.offsets[person]), int(sightings.offsets[person + 1]))
    past = (sightings.occurred_at[where] < as_of) & ~in_advance[sightings.kind[where]]
    ids = sightings.event_id[where]
    first_seen = past & (sightings.visible_from[where] >= as_of)
    seen = past & (sightings.visible_from[where] < as_of)
    return np.setdiff1d(ids[first_seen], ids[seen])
