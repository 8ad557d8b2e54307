"""How long lists are: the places on each, the ladder of lengths that recall is averaged over, and who is listed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MULTIPLES = (0.25, 0.5, 1, 2, 4)
"""Lengths of list around the unit's capacity: their mean recall depends less on who happens to be at one cut."""

_MULTIPLES_OF_SHARE = (0.25, 0.5, 1, 1.5, 2)
"""The same where a length is a share of the list: 5, 10, 20, 30 and 40% of it around 20%. Four times a fifth of the
list would hold nearly everybody, and tell no ranking from another."""


@dataclass(frozen=True, slots=True)
class ListLength:
    """``places`` on each list. ``share``: of the rows of the mean list, where the length was given so; else None."""

    places: int
    share: float | None = None

    @classmethod
    def of_share(cls, share: float, rows: int, lists: int) -> ListLength:
        """Places that are a share of the mean list's rows, rounded, at least 1.

        >>> ListLength.of_share(0.2, rows=2_112, lists=12).places  # lists of 176 rows
        35
        """
        return cls(max(1, round(share * rows / max(1, lists))), share)

    @property
    def ladder(self) -> list[int]:
        """k/4, k/2, k, 2k, 4k; of a share k/4, k/2, k, 1.5k, 2k (rounded, at least 1, without repeats), rising.

        >>> ListLength(50).ladder, ListLength(1).ladder, ListLength(40, share=0.2).ladder
        ([12, 25, 50, 100, 200], [1, 2, 4], [10, 20, 40, 60, 80])
        """
        multiples = _MULTIPLES if self.share is None else _MULTIPLES_OF_SHARE
        return sorted({max(1, round(self.places * multiple)) for multiple in multiples})

    @property
    def words(self) -> str:
        """The length in words.

        >>> ListLength(50).words, ListLength(35, share=0.2).words
        ('50', '35 (20% of a list)')
        """
        return f"{self.places:,}" + ("" if self.share is None else f" ({self.share:.0%} of a list)")


def listed(scores: NDArray[np.float64], cycle: NDArray[np.int64], capacity: int) -> NDArray[np.bool_]:
    """Mask of the rows for review on each cycle's list of ``capacity``: those that share the last place all stay in.

    So does the list at the desk (``threat.lists.ScoredList.selected``), and no numbering decides who is on it.

    >>> listed(np.array([5.0, 5.0, 9.0, 1.0]), np.array([0, 0, 0, 0]), 2).tolist()
    [True, True, True, False]
    """
    out = np.zeros(len(scores), bool)
    for number in np.unique(cycle):
        rows = np.flatnonzero(cycle == number)
        last = np.sort(scores[rows])[::-1][:capacity][-1:]
        out[rows] = scores[rows] >= (last if len(last) else np.inf)
    return out
