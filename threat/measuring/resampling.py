"""Draws of persons with replacement, and what the lists hold in each replicate, ties at the cut shared.

Rows of one person are not independent, so a replicate draws persons with replacement: every row of a drawn person, and
every event outside of a drawn person, comes along as often as the person was drawn, and the lists are ranked and cut
anew. Column 0 of every replicate array is the sample itself, so a figure and its interval come from the same lines of
code. Rankings that share the draws can be compared in pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threat.measuring.ranked import Floats, Ints, Order, Ranked

_WIDTH = 64
"""Replicates computed at once: a row's counts are then one cache line of 64 bytes."""
_CELLS = 16_000_000
"""Most cells of a working array (128 MB of float64): fewer replicates are computed at once for more rows than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How often to resample, and the seed of the draws: the same two give the same draws everywhere."""

    replicates: int
    seed: int


@dataclass(frozen=True, slots=True)
class Draws:
    """How often each person is in each replicate: ``counts`` (persons, columns); of the whole, column 0 is all ones.

    A person is in a replicate about as often as a Poisson variable of mean 1 says, so 8 bits are plenty.
    """

    counts: NDArray[np.uint8]

    @classmethod
    def of(cls, persons: int, resampling: Resampling) -> Draws:
        """All columns at once: the sample, then ``replicates`` draws.

        >>> Draws.of(3, Resampling(replicates=2, seed=1)).counts.tolist()
        [[1, 0, 2], [1, 2, 0], [1, 1, 1]]
        """
        return cls(np.hstack([piece.counts for piece in cls.pieces(persons, resampling)]))

    @classmethod
    def pieces(cls, persons: int, resampling: Resampling, width: int = _WIDTH) -> Iterator[Draws]:
        """The same columns in pieces of at most ``width``, for data too large to hold all counts at once."""
        random = np.random.default_rng(resampling.seed)
        total = resampling.replicates + 1
        for start in range(0, total, width):
            block = np.ones((min(width, total - start), persons), np.uint8)
            for column in range(len(block)):
                if start + column > 0 and persons:
                    drawn = random.integers(0, persons, persons)
                    block[column] = np.bincount(drawn, minlength=persons)
            yield cls(np.ascontiguousarray(block.T))

    @property
    def columns(self) -> int:
        """The sample and the replicates, counted."""
        return self.counts.shape[1]

    def chunks(self, rows: int = 0) -> Iterator[slice]:
        """Slices over the columns, narrow enough that (``rows``, columns) is within reach of memory."""
        width = width_for(rows)
        return (slice(start, min(start + width, self.columns)) for start in range(0, self.columns, width))

    def weights(self, person: Ints, columns: slice) -> Floats:
        """Copies of rows of these persons as float64: (len(person), columns)."""
        return self.counts[person, columns].astype(np.float64)


def width_for(rows: int) -> int:
    """Columns to compute at once for arrays of so many rows."""
    return max(1, min(_WIDTH, _CELLS // max(1, rows)))


@dataclass(frozen=True, slots=True)
class Listing:
    """What the lists of one length hold.

    ``rows`` (r): row numbers; a row that takes no place in any column may be absent. ``places`` (r, columns): how many
    places each row takes. ``used`` (columns): how many are taken in all.
    """

    rows: Ints
    places: Floats
    used: Floats


def listing(ranked: Ranked, draws: Draws, capacity: float, columns: slice = slice(None)) -> Listing:
    """Fill every list's ``capacity`` places in each column, in the order of the ranking.

    A row takes as many places as it has copies. Rows with equal scores at the cut share the places that are left in
    proportion to their copies: the expected content over random orders of the tied rows.

    >>> from threat.measuring.ranked import Labelled
    >>> ranked = Ranked(rows=Labelled.of(label=[1, 0, 1, 0]), score=np.array([9.0, 5.0, 5.0, 1.0]))
    >>> sample = Draws.of(4, Resampling(replicates=0, seed=1))
    >>> listing(ranked, sample, 2).places[:, 0].tolist()  # one place is left for the two rows that score 5
    [1.0, 0.5, 0.5, 0.0]
    """
    order = ranked.order
    width = draws.counts[:, columns].shape[1]
    rows, places, used = [np.zeros(0, np.int64)], [np.zeros((0, width))], np.zeros(width)
    for start, end in order.lists:
        stop, copies, total = _reach(order, (start, end), ranked.rows.person, draws.counts[:, columns], capacity)
        # Ties are numbered from 0 within this list; `last` is the position of the last row of each.
        last = np.unique(order.tie_end[start:stop]) - 1 - start
        filled = total[last]
        before = np.vstack([np.zeros((1, filled.shape[1])), filled[:-1]])
        tied = filled - before
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(tied > 0, np.clip((capacity - before) / tied, 0.0, 1.0), 0.0)
        if len(last) < len(copies):
            share = np.repeat(share, np.diff(np.append(-1, last)), axis=0)
        rows.append(order.rows[start:stop])
        places.append(copies * share)
        used += np.minimum(capacity, total[-1])
    return Listing(np.concatenate(rows), np.concatenate(places), used)


def places_of(ranked: Ranked, capacity: float) -> Floats:
    """Return how much of a place each row of the sample takes on lists of ``capacity``, float64[n].

    >>> from threat.measuring.ranked import Labelled
    >>> places_of(Ranked(rows=Labelled.of(label=[1, 0, 0, 0]), score=np.array([9.0, 5.0, 5.0, 1.0])), 2).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    content = listing(ranked, Draws.of(ranked.rows.persons, Resampling(replicates=0, seed=0)), capacity)
    out = np.zeros(len(ranked))
    out[content.rows] = content.places[:, 0]
    return out


def _reach(
    order: Order, bounds: tuple[int, int], person: Ints, counts: NDArray[np.uint8], capacity: float
) -> tuple[int, Floats, Floats]:
    """Find how far down one list the places reach: the end position, copies, and running total of copies.

    Rows further down take no place in any column. A replicate holds each row once on average, so a little over
    ``capacity`` rows are tried first, and twice as many until every column has filled its places or the list ends.
    """
    start, end = bounds
    tried = int(min(capacity * 1.25 + 64, end - start))
    while True:
        stop = min(end, start + tried)
        stop = int(order.tie_end[stop - 1]) if stop > start else stop
        copies = counts[person[order.rows[start:stop]]].astype(np.float64)
        total = np.cumsum(copies, axis=0)
        if stop == end or total[-1].min(initial=np.inf) >= capacity:
            return stop, copies, total
        tried *= 2


@dataclass(frozen=True, slots=True)
class Captured:
    """What lists of ``capacity`` places hold, per column (1 + replicates entries each).

    ``events``: credited outcome events; ``positives``: rows with an outcome; ``listed``: places used by rows that count
    (``Labelled.left_out`` says which do not); ``tied``: rows of the sample that share places at a cut.
    """

    capacity: float
    events: Floats
    positives: Floats
    listed: Floats
    tied: int


def capture(ranked: Ranked, draws: Draws, capacity: float) -> Captured:
    """Expected content of the first ``capacity`` places of every list, cut before any row is left out.

    >>> from threat.measuring.ranked import Labelled
    >>> ranked = Ranked(rows=Labelled.of(label=[1, 0, 1, 0]), score=np.array([9.0, 5.0, 5.0, 1.0]))
    >>> sample = Draws.of(4, Resampling(replicates=0, seed=1))
    >>> found = capture(ranked, sample, 2)
    >>> found.events.tolist(), found.listed.tolist(), found.tied
    ([1.5], [2.0], 2)

    The first row takes its place, and is left out of what is counted; nobody moves up:

    >>> rows = Labelled.of(label=[1, 0, 1, 0], credit=[0, 0, 1, 0], left_out=[True, False, False, False])
    >>> found = capture(Ranked(rows=rows, score=ranked.score), sample, 2)
    >>> found.events.tolist(), found.listed.tolist(), found.tied
    ([0.5], [1.0], 2)
    """
    data = ranked.rows
    events, positives, listed = (np.zeros(draws.columns) for _ in range(3))
    tied = 0
    label = np.where(data.hit, 1.0, 0.0)
    for columns in draws.chunks(min(len(data), int(capacity * 2) * max(1, len(ranked.order.lists)))):
        content = listing(ranked, draws, capacity, columns)
        # Few rows have an outcome, and few are left out: only those are weighed.
        left_out = np.flatnonzero(data.left_out[content.rows])
        some = np.flatnonzero((label[content.rows] > 0) | (data.credit[content.rows] > 0))
        places, rows = content.places[some], content.rows[some]
        events[columns] = (places * data.credit[rows, None]).sum(axis=0)
        positives[columns] = (places * label[rows, None]).sum(axis=0)
        listed[columns] = content.used - content.places[left_out].sum(axis=0)
        if columns.start == 0:  # column 0 is the sample
            tied = shared_places(content)
    return Captured(capacity, events, positives, listed, tied)


def shared_places(content: Listing) -> int:
    """Rows of the sample (column 0) that take part of a place: those that tie at a cut."""
    sample = content.places[:, 0]
    return int(np.count_nonzero((sample > 0) & (sample < 1)))


def auc(ranked: Ranked, draws: Draws) -> Floats:
    """Area under the ROC curve per column: the chance that a row with an outcome outranks one without, ties half.

    All lists together; NaN where either kind of row is missing. Rows without a known outcome or a score are left out.

    >>> from threat.measuring.ranked import Labelled
    >>> ranked = Ranked(rows=Labelled.of(label=[0, 1, 0, 1]), score=np.array([1.0, 2.0, 2.0, 3.0]))
    >>> auc(ranked, Draws.of(4, Resampling(replicates=0, seed=1))).tolist()
    [0.875]
    """
    return areas(ranked, draws)[0]


def average_precision(ranked: Ranked, draws: Draws) -> Floats:
    """Area under precision and recall per column: over rows with an outcome, the mean precision down to their score.

    All lists together; NaN where no row has an outcome. A row that ties counts all that tie with it as listed. An order
    that knows nothing comes to the prevalence.

    >>> from threat.measuring.ranked import Labelled
    >>> ranked = Ranked(rows=Labelled.of(label=[0, 1, 0, 1]), score=np.array([1.0, 2.0, 2.0, 3.0]))
    >>> average_precision(ranked, Draws.of(4, Resampling(replicates=0, seed=1))).round(3).tolist()  # (1/1 + 2/3) / 2
    [0.833]
    """
    return areas(ranked, draws)[1]


def areas(ranked: Ranked, draws: Draws) -> tuple[Floats, Floats]:
    """Return ``auc`` and ``average_precision`` per column, of one pass over the rows."""
    under_roc, under_precision = np.full((2, draws.columns), np.nan)
    for columns, ties in _weights_by_tie(ranked, draws):
        positives = ties.positive.sum(axis=0)
        negatives = ties.everything - positives
        tied = ties.tied - ties.positive
        above = ties.above - (np.cumsum(ties.positive, axis=0) - ties.positive)
        with np.errstate(invalid="ignore", divide="ignore"):
            below = ties.positive * (negatives - above - tied / 2)
            under_roc[columns] = below.sum(axis=0) / (positives * negatives)
            precision = np.nan_to_num(np.cumsum(ties.positive, axis=0) / (ties.above + ties.tied))
            under_precision[columns] = (ties.positive * precision).sum(axis=0) / positives
    return under_roc, under_precision


@dataclass(frozen=True, slots=True)
class _TieWeights:
    """Copies of rows at each of t scores that a row with an outcome has, highest first, in some columns.

    ``positive``: with an outcome, ``tied``: with this score, ``above``: with a higher score (t, columns each).
    ``everything``: copies of all rows that have a known outcome and a score (columns).
    """

    positive: Floats
    tied: Floats
    above: Floats
    everything: Floats


def _weights_by_tie(ranked: Ranked, draws: Draws) -> Iterator[tuple[slice, _TieWeights]]:
    """Yield the weights of all lists together, piece by piece of the columns; nothing without an outcome.

    Only the few scores at which some row has an outcome decide an area, so rows are added up between those scores: one
    product of a sparse matrix and the counts, where running totals over every row took ten times as long.
    """
    from scipy.sparse import csr_matrix

    data = ranked.rows
    usable = np.flatnonzero(data.has_known_label & ~np.isnan(ranked.score))
    hits = usable[data.hit[usable]]
    if not len(hits):
        return
    scores = np.unique(ranked.score[hits])
    # Twice the number of these scores above a row's, less 1 at one of them: even in a gap, odd in a tie.
    above, upto = (len(scores) - np.searchsorted(scores, ranked.score[usable], side=side) for side in ("right", "left"))
    person, persons = data.person[usable], len(draws.counts)

    def adding(rows: Ints, to: Ints, sums: int) -> csr_matrix:
        return csr_matrix((np.ones(len(rows)), (to, rows)), shape=(sums, persons))

    by_stretch = adding(person, above + upto, 2 * len(scores) + 1)
    of_hits = data.hit[usable]
    by_tie = adding(person[of_hits], above[of_hits], len(scores))
    for columns in draws.chunks(persons + 3 * by_stretch.shape[0]):
        counts = draws.counts[:, columns].astype(np.float64)
        stretches = by_stretch @ counts
        total = np.cumsum(stretches, axis=0)
        yield columns, _TieWeights(by_tie @ counts, stretches[1::2], total[:-1:2], total[-1])


def totals(values: Floats, person: Ints, draws: Draws) -> Floats:
    """Sum of ``values`` (each of a row or event of ``person``) per column."""
    by_person = np.bincount(person, weights=values, minlength=len(draws.counts))
    some = np.flatnonzero(by_person)
    return np.asarray(by_person[some] @ draws.counts[some].astype(np.float64))


def ratio(above: Floats, below: Floats) -> Floats:
    """``above / below``; NaN where nothing is below."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)
