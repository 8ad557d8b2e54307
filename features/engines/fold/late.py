"""How much of the past was not yet known: events that happened before an as-of and were recorded after it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.engines.fold.build import person_index
from features.engines.fold.compiling import compiled, read_only
from threat.history.sightings import Rows, Sightings
from threat.vocabulary import kinds


def late_known(sightings: Sightings, rows: Rows) -> NDArray[np.int64]:
    """Events of either party, by row (int64, n): occurred before as-of, first visible at or after it.

    A feature that filtered on the date of the event would have counted them. Kinds known in advance are left out, and
    an event that both parties are in counts once.
    """
    out = np.zeros(len(rows), np.int64)
    _count(
        person_index(sightings.persons, rows.subject),
        person_index(sightings.persons, rows.at_risk),
        read_only(rows.as_of),
        *(
            read_only(getattr(sightings, name))
            for name in ("offsets", "occurred_at", "visible_from", "event_id", "kind")
        ),
        np.array([kind.known_in_advance for kind in kinds().values()]),
        out,
    )
    return out


@compiled
def _unknown(j: int, high: int, now: int, visible_from: Any, event_id: Any) -> tuple[int, bool]:
    """End of the run of rows of one event from ``j`` on, and whether none of them was visible before ``now``."""
    end, unknown = j, True
    while end < high and event_id[end] == event_id[j]:
        unknown = unknown and visible_from[end] >= now
        end += 1
    return end, unknown


@compiled
def _count(
    subject: Any, at_risk: Any, as_of: Any, offsets: Any, occurred_at: Any, visible_from: Any, event_id: Any, kind: Any,
    in_advance: Any, out: Any,
) -> None:  # fmt: skip
    for row in range(len(as_of)):
        now = as_of[row]
        for half in range(2):
            person, other = (subject[row], -1) if half == 0 else (at_risk[row], subject[row])
            j, high = (offsets[person], offsets[person + 1]) if person >= 0 else (0, 0)
            while j < high and occurred_at[j] < now:
                end, unknown = _unknown(j, high, now, visible_from, event_id)
                if unknown and other >= 0:  # already counted when the subject is in it and did not know it either
                    left, last = offsets[other], offsets[other + 1]
                    beyond = last
                    while left < beyond:
                        middle = (left + beyond) // 2
                        if occurred_at[middle] < occurred_at[j]:
                            left = middle + 1
                        else:
                            beyond = middle
                    while left < last and occurred_at[left] == occurred_at[j]:
                        after, theirs = _unknown(left, last, now, visible_from, event_id)
                        if event_id[left] == event_id[j] and theirs:
                            unknown = False
                        left = after
                if unknown and not in_advance[kind[j]]:
                    out[row] += 1
                j = end
