"""Faults of a ranking, its labels or its rows that nobody asked about: with any of them nothing passes.

Each check is a function from what was audited to faults, with the counts that show the fault and the way out. Chance
alone sets off one check in 10,000 audits at most, where the check is a test (``tests/fairness/test_faults.py`` draws).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fairness.audited import Audited
from fairness.maturity import (
    entered_late_in_a_group,
    is_jump,
    missing_off_the_list,
    missing_on_some_lists,
    unknown_in_a_group,
)
from fairness.thresholds import FEW, LEVEL
from threat.measuring.ranked import Floats, Ints
from threat.release.documents.fairness import MISSING, Fault


def faults_of(audited: Audited) -> tuple[Fault, ...]:
    """Return every fault found, in the order of ``CHECKS``; empty for a clean audit.

    >>> from fairness.characteristics import Characteristic
    >>> from threat.measuring.ranked import Cut, Labelled, Ranked
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
        if len(labels) < FEW or labels.min() != labels.max():
            continue
        by_chance = (rate if labels[0] else 1.0 - rate) ** audited.people(labelled[members])
        if by_chance < LEVEL / len(cells):
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
        if is_jump((hit[before], hit[now]), worth, LEVEL / len(lists)):
            yield Fault(
                kind="label rate jumps",
                counts=f"list {name}: {int(hit[now].sum()):,} of {len(now):,} with an outcome, "
                f"{int(hit[before].sum()):,} of {len(before):,} on the list before",
                way_out="find out what changed in recording, and audit the lists before and after by themselves",
            )


def duplicate_rows(audited: Audited) -> Iterator[Fault]:
    """Yield a fault where rows are in the audit twice: one score, label, list, person and group of every kind.

    Only where scores are mostly distinct: of a ranking with few values, equal rows are other people.
    """
    ranked, rows = audited.ranked, audited.ranked.rows
    scored = audited.scored[np.argsort(ranked.score[audited.scored], kind="stable")]
    score = ranked.score[scored]
    tied = np.append(False, score[1:] == score[:-1])
    if len(score) < FEW or 2 * int(tied.sum()) > len(score):
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
            counts=f"{twice:,} of {len(score):,} rows repeat another in score, label, list, person and groups: "
            f"{_row_numbers(some[order], same)}",
            way_out="keep each row once: a row that counts twice is no second outcome",
        )


def _row_numbers(rows: Ints, same: NDArray[np.bool_]) -> str:
    """Name rows that repeat the row before them, the earliest in the table first, and count the others.

    >>> _row_numbers(np.array([7, 2, 4, 9]), np.array([True, False, True]))
    'row 8 repeats row 3, row 10 repeats row 5 (rows numbered from 1)'
    """
    # A run of equal rows repeats its first: each is named with the earliest row of its run.
    run = np.concatenate([[0], np.cumsum(~same)])
    first = np.full(run[-1] + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, run, rows)
    repeats = sorted(
        (int(row), int(first[number])) for row, number in zip(rows, run, strict=True) if row != first[number]
    )
    named = [f"row {row + 1:,} repeats row {of + 1:,}" for row, of in repeats[:_NAMED]]
    left = [f"and {len(repeats) - _NAMED:,} more"] if len(repeats) > _NAMED else []
    return f"{', '.join([*named, *left])} (rows numbered from 1)"


_NAMED = 5
"""Repeated rows that are named: enough to find what made them."""


def score_is_group(audited: Audited) -> Iterator[Fault]:
    """Yield a fault for each characteristic that the score gives away: one score a group, or groups that never mix."""
    score = audited.ranked.score[audited.scored]
    for item, grouping in zip(audited.items, audited.groupings, strict=True):
        row = grouping.row[audited.scored]
        parts = [score[row == i] for i, code in enumerate(grouping.codes) if code != MISSING]
        parts = [part for part in parts if len(part) >= FEW]
        ranges = sorted((float(part.min()), float(part.max())) for part in parts)
        if len(ranges) > 1 and all(high < low for (_, high), (low, _) in pairwise(ranges)):
            yield Fault(
                kind="score determined by the group",
                cell=f"{item.party}/{item.name}",
                counts=f"no score of {len(ranges)} groups of {FEW} rows or more is among those of another group",
                way_out="find out which input of the ranking is the group",
            )


def _lists(audited: Audited) -> list[tuple[str, Ints]]:
    """The lists in order: the number of each, and the places of its rows among those whose outcome is known."""
    cycle = audited.ranked.rows.cycle[audited.labelled]
    numbers = np.unique(cycle)
    return [] if len(numbers) < 2 else [(str(number), np.flatnonzero(cycle == number)) for number in numbers]


CHECKS: tuple[Callable[[Audited], Iterator[Fault]], ...] = (
    constant_score,
    nothing_selected,
    equal_labels,
    label_jumps,
    unknown_in_a_group,
    missing_on_some_lists,
    missing_off_the_list,
    entered_late_in_a_group,
    duplicate_rows,
    score_is_group,
)
"""The checks in the order they are made and reported."""
