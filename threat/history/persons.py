"""What is recorded of persons themselves: the year of birth, as known at an as-of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow.compute as pc
from numpy.typing import ArrayLike, NDArray

from threat.asof import NEVER, on_record
from threat.history.statements import in_force
from threat.history.tables import Tables

OLDEST = 110
"""Age in years above which a birth year says nothing: a person of that age is rarer than a slip of the pen.

Systems write 1900 and 1901 for "not known", and a birth year in the future is a slip too.
"""


def birth_years(
    tables: Tables,
    person_ids: ArrayLike,
    as_of: ArrayLike,
    resolve: Callable[[NDArray[np.int64]], NDArray[np.int64]] = lambda recorded_ids: recorded_ids,
) -> NDArray[np.float64]:
    """Return the year of birth of each person as known at an as-of; NaN where none was on record.

    ``person_ids``: int64[n]. ``as_of``: int64 UTC seconds, one in all or one per person. ``resolve``: from ids as
    recorded to ids as ``person_ids`` has them, for persons who were found to be one. The year recorded last counts; a
    row without a year says nothing about it, and neither does a year that makes the person unborn or older than 110 at
    the as-of. Of two years recorded in one second the later counts: who may be a child is looked at as one.
    """
    ids = np.atleast_1d(np.asarray(person_ids, dtype=np.int64))
    at = np.broadcast_to(np.asarray(as_of, dtype=np.int64), ids.shape)
    rows = tables.table("persons", ["person_id", "birth_year", "recorded_at"])
    rows = rows.filter(pc.is_valid(rows.column("birth_year")))
    person, year, recorded = (
        rows.column(name).to_numpy().astype(np.int64) for name in ("person_id", "birth_year", "recorded_at")
    )
    spans = in_force(resolve(person), year, recorded, np.full(len(person), NEVER, dtype=np.int64))
    out = np.full(len(ids), np.nan)
    person, year = resolve(person)[spans.row], year[spans.row]
    year_then = _years(at)
    place = np.searchsorted(person, ids, side="right") - 1
    first = np.searchsorted(person, ids, side="left")
    while True:
        # Back from the last version to the last that was on record and possible: few persons have more than one.
        passed = place >= first
        age = year_then[passed] - year[place[passed]]
        passed[passed] = ~on_record(spans.start[place[passed]], at[passed]) | (age < 0) | (age > OLDEST)
        if not passed.any():
            break
        place[passed] -= 1
    is_recorded = place >= first
    out[is_recorded] = year[place[is_recorded]]
    return out


def may_be_under(birth_year: NDArray[np.float64], as_of: NDArray[np.int64], age: int) -> NDArray[np.bool_]:
    """Mask of the birth years that make it possible to be under ``age`` at the as-of; False for NaN.

    The birthday is not known, so somebody born in 2008 may be 15 until the last day of 2024:

    >>> from threat.asof import parse_as_of
    >>> last_day = np.array([parse_as_of("2024-12-31")] * 4)
    >>> may_be_under(np.array([2009, 2008, 2007, np.nan]), last_day, 16).tolist()
    [True, True, False, False]
    """
    return _years(as_of) - birth_year - 1 < age


def _years(as_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the calendar year of each instant, UTC."""
    return as_of.astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
