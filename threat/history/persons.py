"""What is recorded of persons themselves: the year of birth, as known at an as-of."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER, on_record
from threat.history.statements import in_force
from threat.history.tables import Tables


def birth_years(tables: Tables, person_ids: ArrayLike, as_of: ArrayLike) -> NDArray[np.float64]:
    """Return the year of birth of each person as known at an as-of; NaN where none was on record.

    ``person_ids``: int64[n], as recorded (resolve links first). ``as_of``: int64 UTC seconds, one in all or one per
    person. The year recorded last counts; a row without a year says nothing about it. Of two years recorded in one
    second the later counts: who may be a child is looked at as one.
    """
    ids = np.atleast_1d(np.asarray(person_ids, dtype=np.int64))
    at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape)
    rows = tables.table("persons", ["person_id", "birth_year", "recorded_at"])
    rows = rows.filter(pc.is_valid(rows.column("birth_year")))
    person, year, recorded = (
        rows.column(name).to_numpy().astype(np.int64) for name in ("person_id", "birth_year", "recorded_at")
    )
    spans = in_force(person, year, recorded, np.full(len(person), NEVER, dtype=np.int64))
    out = np.full(len(ids), np.nan)
    person, year = person[spans.row], year[spans.row]
    place = np.searchsorted(person, ids, side="right") - 1
    first = np.searchsorted(person, ids, side="left")
    while True:
        # Back from the last version of the person to the last that was on record: few persons have more than one.
        early = place >= first
        early[early] = ~on_record(spans.start[place[early]], at[early])
        if not early.any():
            break
        place[early] -= 1
    known = place >= first
    out[known] = year[place[known]]
    return out
