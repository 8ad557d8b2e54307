"""What events that have just arrived open before the next list: the must-see rule over the rows around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from serving.lists.must_see import find
from serving.lists.scoring import relationships_at
from threat.asof import DAY
from threat.history.around import around
from threat.history.snapshot import Snapshot
from threat.policy import Policy
from threat.release.documents.scored_list import MustSee


def find_arrived(snapshot: Snapshot, event_ids: Sequence[int], as_of: int, policy: Policy) -> list[MustSee]:
    """Return the must-see items that some events of a snapshot open at ``as_of`` (UTC seconds), by the latest first.

    Each item has the triggers among these events alone; an event between two whom no relationship covers is an item of
    the relationship 0. They are those that a list of the whole snapshot would have, found by the same rule on the rows
    around the events: in a history of a million events the arrays of the whole take seconds to build. However long ago
    one of them was recorded, the list looks back as far: what has just arrived is new, whatever a source says of it.
    """
    if not len(event_ids):
        return []
    with around(snapshot, event_ids) as near:
        sightings = near.sightings()
        recorded = np.asarray(sightings.recorded_at)[np.isin(sightings.event_id, event_ids)]
        # A second more: days are a fraction, and may not round the oldest record away.
        oldest = (as_of - int(recorded.min(initial=as_of)) + 1) / DAY
        items = find(
            sightings,
            relationships_at(near, as_of),
            as_of,
            recorded_days=max(policy.must_see_recorded_days, oldest),
            release_days=policy.must_see_release_days,
            stays=policy.stays,
            names=policy.must_see_kinds,
        )
    arrived = frozenset(event_ids)
    kept = ((item, tuple(t for t in item.triggers if t.event_id in arrived)) for item in items)
    return [item.model_copy(update={"triggers": triggers}) for item, triggers in kept if triggers]
