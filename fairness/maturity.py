"""Outcomes of a group that are not on record yet, or never will be: unknown, missing on some lists, or off the list.

An outcome that nobody recorded looks like none, and what is missing off the list makes recall look better than it is.
Three traces remain in what is audited: outcomes left unknown; outcomes of the group that fall away on a stretch of
lists where others' do not; and far fewer outcomes of the group off the list than others of like scores have, next to
as many on it. Where the records say when an outcome happened and when it was entered, a fourth: its delay.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fairness.audited import Audited
from fairness.delays import entered_late
from fairness.thresholds import CLEAR, FEW, LEVEL
from threat.measuring.by_group import Grouping
from threat.measuring.ranked import Floats, Ints
from threat.release.documents.fairness import MISSING, Fault

_BLOCKS = 8
"""Parts that the lists are cut into, of which each stretch is looked at: 35 stretches, of an eighth of the lists up."""

_BINS = 8
"""Bands of scores on and off the list within which a group is compared with others, each with as many outcomes."""

_LEAST_EXPECTED = 5.0
"""Outcomes to be expected of a group, on either side of a comparison, below which the normal theory is too bold."""


def unknown_in_a_group(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each group whose outcomes are unknown more often than others' are."""
    rows = audited.ranked.rows
    unknown = ~rows.has_known_label & rows.counted
    if not unknown.any():
        return
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        recorded = _recorded(grouping)[grouping.row] & rows.counted
        for i, code in enumerate(grouping.codes):
            of_group = grouping.row == i
            parts = np.flatnonzero(of_group & rows.counted), np.flatnonzero(recorded & ~of_group)
            if words := _more_unknown(audited, unknown, parts, LEVEL / len(grouping.codes)):
                yield Fault(
                    kind="outcomes unknown more often in a group",
                    cell=f"{item.party}/{item.name}",
                    counts=f"{item.title_of(code)}: {words}",
                    way_out="wait until the outcomes of every group are known",
                )


def _more_unknown(audited: Audited, unknown: NDArray[np.bool_], parts: tuple[Ints, Ints], level: float) -> str:
    """Say how many outcomes of a group and of others are unknown; empty where the group's are not clearly more."""
    group_rows, others = (unknown[part].astype(np.float64) for part in parts)
    if not len(group_rows) or not len(others) or group_rows.mean() <= others.mean():
        return ""
    if not is_jump((group_rows, others), (audited.people(parts[0]), audited.people(parts[1])), level):
        return ""
    return (
        f"{int(group_rows.sum()):,} of {len(group_rows):,} unknown, of others {int(others.sum()):,} of {len(others):,}"
    )


def missing_on_some_lists(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each group whose outcomes fall away on a stretch of lists where others' do not.

    Every stretch of the lists is looked at, wherever it lies, once in all rows and once in those that were not listed:
    who was listed is watched, so what is missing is missing off the list. Counts are of distinct persons.
    """
    rows = audited.ranked.rows
    numbers = np.unique(rows.cycle)
    if len(numbers) <= 2:
        return
    block = np.arange(len(numbers)) * min(_BLOCKS, len(numbers)) // len(numbers)
    blocks = int(block[-1]) + 1
    ends = [pair for pair in combinations(range(blocks + 1), 2) if pair != (0, blocks)]
    bit = (1 << block[np.searchsorted(numbers, rows.cycle)]).astype(np.int64)
    every, off_list = np.ones(len(rows), np.bool_), ~audited.listed()
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        level = LEVEL / (2 * len(grouping.codes) * len(ends))
        named: set[int] = set()
        for some, words in ((every, ""), (off_list, " who were not listed")):
            people, harmed = (
                _persons_by_stretch(audited, grouping, mask & some, bit, ends) for mask in (rows.counted, rows.hit)
            )
            for i, stretch in _fallen(people, harmed, level):
                if i in named:
                    continue
                named.add(i)
                first, last = (numbers[block == part] for part in (ends[stretch][0], ends[stretch][1] - 1))
                inside, outside, others_in, others_out = (int(side[i, stretch]) for side in harmed)
                yield Fault(
                    kind="labels of a group mature late",
                    cell=f"{item.party}/{item.name}",
                    counts=f"{item.title_of(grouping.codes[i])}: {inside:,} people with an outcome{words} on lists "
                    f"{first[0]} to {last[-1]}, {outside:,} on the other lists; of others {others_in:,} and "
                    f"{others_out:,}",
                    way_out="leave out these lists, or wait until the outcomes of every group are known",
                )


def _persons_by_stretch(
    audited: Audited, grouping: Grouping, mask: NDArray[np.bool_], bit: Ints, ends: list[tuple[int, int]]
) -> list[Floats]:
    """Return distinct persons of each group in and outside each stretch, then of all others recorded likewise.

    ``bit``: of each row, the bit of its part of the lists. Four arrays (groups, stretches).
    """
    persons, rows = max(1, audited.ranked.rows.persons), np.flatnonzero(mask)
    key = grouping.row[rows] * persons + audited.ranked.rows.person[rows]
    order = np.argsort(key, kind="stable")
    key, parts = key[order], bit[rows][order]
    start = np.flatnonzero(np.append(True, key[1:] != key[:-1])) if len(key) else np.zeros(0, np.int64)
    where = np.bitwise_or.reduceat(parts, start) if len(key) else parts
    masks = 1 << _BLOCKS
    table = np.bincount(key[start] // persons * masks + where, minlength=len(grouping.codes) * masks)
    by_mask = table.reshape(len(grouping.codes), masks).astype(np.float64)
    stretch = np.array([(1 << end) - (1 << begin) for begin, end in ends])
    touching = (np.arange(masks)[:, None] & stretch) > 0, (np.arange(masks)[:, None] & ~stretch) > 0
    of_group = [by_mask @ each.astype(np.float64) for each in touching]
    recorded = _recorded(grouping)
    return [*of_group, *(side[recorded].sum(axis=0) - recorded[:, None] * side for side in of_group)]


def _fallen(people: list[Floats], harmed: list[Floats], level: float) -> Iterator[tuple[int, int]]:
    """Yield each group whose outcomes fall away, and the stretch on which they do so most clearly."""
    inside, outside, others_in, others_out = harmed
    with np.errstate(divide="ignore", invalid="ignore"):
        due = [harmed[side + 2] / people[side + 2] * people[side] for side in (0, 1)]
        change = (inside + 0.5) / (outside + 0.5) / (due[0] / due[1])
    enough = (np.minimum.reduce(people) >= FEW) & (np.minimum(others_in, others_out) > 0) & (change < 1 / CLEAR)
    chance = np.ones(change.shape)
    columns = (inside, outside, *due, 1 / np.maximum(others_in, 1) + 1 / np.maximum(others_out, 1))
    chance[enough] = _chance_of_so_few(*(column[enough] for column in columns))
    for i, stretch in enumerate(chance.argmin(axis=1)):
        if chance[i, stretch] < level:
            yield i, int(stretch)


def _chance_of_so_few(
    inside: Floats, outside: Floats, due_inside: Floats, due_outside: Floats, variance: Floats
) -> Floats:
    """Return how often chance shows so few outcomes inside, of those inside and outside together.

    They fall on both sides as those that are due, which are known by the outcomes of others: a binomial tail, its share
    averaged over a normal logit with the ``variance``. Counts may be in part. 0 of 20 where half are due: 1 of 2^20.

    >>> some = [np.array([value]) for value in (0.0, 20.0, 50.0, 50.0, 0.0)]
    >>> round(float(_chance_of_so_few(*some)[0]) * 2**20, 3)
    1.0
    """
    from scipy.special import betainc, expit

    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    logit = np.log(due_inside / due_outside)[:, None] + np.sqrt(variance)[:, None] * nodes
    # At 0 outside the tail is 1, and betainc is not defined.
    tail = betainc(np.maximum(outside, 1e-9)[:, None], inside[:, None] + 1.0, expit(-logit))
    mean: Floats = (tail * weights).sum(axis=1) / weights.sum()
    return np.where(outside > 0, mean, 1.0)


_NODES = 21
"""Nodes over the share: it is uncertain by a tenth or so, and its far tail counts where chance is one in a million."""


def missing_off_the_list(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each group of which far fewer outcomes are on record off the list than its list would say.

    Outcomes of the group are compared with those to be expected from others of like scores, off the list and on it. A
    ranking may know less of a group, on both sides of the cut; outcomes that are on record of whoever was listed and
    not of whoever was missed break off at the cut.
    """
    rows = audited.ranked.rows
    labelled = np.flatnonzero(rows.has_known_label & rows.counted & ~np.isnan(audited.ranked.score))
    hit, listed = rows.hit[labelled], audited.listed()[labelled]
    if min((~listed).sum(), listed.sum()) < FEW or not hit.any():
        return
    band = _bands(audited.ranked.score[labelled], hit, listed)
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        group, recorded = grouping.row[labelled], _recorded(grouping)
        shape = len(recorded), int(band.max()) + 1
        cases, hits = (
            np.bincount(group * shape[1] + band, weights=weights, minlength=shape[0] * shape[1]).reshape(shape)
            for weights in (None, hit.astype(np.float64))
        )
        for i in np.flatnonzero(recorded):
            others = (side[recorded].sum(axis=0) - side[i] for side in (cases, hits))
            worth = _outcomes_a_person(audited, labelled[(group == i) & hit])
            if words := _breaks_off((cases[i], hits[i]), tuple(others), worth, LEVEL / (2 * len(recorded))):
                yield Fault(
                    kind="outcomes of a group missing off the list",
                    cell=f"{item.party}/{item.name}",
                    counts=f"{item.title_of(grouping.codes[i])}: {words}",
                    way_out="find out whether harm to those not listed is recorded of every group, and entered by now",
                )


def _bands(score: Floats, hit: NDArray[np.bool_], listed: NDArray[np.bool_]) -> Ints:
    """Return the band of each row: even numbers off the list, odd numbers on it, each with as many outcomes."""
    out = np.zeros(len(score), np.int64)
    for on, side in enumerate((~listed, listed)):
        with_outcome = score[side & hit]
        quantiles = np.quantile(with_outcome, np.arange(1, _BINS) / _BINS) if len(with_outcome) else np.zeros(0)
        edges: Floats = np.unique(quantiles)
        out[side] = 2 * np.searchsorted(edges, score[side], "right") + on
    return out


def _outcomes_a_person(audited: Audited, rows: Ints) -> float:
    """Return how many rows with an outcome a person has: as many fewer are they worth in a test."""
    return len(rows) / max(1, audited.people(rows))


def _breaks_off(of_group: tuple[Floats, Floats], of_others: tuple[Floats, ...], worth: float, level: float) -> str:
    """Say how outcomes of a group break off at the cut; empty where chance may do so. Both: cases and hits, by band.

    Once over all bands, and once over those next to the cut.
    """
    return _break(of_group, of_others, worth, level) or _break(
        tuple(_near_the_cut(side) for side in of_group), tuple(_near_the_cut(side) for side in of_others), worth, level
    )


def _near_the_cut(by_band: Floats) -> Floats:
    """Return numbers by band, 0 but in the bands next to the cut: the highest off the list, the lowest on it."""
    out = np.zeros_like(by_band)
    off, on = np.arange(0, len(by_band), 2)[-_NEAR:], np.arange(1, len(by_band), 2)[:_NEAR]
    near = np.concatenate([off, on])
    out[near] = by_band[near]
    return out


_NEAR = 3
"""Bands next to the cut: there a ranking that knows less of a group than of others hardly matters."""


def _break(of_group: tuple[Floats, ...], of_others: tuple[Floats, ...], worth: float, level: float) -> str:
    """Say how outcomes of a group differ off the list and on it from those that are due by the scores of others."""
    (cases, hits), (others, others_hits) = of_group, of_others
    compared = others > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(compared, cases * others_hits / others, 0.0)
    off, on = ((slice(side, None, 2)) for side in (0, 1))
    seen, due, of_rest = (
        [float((values * compared)[side].sum()) for side in (off, on)] for values in (hits, expected, others_hits)
    )
    if min(due) < _LEAST_EXPECTED or min(of_rest) < _LEAST_EXPECTED or seen[1] < _LEAST_EXPECTED:
        return ""
    change = (seen[0] + 0.5) / (seen[1] + 0.5) / (due[0] / due[1])
    counts = (*(count / worth for count in seen), *due, sum(worth / count for count in of_rest))
    chance = _chance_of_so_few(*(np.array([count]) for count in counts))[0]
    # Fewer off the list than are due, and not merely more on it: the group may be listed with less reason.
    if max(change, (seen[0] + 0.5) / due[0]) >= 1 / CLEAR or chance >= level:
        return ""
    return (
        f"off the list {seen[0]:,.0f} outcomes, by the scores of others {due[0]:,.0f}; on the list {seen[1]:,.0f}, by "
        f"the scores of others {due[1]:,.0f}"
    )


def entered_late_in_a_group(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each group whose outcomes are entered so late that many cannot be on record yet."""
    if audited.entries is None:
        return
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        for i, words in entered_late(audited.entries, grouping, _recorded(grouping)):
            yield Fault(
                kind="outcomes of a group entered late",
                cell=f"{item.party}/{item.name}",
                counts=f"{item.title_of(grouping.codes[i])}: {words}",
                way_out="leave out the last lists, or wait until the outcomes of every group are entered",
            )


def _recorded(grouping: Grouping) -> NDArray[np.bool_]:
    return np.array([code != MISSING for code in grouping.codes], np.bool_)


def is_jump(labels: tuple[Floats, Floats], worth: tuple[int, int], level: float) -> bool:
    """Tell whether two shares differ by a factor of 1.5 and by more than chance does, by a pooled z-test of persons."""
    if min(worth) < FEW:
        return False
    low, high = sorted(float(part.mean()) for part in labels)
    pooled = float(np.concatenate(labels).mean())
    error = np.sqrt(pooled * (1 - pooled) * (1 / worth[0] + 1 / worth[1]))
    return bool(error > 0 and high > CLEAR * low and (high - low) / error > NormalDist().inv_cdf(1 - level / 2))
