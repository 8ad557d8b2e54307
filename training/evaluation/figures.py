"""Measures of a ranking, each with n, events and a cluster-bootstrap interval over subjects.

One row is a relationship at one as-of. A *cycle* is one list: the rows that compete for the same capacity. Rows of one
subject are never treated as independent: a replicate draws subjects with replacement and every row (and every outcome
outside the cohort) of a drawn subject comes with it. Column 0 of every replicate array is the sample itself, so a
figure and its interval come from the same lines of code. All rankings share the draws, so differences are paired.

Ties are exact: rows with equal scores at the cut share the places that are left (the expected value over random orders
of the tied rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_CHUNK = 64
"""Replicates computed at once: keeps the working arrays within the cache's reach and a few hundred MB."""
METHOD = "cluster bootstrap over subjects, percentile 95%"


@dataclass(frozen=True, slots=True)
class Block:
    """A complete test cohort, ready to be measured.

    Of n rows: ``subject`` (person id; negative = unknown, its own cluster), ``cycle``, ``label`` (0 or 1: any outcome
    in the window) and ``credit``: outcome events credited to the row. An event foreseeable from several rows is shared
    out among them, so that every outcome event counts once however many lists could have foreseen it. Of m outcomes
    that no row covers: ``outside_subject``, ``outside_credit``. ``pair_row`` and ``pair_event``: which events (any
    integer keys) each row's window holds; ``outside_event``: the keys of the m outcomes outside.
    """

    subject: NDArray[np.int64]
    cycle: NDArray[np.int64]
    label: NDArray[np.uint8]
    credit: Floats
    pair_row: NDArray[np.int64]
    pair_event: NDArray[np.int64]
    outside_subject: NDArray[np.int64]
    outside_credit: Floats
    outside_event: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.subject)

    @property
    def events(self) -> int:
        """Distinct outcome events, inside the cohort and out."""
        return len(np.unique(np.concatenate([self.pair_event, self.outside_event])))

    @property
    def events_inside(self) -> int:
        """Distinct outcome events that a row's window holds."""
        return len(np.unique(self.pair_event))

    def part(self, keep: NDArray[np.bool_]) -> Block:
        """The rows where ``keep``, without the outcomes outside: for measures within a slice."""
        place = np.cumsum(keep) - 1
        held = keep[self.pair_row]
        return Block(
            self.subject[keep],
            self.cycle[keep],
            self.label[keep],
            self.credit[keep],
            place[self.pair_row[held]],
            self.pair_event[held],
            self.outside_subject[:0],
            self.outside_credit[:0],
            self.outside_event[:0],
        )


@dataclass(frozen=True, slots=True)
class Draws:
    """How often each subject is in each replicate: ``counts`` (subjects, 1 + replicates), column 0 all ones."""

    counts: NDArray[np.int16]
    rows: NDArray[np.int64]
    outside: NDArray[np.int64]

    @classmethod
    def of(cls, block: Block, replicates: int, seed: int) -> Draws:
        """Draw ``replicates`` samples of subjects with replacement."""
        people = np.concatenate([block.subject, block.outside_subject])
        unknown = people < 0
        keys = np.where(unknown, -1 - np.arange(len(people)), people)
        _, index = np.unique(keys, return_inverse=True)
        n = int(index.max()) + 1 if len(index) else 0
        counts = np.ones((n, replicates + 1), dtype=np.int16)
        rng = np.random.default_rng(seed)
        for column in range(1, replicates + 1):
            counts[:, column] = np.bincount(rng.integers(0, n, n), minlength=n)
        return cls(counts, index[: len(block.subject)], index[len(block.subject) :])

    def chunks(self) -> Iterable[slice]:
        """Slices over the replicate columns."""
        total = self.counts.shape[1]
        return (slice(start, min(start + _CHUNK, total)) for start in range(0, total, _CHUNK))

    def weights(self, of: NDArray[np.int64], columns: slice) -> Floats:
        """Replicate counts as float64 for the clusters ``of``: (len(of), columns)."""
        return self.counts[of, columns].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Captured:
    """What lists of ``capacity`` per cycle hold, per replicate (1 + replicates entries each).

    ``events``: credited outcome events; ``positives``: rows with an outcome; ``listed``: places used; ``tied``: in the
    sample, rows whose score equals the score at a cut where not all of them fit.
    """

    capacity: int
    events: Floats
    positives: Floats
    listed: Floats
    tied: int


def _groups(scores: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Order of falling score and, in that order, the last position of each group of equal scores."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) if len(ordered) else np.zeros(0, np.int64)
    return order, last


def capture(block: Block, draws: Draws, scores: Floats, capacities: Iterable[int]) -> list[Captured]:
    """Expected content of each cycle's top ``capacity`` rows by ``scores`` (n; higher = listed first)."""
    sizes = list(capacities)
    width = draws.counts.shape[1]
    events, positives, listed = (np.zeros((len(sizes), width)) for _ in range(3))
    tied = [0] * len(sizes)
    for cycle in np.unique(block.cycle):
        rows = np.flatnonzero(block.cycle == cycle)
        order, last = _groups(scores[rows])
        rows = rows[order]
        group = np.repeat(np.arange(len(last)), np.diff(np.append(-1, last)))
        hits = np.flatnonzero((block.label[rows] > 0) | (block.credit[rows] > 0))
        for which, size in enumerate(sizes):
            if size < len(rows):
                at_cut = int(group[size])
                first = 0 if at_cut == 0 else int(last[at_cut - 1]) + 1
                tied[which] += int(last[at_cut]) + 1 - first if first < size else 0
        for columns in draws.chunks():
            weight = draws.weights(draws.rows[rows], columns)
            total = np.cumsum(weight, axis=0)
            ends = total[last]
            starts = np.vstack([np.zeros((1, ends.shape[1])), ends[:-1]])
            hit_group = group[hits]
            before, held = starts[hit_group], (ends - starts)[hit_group]
            drawn = weight[hits]
            for which, size in enumerate(sizes):
                with np.errstate(invalid="ignore", divide="ignore"):
                    share = np.where(held > 0, np.clip((size - before) / held, 0.0, 1.0), 0.0)
                events[which, columns] += (drawn * share * block.credit[rows[hits], None]).sum(axis=0)
                positives[which, columns] += (drawn * share * block.label[rows[hits], None]).sum(axis=0)
                listed[which, columns] += np.minimum(size, total[-1])
    return [Captured(size, events[i], positives[i], listed[i], tied[i]) for i, size in enumerate(sizes)]


def auc(label: NDArray[np.uint8], scores: Floats, index: NDArray[np.int64], draws: Draws) -> Floats:
    """Area under the ROC curve per replicate: the chance that a row with an outcome outranks one without, ties half."""
    order, last = _groups(scores)
    group = np.repeat(np.arange(len(last)), np.diff(np.append(-1, last)))
    positive = label[order] > 0
    hits = np.flatnonzero(positive)
    out = np.full(draws.counts.shape[1], np.nan)
    if not len(hits) or len(hits) == len(order):
        return out
    for columns in draws.chunks():
        weight = draws.weights(index[order], columns)
        ends = np.cumsum(np.where(positive[:, None], 0.0, weight), axis=0)[last]
        starts = np.vstack([np.zeros((1, ends.shape[1])), ends[:-1]])
        negatives = ends[-1]
        below = negatives - (ends[group[hits]] + starts[group[hits]]) / 2
        credit = weight[hits]
        with np.errstate(invalid="ignore", divide="ignore"):
            out[columns] = (credit * below).sum(axis=0) / (credit.sum(axis=0) * negatives)
    return out


def totals(values: Floats, index: NDArray[np.int64], draws: Draws) -> Floats:
    """Sum of ``values`` (one per row of ``index``) per replicate."""
    by_cluster = np.bincount(index, weights=values, minlength=len(draws.counts))
    return np.asarray(by_cluster, np.float64) @ draws.counts.astype(np.float64)


def ratio(above: Floats, below: Floats) -> Floats:
    """``above / below``, NaN where there is nothing below."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, above / below, np.nan)


def figure(
    name: str,
    title: str,
    replicates: Floats,
    *,
    n: int,
    events: int,
    method: str = METHOD,
    by: Mapping[str, Any] | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """A Figure (``docs/architecture.md``) from a replicate array: column 0 the value, the rest its interval.

    The value is null, with a reason, when it is undefined. The interval is null when more than one replicate in twenty
    is undefined (too few outcomes to resample).
    """
    value = float(replicates[0])
    defined = np.isfinite(replicates[1:])
    interval = None
    if np.isfinite(value) and len(defined) and defined.mean() >= 0.95:
        lo, hi = np.percentile(replicates[1:][defined], [2.5, 97.5])
        interval = [float(lo), float(hi)]
    if not np.isfinite(value):
        reason = reason or ("no outcomes in the window" if events == 0 else "not defined for these rows")
    elif interval is None and len(defined):
        reason = reason or "too few outcomes for an interval"
    document: dict[str, Any] = {
        "name": name,
        "title": title,
        "value": value if np.isfinite(value) else None,
        "n": int(n),
        "events": int(events),
        "interval": interval,
        "method": method if interval else "sample value",
        "slice": dict(by or {}),
    }
    if reason:
        document["reason"] = reason
    return document
