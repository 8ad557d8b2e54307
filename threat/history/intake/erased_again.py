"""Persons who were erased and whom a later export names again: a load says so, and loads what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from threat.history.batches import Erasure
from threat.ids import parse_id

_PERSONS = ("person_id", "source_person_id", "subject_id", "person_at_risk_id")
"""Columns that name persons, in whatever table."""


def said_of_erased(erasures: Iterable[Erasure], tables: Mapping[str, pa.Table]) -> list[str]:
    """Return a sentence on the rows of a load that name persons who were erased; none without any."""
    erased = {parse_id(shown, "P") for erasure in erasures for shown in erasure.persons}
    if not erased:
        return []
    named: set[int] = set()
    for table in tables.values():
        for name in set(_PERSONS) & set(table.column_names):
            named |= erased & set(pc.unique(table.column(name)).to_pylist())
    if not named:
        return []
    return [
        f"{len(named):,} persons who were erased are named again by this export, and are on record again: erase them "
        "at the source, then here (threat erase)."
    ]
