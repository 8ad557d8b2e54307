"""Which label windows hold an outcome: the boundary rule of ``threat.asof`` for what lasts and is recorded late.

A module of its own, because the rule takes the larger of arrays: ``threat.asof`` is read by every command, ``threat
--help`` among them, and NumPy would make each of them wait.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from threat.asof import DAY


def label_as_ofs(occurred_at: Any, end_at: Any, recorded_at: Any, days: float) -> tuple[Any, Any]:
    """Return the first and the last as-of whose label window holds an outcome, both of them included.

    The outcome lasts from ``occurred_at`` until just before ``end_at``. A window holds an outcome that begins in the
    window, and an outcome that began before, is not over, and was not yet on record. So every as-of from the first on
    is of exactly one sort: the window holds the outcome (up to the last), or the outcome was over and not yet on record
    (``late_as_ofs``), or it was on record (every later as-of).

    An outcome known by its day alone, from second 100 to second 110, looked for 20 seconds ahead:

    >>> recorded_at = np.array([104, 130])  # before the day was over, and later
    >>> _, last = label_as_ofs(100, 110, recorded_at, 20 / DAY)
    >>> last.tolist(), [span.tolist() for span in late_as_ofs(100, 110, recorded_at)]
    ([104, 109], [[105, 110], [104, 130]])
    """
    return occurred_at - int(days * DAY) + 1, np.maximum(occurred_at, np.minimum(end_at - 1, recorded_at))


def late_as_ofs(occurred_at: Any, end_at: Any, recorded_at: Any) -> tuple[Any, Any]:
    """Return the first and the last as-of at which an outcome was over and not yet on record, both of them included.

    There is none where the first is after the last: the outcome was on record before it was over.
    """
    return label_as_ofs(occurred_at, end_at, recorded_at, 0)[1] + 1, recorded_at


def holds_outcome(occurred_at: Any, end_at: Any, recorded_at: Any, as_of: Any, days: float) -> Any:
    """Mask of the outcomes that the label window of an as-of holds; the rule is that of ``label_as_ofs``."""
    first, last = label_as_ofs(occurred_at, end_at, recorded_at, days)
    return (as_of >= first) & (as_of <= last)
