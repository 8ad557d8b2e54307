"""How much was on record about a person before the list was made: people with few records are harder to rank."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fairness.groups.age import banded
from fairness.groups.parties import Ids, resolve
from threat.asof import how_many_on_record
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import position

NOTE = "records about this person that were visible at the as-of; people with few are harder to rank"

_SPAN = np.int64(1) << 34
"""Seconds: later than any recorded_at (the year 2514), so that one sorted key holds person and time."""


def record_bands(snapshot: Snapshot, ids: Ids, as_of: Ids, lower: tuple[int, ...]) -> pd.Series:
    """Band of the number of records visible at the as-of in which the person is a party or the subject matter.

    ``none`` for no record at all; None for a person who is not known.
    """
    first = _first_seen(snapshot)
    people, code = np.unique(first["person"].to_numpy(), return_inverse=True)
    key = np.sort(code.astype(np.int64) * _SPAN + first["recorded_at"].to_numpy(dtype=np.int64))
    place = position(ids, people)
    has_any = place >= 0
    start = np.where(has_any, place, 0) * _SPAN
    # Both sides of the comparison are moved by the person's share of the key, so the rule of time holds within it.
    visible = how_many_on_record(key, start + as_of) - np.searchsorted(key, start)
    count = np.where(ids >= 0, np.where(has_any, visible, 0), np.nan)
    return banded(count, lower).where(~(count == 0), "none").where(ids >= 0, None)


def _first_seen(snapshot: Snapshot) -> pd.DataFrame:
    """Table of a row per person and record: ``person``, ``record_id``, and when the record was first written down."""
    parts = ["subject_id", "person_at_risk_id", "person_id"]
    events = snapshot.table("events", [*parts, "record_id", "recorded_at"]).to_pandas()
    mentions = pd.concat(
        [
            events[[part, "record_id", "recorded_at"]].rename(columns={part: "person"}).dropna(subset=["person"])
            for part in parts
        ]
    )
    mentions["person"] = resolve(snapshot, mentions["person"].to_numpy(dtype=np.int64))
    return (
        mentions[mentions["person"] >= 0]
        .groupby(["person", "record_id"], sort=False)["recorded_at"]
        .min()
        .reset_index()
    )
