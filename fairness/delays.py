"""Outcomes of a group that are entered later than others': what a test holds of them by now is not all there will be.

Outcomes of the first half of the lists have had time to be entered, so their delays, from when an outcome happened
until it was on record, say what share of the second half's can be on record by the end of the history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fairness.thresholds import CLEAR, FEW, LEVEL
from threat.asof import DAY
from threat.measuring.by_group import Grouping
from threat.measuring.ranked import Floats, Ints

_MOMENTS = 64
"""Moments of the second half at which the share that can be on record is asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """When each outcome happened and when it was entered, UTC seconds, and whose it was: int64 each.

    ``row``: of the rows that could have foreseen it one, or -1; ``outside``: its place among the outcomes that no row
    could, or -1.
    """

    row: Ints
    outside: Ints
    happened: Ints
    entered: Ints

    def groups(self, grouping: Grouping) -> Ints:
        """Number of the group of each outcome."""
        out = np.full(len(self.row), -1)
        inside = self.row >= 0
        out[inside], out[~inside] = grouping.row[self.row[inside]], grouping.outside[self.outside[~inside]]
        return out

    def timely(self) -> tuple[NDArray[np.bool_], Floats]:
        """Return which outcomes happened in the first half, and how often the delay of each leaves it in time.

        In time: entered within the history, which ends with the last entry, had it happened at a moment of the second
        half.

        >>> entries = Entries(np.arange(3), np.full(3, -1), np.array([0, 0, 100]), np.array([0, 70, 101]))
        >>> first, share = entries.timely()
        >>> first.tolist(), share.round(1).tolist()  # 70 after it happened: in time for moments up to 31, and for none
        ([True, True, False], [1.0, 0.0, 1.0])
        """
        begin, end = int(self.happened.min()), int(self.happened.max())
        middle = (begin + end) / 2
        left = np.sort(int(self.entered.max()) - np.linspace(middle, end, _MOMENTS))
        in_time = len(left) - np.searchsorted(left, self.entered - self.happened, "left")
        return self.happened <= middle, in_time / len(left)


def entered_late(entries: Entries, grouping: Grouping, recorded: NDArray[np.bool_]) -> Iterator[tuple[int, str]]:
    """Yield each group whose outcomes are entered so late that others are clearly more complete, with the counts.

    A z-test of the mean share in time, on the outcomes of the first half.
    """
    if len(entries.row) < 2 * FEW:
        return
    group = entries.groups(grouping)
    first, in_time = entries.timely()
    days = (entries.entered - entries.happened) / DAY
    for i in range(len(recorded)):
        mine, others = (np.flatnonzero(first & part) for part in (group == i, (group != i) & recorded[group]))
        if min(len(mine), len(others)) < FEW:
            continue
        share, share_others = float(in_time[mine].mean()), float(in_time[others].mean())
        error = np.sqrt(in_time[np.append(mine, others)].var() * (1 / len(mine) + 1 / len(others)))
        if share * CLEAR > share_others or (share - share_others) / error > NormalDist().inv_cdf(LEVEL / len(recorded)):
            continue
        late, of_others = (float(np.median(days[part])) for part in (mine, others))
        words = (
            f"entered {late:,.0f} days after they happened, of others {of_others:,.0f} (medians of {len(mine):,} and "
            f"{len(others):,} outcomes of the first half); of the second half some {share:.0%} can be on record by "
            f"now, of others {share_others:.0%}"
        )
        yield i, words
