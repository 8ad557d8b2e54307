"""Which counts are withheld so that none of them can be had: one problem over the whole report, solved by HiGHS.

What is published is a count to the nearest ``step``. What is withheld is, first, every count below ``least``, then
whatever it takes so that the *attack* fails: whoever adds and subtracts everything published, all totals and all that
is known of how groups add up, gets of each withheld count no range narrower than ``least``, and none that ends below
``least``. What to withhold besides is found cell by cell by a linear programme over all tables at once (Kelly, Golden
and Assad 1992, Networks 22, 397-417); the attack then decides, not what was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from fairness.disclosure.amounts import KINDS, SENSITIVE, Amounts, Floats, Kind, Sum
from threat.errors import BadInput

# SciPy is optional (extras training and fairness): the functions that need it import it.

_ALIKE = 1e-6
"""Differences below this are the solver's: its own tolerance is 1e-7."""

_PARTS = ((Kind.EVENTS, Kind.CAUGHT), (Kind.LISTED, Kind.FALSE_ALARMS), (Kind.ROWS, Kind.LISTED))
"""Kinds, each with a kind that is a part of it."""


class Count(NamedTuple):
    """One kind of one cell (place in ``Amounts.cells``): what is published or withheld."""

    kind: Kind
    cell: int


class Target(NamedTuple):
    """A count that must not be had: a sum of kinds of one cell."""

    cell: int
    what: Sum


@dataclass(frozen=True, slots=True)
class Rule:
    """``least``: smallest count published, and narrowest range that may be had; ``step``: counts are rounded to it."""

    least: float
    step: float


def rounded(value: float, step: float) -> float:
    """Return a count to the nearest step, a half upwards; 0 leaves the count as it is.

    >>> rounded(12.4, 5), rounded(12.5, 5), rounded(12.4, 0)
    (10.0, 15.0, 12.4)
    """
    return float(np.floor(value / step + 0.5) * step) if step else float(value)


def too_small(amounts: Amounts, rule: Rule) -> frozenset[Count]:
    """Return the counts below ``least``, and those that leave less than ``least`` of their whole."""
    return frozenset(
        Count(kind, cell)
        for cell in range(amounts.shown)
        for kind, sums in SENSITIVE.items()
        if any(amounts.value(cell, what) < rule.least for what in sums)
    )


def small_totals(amounts: Amounts, rule: Rule) -> frozenset[Kind]:
    """Return the kinds of which even everybody together has too few: neither totals nor counts are published."""
    return frozenset(
        kind
        for kind, sums in SENSITIVE.items()
        for what in sums
        if sum(sign * amounts.totals[KINDS.index(part)] for part, sign in what) < rule.least
    )


def withheld(amounts: Amounts, rule: Rule, weight: Floats) -> frozenset[Count]:
    """Return every count to withhold: those too small, and those without which the attack would find them.

    ``weight``: what it costs to withhold a count of each cell. Where even that is not enough, because the totals alone
    give a count away, nothing of its kind is published. Raises BadInput where a range is too narrow even then.
    """
    programme = _Programme(amounts, rule)
    without = small_totals(amounts, rule)
    hidden = too_small(amounts, rule) | {Count(kind, cell) for kind in without for cell in range(amounts.shown)}
    while unsafe := programme.unsafe(hidden):
        more = programme.complement(hidden, unsafe, weight) - hidden
        if not more:
            kinds = {kind for kind, _ in unsafe.target.what}
            more = frozenset(Count(kind, cell) for kind in kinds for cell in range(amounts.shown)) - hidden
            if not more:
                # Not to publish is the way that is left: a report with a narrow range is a count given away.
                raise BadInput(
                    "The report cannot be published: with every count of a kind withheld, a range is still too narrow.",
                    value=" and ".join(sorted(kinds)),
                    way_out="publish nothing of this report; a longer test window or a larger force has larger counts",
                )
        hidden |= more
    return hidden


@dataclass(slots=True)
class _Range:
    """What can be known of a target: no less than ``low`` and no more than ``high``, so far as was looked."""

    target: Target
    low: float
    high: float

    def is_safe(self, least: float) -> bool:
        return self.high - self.low >= least - _ALIKE and self.high >= least - _ALIKE


@dataclass(frozen=True, slots=True, eq=False)
class _Constraints:
    """``low <= matrix @ counts <= high``; ``of``: the published count that each row is of."""

    matrix: Floats
    low: Floats
    high: Floats
    of: tuple[Count, ...] = ()


@dataclass(slots=True)
class _Programme:
    """The linear programme of everything that can be known of the counts, for any choice of what is withheld."""

    amounts: Amounts
    rule: Rule
    common: _Constraints = field(init=False)
    ranges: dict[Target, _Range] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        sums = [self._sums(kind) for kind in KINDS]
        parts = [self._row({whole: 1.0, part: -1.0}, cell) for whole, part in _PARTS for cell in range(self._cells)]
        totals = self.amounts.totals[:, None] * self.amounts.of_everybody[None, :]
        # The report rounds outcomes that lists share and places that ties split: sums hold as nearly as its own do.
        slack = np.repeat(self.amounts.off()[:, None], totals.shape[1], axis=1)
        slack[[kind in small_totals(self.amounts, self.rule) for kind in KINDS]] += np.where(
            self.amounts.of_everybody, np.inf, 0.0
        )
        self.common = _Constraints(
            np.vstack([*sums, *parts]),
            np.concatenate([(totals - slack).ravel(), np.zeros(len(parts))]),
            np.concatenate([(totals + slack).ravel(), np.full(len(parts), np.inf)]),
        )

    @property
    def _cells(self) -> int:
        return len(self.amounts.cells)

    def _sums(self, kind: Kind) -> Floats:
        """The relations of one kind, over the counts of all kinds."""
        first = KINDS.index(kind) * self._cells
        out = np.zeros((len(self.amounts.sums), len(KINDS) * self._cells))
        out[:, first : first + self._cells] = self.amounts.sums
        return out

    def _row(self, what: dict[Kind, float], cell: int) -> Floats:
        out = np.zeros(len(KINDS) * self._cells)
        for kind, sign in what.items():
            out[KINDS.index(kind) * self._cells + cell] = sign
        return out

    def _objective(self, target: Target) -> Floats:
        return self._row({kind: float(sign) for kind, sign in target.what}, target.cell)

    def published(self, hidden: frozenset[Count]) -> _Constraints:
        """Return what the published counts say: each to its rounding, and that nothing published is small."""
        rows, low, high, of = [], [], [], []
        shown = (Count(kind, cell) for cell in range(self.amounts.shown) for kind in KINDS)
        for count in shown:
            if count in hidden:
                continue
            near = rounded(self.amounts.values[KINDS.index(count.kind), count.cell], self.rule.step)
            rows.append(self._row({count.kind: 1.0}, count.cell))
            low.append(max(near - self.rule.step / 2, self.rule.least))
            high.append(near + self.rule.step / 2)
            of.append(count)
            for whole, part in _PARTS[:2]:
                if count.kind == part:
                    rows.append(self._row({whole: 1.0, part: -1.0}, count.cell))
                    low.append(self.rule.least)
                    high.append(np.inf)
                    of.append(count)
        matrix = np.array(rows).reshape(-1, len(KINDS) * self._cells)
        return _Constraints(matrix, np.array(low), np.array(high), tuple(of))

    def unsafe(self, hidden: frozenset[Count]) -> _Range | None:
        """Attack: return a withheld count of which too much can be known, or None.

        Each solution is a state of affairs that fits all that is published, and so widens the range of every count.
        What was possible stays possible when more is withheld, so ranges are kept from one call to the next.
        """
        constraints = _for_the_solver([self.common, self.published(hidden)])
        # Of a kind that is not published at all, nothing narrows a count but the sizes of groups: there is no attack.
        without = small_totals(self.amounts, self.rule)
        open_to_attack = sorted(count for count in hidden if count.kind not in without)
        targets = [Target(count.cell, what) for count in open_to_attack for what in SENSITIVE[count.kind]]
        for target in targets:
            truth = self.amounts.value(target.cell, target.what)
            self.ranges.setdefault(target, _Range(target, truth, truth))
        for target in targets:
            possible = self.ranges[target]
            for sign in (-1.0, 1.0):
                if not possible.is_safe(self.rule.least):
                    self._widen(_least(sign * self._objective(target), constraints))
            if not possible.is_safe(self.rule.least):
                return possible
        return None

    def _widen(self, counts: Floats | None) -> None:
        if counts is None:
            return
        values = counts.reshape(len(KINDS), -1)
        for target, possible in self.ranges.items():
            value = sum(sign * values[KINDS.index(kind), target.cell] for kind, sign in target.what)
            possible.low, possible.high = min(possible.low, value), max(possible.high, value)

    def complement(self, hidden: frozenset[Count], unsafe: _Range, weight: Floats) -> frozenset[Count]:
        """Return counts to withhold too so that the unsafe count may be larger, or else smaller: the cheapest found.

        Published counts may leave their rounding at a cost a unit; those that do are withheld.
        """
        published = self.published(hidden)
        cost = weight[[count.cell for count in published.of]]
        wanted = self._objective(unsafe.target)
        needed = max(unsafe.low, 0.0) + self.rule.least
        for sign, bound in ((1.0, needed), (-1.0, self.rule.least - unsafe.high)):
            aim = _Constraints(sign * wanted[None, :], np.array([bound]), np.array([np.inf]))
            left = _leaving([self.common, aim], published, cost)
            if left is not None:
                return frozenset(count for count, moved in zip(published.of, left, strict=True) if moved)
        return frozenset()


def _for_the_solver(constraints: Iterable[_Constraints]) -> list[Any]:
    from scipy.optimize import LinearConstraint
    from scipy.sparse import csr_array

    return [LinearConstraint(csr_array(c.matrix), c.low, c.high) for c in constraints if len(c.matrix)]


def _least(objective: Floats, constraints: list[Any]) -> Floats | None:
    """Return the counts that make the objective least, none below 0; None where no counts fit the constraints."""
    from scipy.optimize import Bounds, milp

    solved = milp(objective, constraints=constraints, bounds=Bounds(0, np.inf))
    return None if solved.x is None else np.asarray(solved.x)


def _leaving(constraints: list[_Constraints], published: _Constraints, cost: Floats) -> list[bool] | None:
    """Return which published rows must leave their ranges so that the constraints hold, at least cost, or None."""
    n, rows = constraints[0].matrix.shape[1], len(published.matrix)
    below_or_above = np.hstack([np.eye(rows), -np.eye(rows)])
    wider = [
        _Constraints(np.hstack([c.matrix, np.zeros((len(c.matrix), 2 * rows))]), c.low, c.high) for c in constraints
    ]
    relaxed = _Constraints(np.hstack([published.matrix, below_or_above]), published.low, published.high)
    solved = _least(np.concatenate([np.zeros(n), cost, cost]), _for_the_solver([*wider, relaxed]))
    if solved is None:
        return None
    by_row = solved[n : n + rows] + solved[n + rows :]
    return [bool(moved > _ALIKE) for moved in by_row]
