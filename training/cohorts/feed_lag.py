"""The feed's lag: a live list sees a record only some time after the force recorded it, so a training must too."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from threat.history.sightings import Sightings
from threat.history.snapshot import Snapshot


def feed_lags(snapshot: Snapshot) -> dict[str, int]:
    """Seconds from ``recorded_at`` until a record usually reaches us, by source system: the longest of its batches."""
    table = snapshot.query(
        "SELECT source_system, max(feed_lag_seconds) AS lag FROM events JOIN batches USING (batch_id) "
        "GROUP BY 1 ORDER BY 1"
    )
    return dict(zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True))


def delayed(sightings: Sightings, lags: Mapping[str, int]) -> Sightings:
    """The sightings as they would have reached us: records and withdrawals visible later by their source's lag."""
    by_source = np.array([lags.get(name, 0) for name in sightings.source_names], np.int64)
    if not by_source.any():
        return sightings
    return sightings.delayed(by_source)
