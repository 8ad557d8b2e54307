"""What an audit of given sizes says by chance: its own rate of false verdicts, its power, and the cases needed.

Each simulated audit draws how many of every group's independent cases are hits and judges the cells by the very rule of
the report. Characteristics are drawn as if independent; the same people divide them all, so the true rate of a false
fail is a little lower (``tests/fairness/test_operating.py`` draws both).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from fairness.evidence import Evidence, evidence_of
from fairness.figures import ComparedRate
from fairness.policy import Policy
from fairness.posterior import Counted
from threat.measuring.intervals import wilson
from threat.measuring.ranked import Floats, Ints
from threat.release.documents.fairness import OwnRates, Power, Share

RATIOS = (0.8, 0.6, 0.5)
"""True ratios at which power is given: at the line, and clearly beyond."""

_DRAWS, _POWER_DRAWS = 2_000, 500
"""Simulated audits behind the false verdicts (a rate of 5% is known to 1%) and behind each power (50% to 4%)."""

_POINTS = 24
"""Nodes of the quadrature: 99 of 100 probabilities are right to four digits, and 64 nodes took three times as long."""

_SEED = 11
_POWER = 0.8
_LARGEST_NEEDED = 1_000_000
"""Cases above which a number needed is not printed: no force has as many."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """One characteristic compared by one figure, as an audit has it.

    ``cases``: whole independent cases of each group; ``rate``: of everybody; ``recorded``: whether the group counts
    among everybody else.
    """

    figure: ComparedRate
    cases: Ints
    rate: float
    recorded: NDArray[np.bool_]

    @property
    def others(self) -> Ints:
        """Cases of everybody else recorded, by group."""
        return np.where(self.recorded, self.cases[self.recorded].sum() - self.cases, self.cases[self.recorded].sum())

    @property
    def comparable(self) -> NDArray[np.bool_]:
        """Mask of the groups that can be compared."""
        return (self.cases > 0) & (self.others > 0) & (self.rate > 0)


@dataclass(frozen=True, slots=True)
class CellRates:
    """Of one cell: its power at each of ``RATIOS``, and the cases needed."""

    power: tuple[Power, ...]
    needed_to_fail: int | None
    needed_to_pass: int | None


def own_rates(sizes: Sequence[Sizes], policy: Policy, powers: Sequence[Sequence[CellRates]]) -> OwnRates | None:
    """Return how often an audit of these sizes gives a false verdict; None where no cell can be compared.

    ``powers``: as ``cell_rates`` gives them for each of ``sizes``.
    """
    random = np.random.default_rng(_SEED)
    simulated = [judged(drawn(random, size, size.rate, _DRAWS), size, policy) for size in sizes]
    compared = [evidence for evidence in simulated if evidence.p_beyond.shape[1]]
    if not compared:
        return None
    p_none = np.hstack([evidence.p_none for evidence in compared])
    alerts = np.hstack([evidence.alerts(policy) for evidence in compared])
    cells = p_none.shape[1]
    # The first step of Holm decides whether anything fails at all.
    times = cells if policy.multiplicity == "holm" else 1
    fails = (p_none.min(axis=1) * times) <= policy.fail_level
    at = RATIOS.index(0.6)
    passes = [cell.power[at].passes for rates in powers for cell in rates if cell.power]
    return OwnRates(
        draws=_DRAWS,
        cells=cells,
        false_fail=_share(float(fails.mean()), _DRAWS),
        false_alert=_share(float((fails | alerts.any(axis=1)).mean()), _DRAWS),
        false_pass=_share(max(passes, default=0.0), _POWER_DRAWS),
    )


def cell_rates(size: Sizes, policy: Policy, cells: int) -> list[CellRates]:
    """Return power and cases needed of each group, one at a time treated worse. ``cells``: that decide together.

    A fail is counted at Holm's first step, the strictest, because every other cell is fair.
    """
    return [
        CellRates(
            tuple(_power(size, group, ratio, policy, cells) for ratio in RATIOS),
            needed(size, group, policy.breach, _power_z(policy.fail_level / cells), policy.line),
            needed(size, group, 1.0, _power_z(1.0 - policy.pass_at), policy.line),
        )
        if can
        else CellRates((), None, None)
        for group, can in enumerate(size.comparable)
    ]


def needed(size: Sizes, group: int, ratio: float, z: float, line: float) -> int | None:
    """Return the independent cases of a group for a verdict in 8 of 10 audits, others growing alike; None over 10^6.

    Normal theory on the logarithm of the ratio, whose variance is (1 - p) / (n p) + (1 - q) / (k n q):

    >>> from fairness.figures import FIGURES
    >>> half = Sizes(FIGURES["recall"], np.array([40, 160]), 0.5, np.array([True, True]))
    >>> needed(half, 0, 0.6, z=1.2816 + 0.8416, line=0.8)
    141
    """
    q = size.rate
    p = min(q * ratio if not size.figure.high_is_worse else q / ratio, 1.0)
    more = size.others[group] / size.cases[group]
    distance = abs(math.log(line) - math.log(ratio))
    if not p > 0 or distance == 0:
        return None
    cases = (z / distance) ** 2 * ((1 - p) / p + (1 - q) / (more * q))
    return None if cases > _LARGEST_NEEDED else max(1, math.ceil(cases))


def _power_z(level: float) -> float:
    return NormalDist().inv_cdf(1.0 - level) + NormalDist().inv_cdf(_POWER)


def _share(value: float, draws: int) -> Share:
    low, high = wilson(value * draws, draws)
    return Share(value=value, interval=(min(low, value), max(high, value)))  # Wilson's ends may miss 0 and 1 by 1e-19


def drawn(random: np.random.Generator, size: Sizes, rate: float | Floats, draws: int) -> Ints:
    """Draw the hits of every group (draws, groups)."""
    return random.binomial(size.cases, np.minimum(rate, 1.0), size=(draws, len(size.cases)))


def judged(hits: Ints, size: Sizes, policy: Policy) -> Evidence:
    """Return the evidence of simulated audits: arrays (draws, groups that can be compared)."""
    recorded = hits[:, size.recorded].sum(axis=1)
    columns = [
        _cell(hits[:, i], recorded - (hits[:, i] if size.recorded[i] else 0), size, int(i), policy)
        for i in np.flatnonzero(size.comparable)
    ]
    if not columns:
        return Evidence(*np.zeros((3, len(hits), 0)))
    return Evidence(
        *(
            np.column_stack([getattr(column, name) for column in columns])
            for name in ("p_beyond", "chance", "chance_if_worse")
        )
    )


def _cell(hits: Ints, others: Ints, size: Sizes, group: int, policy: Policy) -> Evidence:
    """Return the evidence of one group, by draw."""
    # The same few counts come up again and again: each pair of counts is judged once.
    both, back = np.unique(np.column_stack([hits, others]), axis=0, return_inverse=True)
    counted = Counted.of(both[:, 0], size.cases[group], both[:, 1], size.others[group])
    some = evidence_of(counted, size.figure.high_is_worse, policy, _POINTS)
    nothing = both.sum(axis=1) == 0  # no hit at all: nothing to compare
    columns = (np.where(nothing, 0.0, some.p_beyond), np.where(nothing, 1.0, some.chance))
    back = back.reshape(-1)
    return Evidence(*(column[back] for column in (*columns, np.where(nothing, 1.0, some.chance_if_worse))))


def _power(size: Sizes, group: int, ratio: float, policy: Policy, cells: int) -> Power:
    """Return how often one cell fails, alerts or passes where its group alone is treated worse by a true ratio."""
    worse = size.rate / ratio if size.figure.high_is_worse else size.rate * ratio
    random = np.random.default_rng([_SEED, group])
    hits = random.binomial(size.cases[group], min(worse, 1.0), _POWER_DRAWS)
    others = random.binomial(size.others[group], size.rate, _POWER_DRAWS)
    evidence = _cell(hits, others, size, group, policy)
    times = cells if policy.multiplicity == "holm" else 1
    fails = evidence.p_none * times <= policy.fail_level
    alerts = evidence.alerts(policy)
    passes = evidence.within(policy) & (size.cases[group] >= policy.least_events) & ~fails & ~alerts
    return Power(
        ratio=1.0 / ratio if size.figure.high_is_worse else ratio,
        fails=float(fails.mean()),
        alerts=float((fails | alerts).mean()),
        passes=float(passes.mean()),
    )
