"""The references of one person: who a reference is now, and under which others the person is on record."""

from __future__ import annotations

import numpy as np

from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot


def who_is(snapshot: Snapshot, person_id: int, as_of: int) -> int:
    """Return the person that a reference was known to be at ``as_of``; NO_PERSON for nobody.

    ``as_of``: UTC seconds. Nobody: an organisation, or somebody on record as unknown.
    """
    return int(snapshot.links.resolve([person_id], as_of)[0])


def references_of(snapshot: Snapshot, person_id: int, as_of: int) -> list[int]:
    """Return all ids that are this person at ``as_of`` (UTC seconds): the person's own first, the merged ones after."""
    if person_id == NO_PERSON:
        return []
    sources = snapshot.links.person
    merged = sources[(snapshot.links.resolve(sources, as_of) == person_id) & (sources != person_id)]
    return [person_id, *np.sort(merged).tolist()]
