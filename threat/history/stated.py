"""Stated relationships: the rows that sources send, each in force while its reference says so."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.history.columns import filled, places, times
from threat.history.schema import RELATIONSHIP_KINDS
from threat.history.sightings import NO_PERSON
from threat.history.statements import in_force, ranks
from threat.history.tables import Tables
from threat.ids import pair_ids

Ints = NDArray[np.int64]

UNKNOWN, NOT_RELATED = RELATIONSHIP_KINDS.index("unknown"), RELATIONSHIP_KINDS.index("not_related")


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """Versions of the rows of the table ``relationships``, with the span in which each is in force. int64[n] each.

    ``reference``: the source's own. ``pair``: ``threat.ids.pair_ids`` of the two parties as recorded. ``kind`` indexes
    ``RELATIONSHIP_KINDS``. A version is in force at ``start < as_of <= end``. ``valid_from``: NEVER where not given.
    """

    reference: Ints
    pair: Ints
    subject_id: Ints
    person_at_risk_id: Ints
    kind: Ints
    start: Ints
    end: Ints
    valid_from: Ints

    @classmethod
    def of(cls, tables: Tables) -> Stated:
        """Read the stated relationships of some batches.

        ``threat.history.statements`` has the rule: of each reference the version recorded last is in force, a
        withdrawal ends what it names, and the same stated again begins anew. Of two versions of one second the kind
        that ``RELATIONSHIP_KINDS`` names first counts, then the later validity (none given is the latest), then the
        version that names a person at risk; the ids of the two only between versions equal in all of these.
        """
        table = tables.table("relationships")
        reference, subject = (filled(table.column(name), NO_PERSON) for name in ("relationship_id", "subject_id"))
        at_risk = filled(table.column("person_at_risk_id"), NO_PERSON)
        recorded, withdrawn, valid_from = (
            times(table.column(name)) for name in ("recorded_at", "withdrawn_at", "valid_from")
        )
        kind = places(table.column("kind"), RELATIONSHIP_KINDS).astype(np.int64)
        pair = pair_ids(subject, at_risk)
        spans = in_force(reference, ranks(-kind, valid_from, at_risk != NO_PERSON, pair), recorded, withdrawn)
        row = spans.row
        return cls(
            *(reference[row], pair[row], subject[row], at_risk[row], kind[row]), spans.start, spans.end, valid_from[row]
        )

    @property
    def event_id(self) -> Ints:
        """The id under which each version is seen as an event: of its reference and when it came into force."""
        return pair_ids(self.reference, self.start)

    def __len__(self) -> int:
        return len(self.pair)

    def take(self, which: Any) -> Stated:
        """Return some versions: a mask, or places."""
        return Stated(*(getattr(self, field.name)[which] for field in fields(self)))
