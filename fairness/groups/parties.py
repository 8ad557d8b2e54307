"""Who the rows of an audit are about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.history.snapshot import Snapshot
from threat.release.documents.fairness_policy import Party

Ids = NDArray[np.int64]

PARTIES: tuple[Party, ...] = ("person_at_risk", "subject")
"""Both parties of a relationship; the person at risk first, because the verdict depends on them."""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who the rows are about: int64 ids, -1 = unknown; ``as_of`` int64 UTC seconds. ``relationship`` may be -1."""

    subject: Ids
    person_at_risk: Ids
    relationship: Ids
    as_of: Ids

    def __len__(self) -> int:
        return len(self.subject)

    def __add__(self, other: Parties) -> Parties:
        return Parties(
            np.concatenate([self.subject, other.subject]),
            np.concatenate([self.person_at_risk, other.person_at_risk]),
            np.concatenate([self.relationship, other.relationship]),
            np.concatenate([self.as_of, other.as_of]),
        )

    def ids(self, party: Party) -> Ids:
        """Ids of one party, one per row."""
        return self.subject if party == "subject" else self.person_at_risk


def resolve(snapshot: Snapshot, ids: Ids) -> Ids:
    """Each person under the id they are known by at the end of the snapshot, so that merged records are found."""
    unique, index = np.unique(ids, return_inverse=True)
    return snapshot.links.resolve(unique, NEVER)[index]
