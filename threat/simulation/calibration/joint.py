"""How often and how badly at once, as a force's records show it: what severe harm follows how many incidents.

A row is one pair at one cut, with what was on record of it then; the cuts are a quarter apart. A pair that is on record
for long has many rows, as it has in a table of relationship-months.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation.calibration.frames import YEAR, ForceRecords

PRIOR_COUNTS = {"0": (0, 0.0), "1": (1, 1.0), "2": (2, 2.0), "3_4": (3, 4.0), "5": (5, math.inf), "many": (3, math.inf)}
"""Groups of rows by incidents in the year before the cut: least and greatest count."""
_STEP = 91 * DAY
"""Seconds between cuts."""
_HORIZON = 180 * DAY
"""Seconds after a cut in which further violence, and severe harm, is counted."""
_SIGNS = (
    ("non_fatal_strangulation", "strangulation_reported"),
    ("threat_to_kill",),
    ("weapon_used", "weapon_threatened"),
    ("stalking",),
    ("coercive_control",),
    ("hospital_admission",),
)
"""Warning signs of a pair: kinds of which one is on record of one of its incidents."""
_OFTEN = 3
"""Incidents in the year before a cut from which on their number is a warning sign."""


def joint_figures(records: ForceRecords) -> dict[str, float]:
    """Return the figures of ``targets.csv`` that tie how often to how badly, by name."""
    cuts = range(records.start + YEAR, records.end - _HORIZON + 1, _STEP)
    # The end is a cut that nothing can follow: the shortest of forces has rows too.
    rows = pd.concat([rows_at(records, cut) for cut in (*cuts, records.end)], ignore_index=True)
    followed = rows[rows["followed"]]
    shares = severe_shares(rows)
    many, none = shares.pop("severe_share_many"), shares["severe_share_0"]
    return {
        **shares,
        "severe_share_many": many / none if none else math.nan,
        "deadly_auc": auc(followed["signs"].to_numpy(), followed["deadly"].to_numpy(bool)),
    }


def severe_shares(rows: pd.DataFrame) -> dict[str, float]:
    """Return the share of severe among violent rows, by incidents in the year before, as ``severe_share_0`` and so on.

    ``rows``: ``prior`` (incidents in the year before), ``violent`` and ``severe`` (in the 180 days after). A severe
    incident is violent too. NaN where no row of a group is violent.

    >>> rows = pd.DataFrame({"prior": [0, 0, 0, 7, 7], "violent": [1, 1, 0, 1, 1], "severe": [1, 0, 0, 0, 0]})
    >>> shares = severe_shares(rows)
    >>> shares["severe_share_0"], shares["severe_share_5"]
    (0.5, 0.0)
    """
    out = {}
    for name, (first, last) in PRIOR_COUNTS.items():
        group = rows[rows["prior"].between(first, last)]
        violent = int(group["violent"].sum())
        out[f"severe_share_{name}"] = float(group["severe"].sum()) / violent if violent else math.nan
    return out


def rows_at(records: ForceRecords, cut: int) -> pd.DataFrame:
    """Return a row for every pair on record at a cut: what was on record of it then, and what followed.

    ``prior``: incidents in the year before. ``signs``: how many of eight warning signs are on record of its incidents
    (strangulation, a threat to kill, a weapon, stalking, coercive control, a hospital admission, severe harm, three
    incidents or more in the year before). ``violent``, ``severe``: in the 180 days after; ``deadly``: in the year
    after, which ``followed`` says is whole.
    """
    incidents = records.incidents
    pair, occurred = incidents["pair"].to_numpy(), incidents["occurred_at"].to_numpy()
    on_record = incidents["recorded_at"].to_numpy() < cut
    n = int(pair.max()) + 1 if len(pair) else 0

    def of_pairs(which: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(pair[which], minlength=n)

    prior = of_pairs(on_record & (occurred >= cut - YEAR))
    soon = (occurred >= cut) & (occurred < cut + _HORIZON)
    year = (occurred >= cut) & (occurred < cut + YEAR)
    signs = (of_pairs(on_record & incidents["severe"].to_numpy()) > 0).astype(np.int64) + (prior >= _OFTEN)
    for kinds in _SIGNS:
        marks = records.of_kind(*kinds)
        marked = incidents.index.isin(marks.loc[marks["recorded_at"] < cut, "incident_id"])
        signs += of_pairs(on_record & marked) > 0
    columns: dict[str, Any] = {
        "prior": prior,
        "signs": signs,
        "violent": of_pairs(soon & incidents["violent"].to_numpy()) > 0,
        "severe": of_pairs(soon & incidents["severe"].to_numpy()) > 0,
        "deadly": of_pairs(year & incidents["deadly"].to_numpy()) > 0,
        "followed": np.full(n, cut + YEAR <= records.end),
    }
    return pd.DataFrame(columns)[of_pairs(on_record) > 0]


def auc(score: NDArray[Any], label: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve with ties counted half; NaN without both classes.

    >>> auc(np.array([1.0, 2.0, 2.0]), np.array([False, False, True]))
    0.75
    """
    positive = int(label.sum())
    if positive in (0, len(label)):
        return math.nan
    ranks = pd.Series(score).rank().to_numpy()
    return float((ranks[label].sum() - positive * (positive + 1) / 2) / (positive * (len(label) - positive)))
