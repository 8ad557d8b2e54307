"""Faults of a ranking, its labels or its rows that nobody asked about: with any of them nothing passes.

Each check is a function from what was audited to faults, with the counts that show the fault and the way out. Chance
alone sets off one check in 10,000 audits at most, where the check is a test (``tests/fairness/test_faults.py`` draws).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fairness.characteristics import Characteristic
from threat.measuring.by_group import Grouping
from threat.measuring.ranked import Cut, Floats, Ints, Ranked
from threat.release.documents.fairness import MISSING, Fault

_LEVEL = 1e-4
"""Probability, over all cells of a check together, at which chance is no longer believed: an audit is made a few times
a year, so a false alarm comes once in a lifetime."""

_FEW = 20
"""Rows of a group below which equal labels or scores say nothing."""

_CLEAR = 1.5
"""Least ratio of two label rates that is called a jump: with many rows a test finds differences that do not matter."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What is looked at: the ranking, its cut, and the ways its rows are divided."""

    ranked: Ranked
    cut: Cut
    items: Sequence[Characteristic]
    groupings: Sequence[Grouping]

    @property
    def labelled(self) -> Ints:
        """Numbers of the rows whose outcome is known."""
        return np.flatnonzero(self.ranked.rows.has_known_label)

    def people(self, rows: Ints) -> int:
        """Distinct persons of some rows: what the rows are worth in a test, as rows of one person tell one thing."""
        # Marked rather than np.unique, which took half of an audit of a million rows.
        seen = np.zeros(self.ranked.rows.persons, np.bool_)
        seen[self.ranked.rows.person[rows]] = True
        return int(seen.sum())

    @property
    def scored(self) -> Ints:
        """Numbers of the rows that have a score."""
        return np.flatnonzero(~np.isnan(self.ranked.score))


def faults_of(audited: Audited) -> tuple[Fault, ...]:
    """Return every fault found, in the order of ``CHECKS``; empty for a clean audit.

    >>> from threat.measuring.ranked import Labelled
    >>> rows = Labelled.of(label=[1, 0, 1, 0])
    >>> item = Characteristic("sex", "column", ["F", "M", "F", "M"])
    >>> looked_at = Audited(
    ...     Ranked(rows=rows, score=np.array([3.0, 3.0, 3.0, 3.0])), Cut(capacity=5), [item], [item.grouping(rows)]
    ... )
    >>> [(fault.kind, fault.counts) for fault in faults_of(looked_at)][:1]
    [('constant score', '4 of 4 rows score 3')]
    >>> faults_of(looked_at)[1].counts
    '1 of 1 lists have no more rows than their 5 places (the shortest 4)'
    """
    return tuple(fault for check in CHECKS for fault in check(audited))


def constant_score(audited: Audited) -> Iterator[Fault]:
    """Yield a fault where every scored row has one score: nothing was ranked."""
    score = audited.ranked.score[audited.scored]
    if len(score) > 1 and score.min() == score.max():
        yield Fault(
            kind="constant score",
            counts=f"{len(score):,} of {len(score):,} rows score {score[0]:g}",
            way_out="name the column that ranks the rows",
        )


def nothing_selected(audited: Audited) -> Iterator[Fault]:
    """Yield a fault where the cut lists everybody or nobody: capacity above the rows, threshold beyond all scores."""
    ranked, cut = audited.ranked, audited.cut
    score = ranked.score[audited.scored]
    if cut.capacity is not None:
        sizes = np.array([end - start for start, end in ranked.order.lists])
        if len(score) and (full := int((sizes <= cut.capacity).sum())):
            yield Fault(
                kind="capacity above the rows",
                counts=f"{full} of {len(sizes)} lists have no more rows than their {cut.capacity:g} places "
                f"(the shortest {int(sizes.min()):,})",
                way_out="audit at the length of list that is worked through",
            )
    elif len(score) and (above := int((score >= (cut.threshold or 0.0)).sum())) in (0, len(score)):
        yield Fault(
            kind="threshold above or below all scores",
            counts=f"{above:,} of {len(score):,} rows score at least {cut.threshold:g} "
            f"(scores {score.min():g} to {score.max():g})",
            way_out="give a threshold within the scores",
        )


def equal_labels(audited: Audited) -> Iterator[Fault]:
    """Yield a fault where all labels are equal: of everybody, of a group, or of a list, beyond chance."""
    rows, labelled = audited.ranked.rows, audited.labelled
    hit = rows.hit[labelled].astype(np.float64)
    if len(hit) and hit.min() == hit.max():
        yield _equal("", "everybody", len(hit), float(hit[0]))
        return
    rate = float(hit.mean()) if len(hit) else 0.0
    cells = [("", f"list {name}", members) for name, members in _lists(audited)]
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        of_labelled = grouping.row[labelled]
        cells += [
            (f"{item.party}/{item.name}", item.title_of(code), np.flatnonzero(of_labelled == i))
            for i, code in enumerate(grouping.codes)
            if code != MISSING
        ]
    for cell, name, members in cells:
        labels = hit[members]
        if len(labels) < _FEW or labels.min() != labels.max():
            continue
        by_chance = (rate if labels[0] else 1.0 - rate) ** audited.people(labelled[members])
        if by_chance < _LEVEL / len(cells):
            yield _equal(cell, name, len(labels), float(labels[0]))


def _equal(cell: str, name: str, rows: int, label: float) -> Fault:
    return Fault(
        kind="all labels equal",
        cell=cell,
        counts=f"{name}: {rows:,} of {rows:,} known outcomes are {label:g}",
        way_out="find out whether outcomes were recorded for them at all, and leave the label empty where not",
    )


def label_jumps(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each list whose share of outcomes differs from the list before by far more than chance."""
    hit = audited.ranked.rows.hit[audited.labelled].astype(np.float64)
    lists = _lists(audited)
    for (_, before), (name, now) in pairwise(lists):
        worth = audited.people(audited.labelled[before]), audited.people(audited.labelled[now])
        if _jump((hit[before], hit[now]), worth, _LEVEL / len(lists)):
            yield Fault(
                kind="label rate jumps",
                counts=f"list {name}: {int(hit[now].sum()):,} of {len(now):,} with an outcome, "
                f"{int(hit[before].sum()):,} of {len(before):,} on the list before",
                way_out="find out what changed in recording, and audit the lists before and after by themselves",
            )


def unmatured_labels(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each group whose outcomes are unknown, or fall away on the last lists, more than others' do."""
    rows = audited.ranked.rows
    unknown = ~rows.has_known_label & rows.counted
    cycles = np.unique(rows.cycle)
    late = rows.cycle >= cycles[-(len(cycles) // 3)] if len(cycles) > 2 else None
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        cell, level = f"{item.party}/{item.name}", _LEVEL / max(1, len(grouping.codes))
        recorded = np.array([code != MISSING for code in grouping.codes], np.bool_)[grouping.row] & rows.counted
        for i, code in enumerate(grouping.codes):
            of_group = grouping.row == i
            parts = np.flatnonzero(of_group & rows.counted), np.flatnonzero(recorded & ~of_group)
            if unknown.any() and (words := _more_unknown(audited, unknown, parts, level)):
                yield Fault(
                    kind="outcomes unknown more often in a group",
                    cell=cell,
                    counts=f"{item.title_of(code)}: {words}",
                    way_out="wait until the outcomes of every group are known",
                )
            if late is not None and (words := _falls_away(audited, late, parts, level)):
                yield Fault(
                    kind="labels of a group mature late",
                    cell=cell,
                    counts=f"{item.title_of(code)}: {words}",
                    way_out="leave out the last lists, or wait until the outcomes of every group are known",
                )


def _more_unknown(audited: Audited, unknown: NDArray[np.bool_], parts: tuple[Ints, Ints], level: float) -> str:
    """Say how many outcomes of a group and of others are unknown; empty where the group's are not clearly more."""
    group_rows, others = (unknown[part].astype(np.float64) for part in parts)
    if not len(group_rows) or not len(others) or group_rows.mean() <= others.mean():
        return ""
    if not _jump((group_rows, others), (audited.people(parts[0]), audited.people(parts[1])), level):
        return ""
    return (
        f"{int(group_rows.sum()):,} of {len(group_rows):,} unknown, of others {int(others.sum()):,} of {len(others):,}"
    )


def _falls_away(audited: Audited, late: NDArray[np.bool_], parts: tuple[Ints, Ints], level: float) -> str:
    """Say how outcomes of a group fall on the last lists where those of others do not; empty where chance may do so.

    A z-test of the change of the rate, group over others, on the persons with an outcome: the logarithm of a count has
    the variance 1 / count.
    """
    hit = audited.ranked.rows.hit
    counts, logs = [], []
    for part in parts:
        for when in (late[part], ~late[part]):
            rows = part[when]
            people, harmed = audited.people(rows), audited.people(rows[hit[rows]])
            if people < _FEW:
                return ""
            counts.append(harmed)
            logs.append(np.log((harmed + 0.5) / people))
    change = (logs[0] - logs[1]) - (logs[2] - logs[3])
    error = float(np.sqrt(sum(1 / (count + 0.5) for count in counts)))
    if change / error > NormalDist().inv_cdf(level):
        return ""
    late_people, before, others_late, others_before = (f"{count:,}" for count in counts)
    return (
        f"{late_people} people with an outcome on the last lists, {before} before; of others {others_late} and "
        f"{others_before}"
    )


def duplicate_rows(audited: Audited) -> Iterator[Fault]:
    """Yield a fault where rows are in the audit twice: one score, label, list, person and group of every kind.

    Only where scores are mostly distinct: of a ranking with few values, equal rows are other people.
    """
    ranked, rows = audited.ranked, audited.ranked.rows
    scored = audited.scored[np.argsort(ranked.score[audited.scored], kind="stable")]
    score = ranked.score[scored]
    tied = np.append(False, score[1:] == score[:-1])
    if len(score) < _FEW or 2 * int(tied.sum()) > len(score):
        return
    # Few rows tie where scores are mostly distinct, and only those are compared in every column.
    some = scored[tied | np.append(tied[1:], False)]
    keys: list[Floats | Ints] = [ranked.score[some], np.nan_to_num(rows.label[some], nan=-1.0), rows.cycle[some]]
    if rows.persons < len(rows):  # otherwise each row is a person of its own
        keys.append(rows.person[some])
    keys += [grouping.row[some] for grouping in audited.groupings]
    order = np.lexsort(keys)
    same = np.logical_and.reduce([key[order][1:] == key[order][:-1] for key in keys])
    if (twice := int(same.sum())) > max(3, len(score) // 1_000):
        yield Fault(
            kind="duplicate rows",
            counts=f"{twice:,} of {len(score):,} rows repeat another in score, label, list, person and groups",
            way_out="keep each row once: a row that counts twice is no second outcome",
        )


def score_is_group(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each characteristic that the score gives away: one score a group, or groups that never mix."""
    score = audited.ranked.score[audited.scored]
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        row = grouping.row[audited.scored]
        parts = [score[row == i] for i, code in enumerate(grouping.codes) if code != MISSING]
        parts = [part for part in parts if len(part) >= _FEW]
        ranges = sorted((float(part.min()), float(part.max())) for part in parts)
        if len(ranges) > 1 and all(high < low for (_, high), (low, _) in pairwise(ranges)):
            yield Fault(
                kind="score determined by the group",
                cell=f"{item.party}/{item.name}",
                counts=f"no score of {len(ranges)} groups of {_FEW} rows or more is among those of another group",
                way_out="find out which input of the ranking is the group",
            )


def _lists(audited: Audited) -> list[tuple[str, Ints]]:
    """The lists in order: the number of each, and the places of its rows among those whose outcome is known."""
    cycle = audited.ranked.rows.cycle[audited.labelled]
    numbers = np.unique(cycle)
    return [] if len(numbers) < 2 else [(str(number), np.flatnonzero(cycle == number)) for number in numbers]


def _jump(labels: tuple[Floats, Floats], worth: tuple[int, int], level: float) -> bool:
    """Tell whether two shares differ by a factor of 1.5 and by more than chance does, by a pooled z-test of persons."""
    if min(worth) < _FEW:
        return False
    low, high = sorted(float(part.mean()) for part in labels)
    pooled = float(np.concatenate(labels).mean())
    error = np.sqrt(pooled * (1 - pooled) * (1 / worth[0] + 1 / worth[1]))
    return bool(error > 0 and high > _CLEAR * low and (high - low) / error > NormalDist().inv_cdf(1 - level / 2))


CHECKS: tuple[Callable[[Audited], Iterator[Fault]], ...] = (
    constant_score,
    nothing_selected,
    equal_labels,
    label_jumps,
    unmatured_labels,
    duplicate_rows,
    score_is_group,
)
"""The checks in the order they are made and reported."""
