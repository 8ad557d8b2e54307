"""Two orders of the same rows: the places that both fill, and the rows that move on and off the lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from threat.history.sightings import Rows
from threat.measuring.ranked import Floats, Ints, Labelled, Ranked
from threat.measuring.resampling import places_of
from threat.release.documents.champion import Moved, Overlap


def overlaps(challenger: Ranked, champion: Ranked, lengths: Sequence[int]) -> tuple[Overlap, ...]:
    """Return, by length of list, the share of places that both orders fill with the same row.

    Plain shares, not corrected for chance: two orders of 100 rows that know nothing share 20% of lists of 20.

    >>> rows = Labelled.of(label=[1, 0, 0, 0], cycle=[0, 0, 1, 1])
    >>> orders = [Ranked(rows=rows, score=np.array(scores)) for scores in ([2.0, 1, 2, 1], [1.0, 2, 2, 1])]
    >>> [(overlap.share, overlap.by_list) for overlap in overlaps(*orders, [1, 2])]
    [(0.5, (0.0, 1.0)), (1.0, (1.0, 1.0))]
    """
    cycle = challenger.rows.cycle
    out = []
    for length in lengths:
        of_challenger, of_champion = places_of(challenger, length), places_of(champion, length)
        masks = [cycle == number for number in np.unique(cycle)]
        by_list = tuple(_both(of_challenger[rows], of_champion[rows]) for rows in masks)
        out.append(Overlap(places=length, share=_both(of_challenger, of_champion), by_list=by_list))
    return tuple(out)


def _both(of_challenger: Floats, of_champion: Floats) -> float:
    # Both fill equally many places; their mean makes the share of two equal orders exactly 1, parts of places included.
    return float(2 * np.minimum(of_challenger, of_champion).sum() / (of_challenger.sum() + of_champion.sum()))


def moved(places: Floats, labelled: Labelled, rows: Rows) -> Moved:
    """Count what moved: ``places`` (n) is how much of a place each row gained, or lost, and 0 for every other row."""
    some = places > 0
    return Moved(
        places=float(places.sum()),
        relationships=len(np.unique(rows.relationship_id[some])),
        subjects=len(np.unique(rows.subject[some])),
        rows_with_outcome=float((places * labelled.hit).sum()),
        events=float((places * labelled.credit).sum()),
    )


def ranks(score: Floats, cycle: Ints) -> Ints:
    """Return the place of each row on its own list, from 1; rows with equal scores share the first of their places.

    >>> ranks(np.array([5.0, 9.0, 5.0, 1.0, 7.0]), np.array([0, 0, 0, 0, 1])).tolist()
    [2, 1, 2, 4, 1]
    """
    out = np.zeros(len(score), np.int64)
    for number in np.unique(cycle):
        rows = np.flatnonzero(cycle == number)
        falling = -score[rows]
        out[rows] = np.searchsorted(np.sort(falling), falling) + 1
    return out


def highest(places: Floats, rank: Ints, relationship: Ints, most: int) -> NDArray[np.intp]:
    """Return the positions of the rows that moved by a whole place and rank highest, at most so many.

    Of a relationship that moved on several lists, the row that ranks highest alone.
    """
    whole = np.flatnonzero(places >= 1)
    falling = whole[np.argsort(rank[whole], kind="stable")]
    firsts = np.sort(np.unique(relationship[falling], return_index=True)[1])
    return falling[firsts[:most]]
