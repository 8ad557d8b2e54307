"""Age at the as-of in bands, and bands of counts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from fairness.groups.parties import Ids, resolve
from threat.asof import instant
from threat.history.persons import OLDEST, BirthRows
from threat.history.snapshot import Snapshot
from threat.measuring.ranked import Floats

NOTE = (
    "from the year of birth on record at the as-of, or else recorded later; a year that nobody of the time can have is "
    "not recorded"
)


def age_bands(snapshot: Snapshot, ids: Ids, as_of: Ids, lower: tuple[int, ...]) -> pd.Series:
    """Band of each person's age at the as-of, by the year alone; None where no possible year of birth is recorded.

    The year on record at the as-of, else the latest recorded since: most of those whom no list covered had nothing on
    record yet, and without the later year the group *not recorded* would be the people whom no list can hold.
    ``ids``: as ``resolve`` gives them. ``lower``: the lower ends of the bands, in years.
    """
    times, index = np.unique(as_of, return_inverse=True)
    year = np.array([instant(int(at)).year for at in times], dtype=np.float64)[index]
    rows = BirthRows.read(snapshot).known_as(lambda recorded: resolve(snapshot, recorded))
    years = np.append(rows.birth_year.astype(np.float64), np.nan)
    born = years[rows.latest(ids, as_of)]
    if len(rows.recorded_at):
        born = np.where(np.isnan(born), years[rows.latest(ids, rows.recorded_at.max() + 1)], born)
    age = year - born
    return banded(np.where((age >= 0) & (age <= OLDEST), age, np.nan), lower)


def banded(values: Floats, lower: tuple[int, ...]) -> pd.Series:
    """Bands by lower ends; missing for NaN.

    >>> banded(np.array([17.0, 18.0, 24.0, 25.0, 65.0, np.nan]), (18, 25, 65)).dropna().tolist()
    ['under 18', '18-24', '18-24', '25-64', '65 or over']
    """
    names = [f"under {lower[0]}"]
    names += [str(start) if end == start + 1 else f"{start}-{end - 1}" for start, end in pairwise(lower)]
    names.append(f"{lower[-1]} or over")
    bands = pd.Series(np.array(names, dtype=object)[np.searchsorted(lower, np.nan_to_num(values), side="right")])
    return bands.where(~np.isnan(values), None)
