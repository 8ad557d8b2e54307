"""The counts of a report as one system of unknowns: what each group holds, and what must add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from fairness.disclosure.relations import Cell, Relation, relations
from threat.release.documents.fairness import CharacteristicReport, Fairness, GroupReport

Floats = NDArray[np.float64]


class Kind(StrEnum):
    """What is counted of a group."""

    ROWS = "rows"
    EVENTS = "events"
    CAUGHT = "caught"
    LISTED = "listed"
    FALSE_ALARMS = "false_alarms"


KINDS = tuple(Kind)

Sum = tuple[tuple[Kind, int], ...]
"""Kinds with their signs: a count that published counts give, such as events minus caught, the missed."""

SENSITIVE: dict[Kind, tuple[Sum, ...]] = {
    Kind.ROWS: (((Kind.ROWS, 1),),),
    Kind.EVENTS: (((Kind.EVENTS, 1),),),
    Kind.CAUGHT: (((Kind.CAUGHT, 1),), ((Kind.EVENTS, 1), (Kind.CAUGHT, -1))),
    Kind.LISTED: (((Kind.LISTED, 1),),),
    Kind.FALSE_ALARMS: (((Kind.FALSE_ALARMS, 1),), ((Kind.LISTED, 1), (Kind.FALSE_ALARMS, -1))),
}
"""The counts that each kind gives, and that may not be had when small: of a part, also what is left of its whole."""


@dataclass(frozen=True, slots=True, eq=False)
class Amounts:
    """The true counts of every group, ``values[kind, cell]``, hidden cells last and NaN, and what is known of those.

    ``sums``: one row a relation, one column a cell: ``sums @ values[kind]`` is ``totals[kind]`` where ``of_everybody``,
    else 0.
    """

    cells: tuple[Cell, ...]
    values: Floats
    sums: Floats
    of_everybody: NDArray[np.bool_]
    totals: Floats

    @property
    def shown(self) -> int:
        """Number of cells that some table shows; those after them are hidden."""
        return int((~np.isnan(self.values[0])).sum())

    def off(self) -> Floats:
        """Return by kind how far its sums are off at most, among those without a hidden cell."""
        whole = ~(self.sums[:, self.shown :] != 0).any(axis=1)
        wanted = self.totals[:, None] * self.of_everybody[None, whole]
        given = self.values[:, : self.shown] @ self.sums[whole, : self.shown].T
        # Above what the solver takes for equal.
        return np.asarray(np.abs(given - wanted).max(axis=1, initial=0.0) + 1e-6)

    def value(self, cell: int, what: Sum) -> float:
        """A count of one cell."""
        return float(sum(sign * self.values[KINDS.index(kind), cell] for kind, sign in what))

    @classmethod
    def of(cls, report: Fairness, intersections: Sequence[tuple[str, str, str]] = ()) -> Amounts:
        """Read the counts of a report; relations that its own numbers of rows contradict are left out."""
        tables = report.characteristics
        counted = {Cell(table.name, group.code): counts_of(group) for table in tables for group in table.groups}
        stated = relations(tables, intersections)
        hidden = dict.fromkeys(cell for r in stated for cell in (*r.cells, *r.others) if cell not in counted)
        cells = (*counted, *hidden)
        values = np.column_stack([*counted.values(), *(np.full(len(KINDS), np.nan) for _ in hidden)])
        place = {cell: i for i, cell in enumerate(cells)}
        totals = totals_of(tables)
        kept = [r for r in stated if _holds(r, values[0], place, totals[0])]
        sums = np.zeros((len(kept), len(cells)))
        for row, relation in enumerate(kept):
            for sign, part in ((1.0, relation.cells), (-1.0, relation.others)):
                for cell in part:
                    sums[row, place[cell]] += sign
        return cls(cells, values, sums, np.array([not r.others for r in kept], dtype=bool), totals)


def counts_of(group: GroupReport) -> Floats:
    """Return the counts of a group, one a kind. Events are exact where a rate tells them: the report rounds them."""
    events = float(group.events)
    if group.recall.value:
        events = group.captured / group.recall.value
    false_alarms = (group.false_positive_rate.value or 0.0) * group.false_positive_rate.n
    return np.array([group.n, events, group.captured, group.selected, false_alarms])


def totals_of(tables: Sequence[CharacteristicReport]) -> Floats:
    """Return the counts of everybody, one a kind: each table divides the same rows."""
    if not tables:
        return np.zeros(len(KINDS))
    return np.sum([counts_of(group) for group in tables[0].groups], axis=0)


def _holds(relation: Relation, rows: Floats, place: dict[Cell, int], total: float) -> bool:
    """Tell whether a relation is true of the numbers of rows; of hidden cells, that no more is known than there is."""
    difference = sum(rows[place[cell]] for cell in relation.cells if not np.isnan(rows[place[cell]]))
    if not relation.others:
        return bool(difference == total)
    has_hidden = [any(np.isnan(rows[place[cell]]) for cell in part) for part in (relation.cells, relation.others)]
    difference -= sum(rows[place[cell]] for cell in relation.others if not np.isnan(rows[place[cell]]))
    below, above = has_hidden
    return bool(difference == 0 or (difference < 0 and below) or (difference > 0 and above))
