"""What an audit of given sizes says by chance: its own rate of false verdicts, its power, and the cases needed.

Each simulated audit draws how many of every group's independent cases are hits and judges the cells by the very rule of
the report. Characteristics are drawn as if independent; the same people divide them all, so the true rate of a false
fail is a little lower (``tests/fairness/test_operating.py`` draws both).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fairness.alerts import Marked, exceeded
from fairness.evidence import Evidence, evidence_of
from fairness.needed import POINTS, needed
from fairness.policy import Policy
from fairness.posterior import Counted
from fairness.sizes import Sizes
from threat.measuring.intervals import wilson
from threat.measuring.ranked import Floats, Ints
from threat.release.documents.fairness import OwnRates, Power, Share

RATIOS = (0.8, 0.6, 0.5)
"""True ratios at which power is given: at the line, and clearly beyond."""

_DRAWS, _POWER_DRAWS = 2_000, 500
"""Simulated audits behind the false verdicts (a rate of 5% is known to 1%) and behind each power (50% to 4%)."""

_SEED = 11


def fair(sizes: Sequence[Sizes], policy: Policy, *, draws: int = _DRAWS, seed: int = _SEED) -> Marked | None:
    """Simulate audits of these sizes where every group is treated alike; None where no cell can be compared."""
    random = np.random.default_rng(seed)
    simulated = [judged(drawn(random, size, size.rate, draws), size, policy) for size in sizes]
    compared = [evidence for evidence in simulated if evidence.p_beyond.shape[1]]
    if not compared:
        return None
    return Marked(
        np.hstack([evidence.p_none for evidence in compared]),
        np.hstack([evidence.alerts(policy) for evidence in compared]),
    )


def fails(audits: Marked, policy: Policy) -> NDArray[np.bool_]:
    """Mask of the simulated audits in which any cell fails: the first step of Holm decides it."""
    times = audits.cells if policy.multiplicity == "holm" else 1
    return np.asarray(audits.p_none.min(axis=1) * times <= policy.fail_level)


def alerts_beyond_chance(audits: Marked, simulated: Marked, policy: Policy) -> NDArray[np.bool_]:
    """Mask of the audits whose alerts weigh more than those of ``simulated`` audits of a fair ranking do by chance."""
    weight = audits.weight
    return (weight > 0) & (exceeded(simulated.weight, weight) <= policy.alert_level)


@dataclass(frozen=True, slots=True)
class CellRates:
    """Of one cell: its power at each of ``RATIOS``, and the cases needed."""

    power: tuple[Power, ...]
    needed_to_fail: int | None
    needed_to_pass: int | None


def own_rates(simulated: Marked, policy: Policy, powers: Iterable[CellRates]) -> OwnRates:
    """Return how often an audit of these sizes gives a false verdict. ``simulated``: as ``fair`` gives it.

    ``powers``: of every cell, as ``cell_rates`` gives them.
    """
    at = RATIOS.index(0.6)
    passes = [cell.power[at].passes for cell in powers if cell.power]
    failing, draws = fails(simulated, policy), len(simulated.p_none)
    alarms = failing | alerts_beyond_chance(simulated, simulated, policy)
    return OwnRates(
        draws=draws,
        cells=simulated.cells,
        false_fail=_share(float(failing.mean()), draws),
        false_alert=_share(float(alarms.mean()), draws),
        any_alert=_share(float(simulated.alerts.any(axis=1).mean()), draws),
        false_pass=_share(max(passes, default=0.0), _POWER_DRAWS),
    )


def cell_rates(size: Sizes, policy: Policy, cells: int) -> list[CellRates]:
    """Return power and cases needed of each group, one at a time treated worse. ``cells``: that decide together.

    A fail is counted at Holm's first step, the strictest, because every other cell is fair.
    """
    times = cells if policy.multiplicity == "holm" else 1
    to_fail = needed(size, policy, policy.breach, lambda seen, _: seen.p_none * times <= policy.fail_level)
    to_pass = needed(size, policy, 1.0, lambda seen, cases: seen.within(policy) & (cases >= policy.least_events))
    return [
        CellRates(tuple(_power(size, group, ratio, policy, times) for ratio in RATIOS), to_fail[group], to_pass[group])
        if can
        else CellRates((), None, None)
        for group, can in enumerate(size.comparable)
    ]


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
    some = evidence_of(counted, size.figure.high_is_worse, policy, POINTS)
    nothing = both.sum(axis=1) == 0  # no hit at all: nothing to compare
    columns = (np.where(nothing, 0.0, some.p_beyond), np.where(nothing, 1.0, some.chance))
    back = back.reshape(-1)
    return Evidence(*(column[back] for column in (*columns, np.where(nothing, 1.0, some.chance_if_worse))))


def _power(size: Sizes, group: int, ratio: float, policy: Policy, times: int) -> Power:
    """Return how often one cell fails, alerts or passes where its group alone is treated worse by a true ratio."""
    worse = size.rate / ratio if size.figure.high_is_worse else size.rate * ratio
    random = np.random.default_rng([_SEED, group])
    hits = random.binomial(size.cases[group], min(worse, 1.0), _POWER_DRAWS)
    others = random.binomial(size.others[group], size.rate, _POWER_DRAWS)
    evidence = _cell(hits, others, size, group, policy)
    failing = evidence.p_none * times <= policy.fail_level
    alerts = evidence.alerts(policy)
    passes = evidence.within(policy) & (size.cases[group] >= policy.least_events) & ~failing & ~alerts
    return Power(
        ratio=1.0 / ratio if size.figure.high_is_worse else ratio,
        fails=float(failing.mean()),
        alerts=float((failing | alerts).mean()),
        passes=float(passes.mean()),
    )
