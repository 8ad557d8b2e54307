"""Age at the as-of in bands, and bands of counts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from fairness.groups.parties import Ids, resolve
from threat.asof import instant
from threat.history.persons import birth_years
from threat.history.snapshot import Snapshot
from threat.measuring.ranked import Floats

NOTE = "from the year of birth on record at the as-of; a year that nobody of the time can have is not recorded"


def age_bands(snapshot: Snapshot, ids: Ids, as_of: Ids, lower: tuple[int, ...]) -> pd.Series:
    """Band of each person's age at the as-of, by the year alone; None where no possible year of birth was on record.

    ``ids``: as ``resolve`` gives them. ``lower``: the lower ends of the bands, in years.
    """
    times, index = np.unique(as_of, return_inverse=True)
    year = np.array([instant(int(at)).year for at in times], dtype=np.float64)[index]
    return banded(year - birth_years(snapshot, ids, as_of, lambda recorded: resolve(snapshot, recorded)), lower)


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
