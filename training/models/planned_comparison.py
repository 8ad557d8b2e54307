"""Before the test is opened: how much the planned comparison will be able to tell, from the validation rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.rules import RULES
from threat.asof import DAY
from threat.measuring.intervals import ENOUGH_TO_RESAMPLE
from threat.measuring.power import of_standard_error
from threat.measuring.resampling import Draws
from threat.release.documents.comparison import ComparisonPlan, PlannedRanking, Power
from threat.release.documents.evaluation import MODEL
from training.cohorts.folds import Cycle
from training.cohorts.labelled import LabelledCohort
from training.cohorts.sample import Sample
from training.models.choosing import ValidationLists

Floats = NDArray[np.float64]

_DRAWS = 200
"""Draws behind a standard error of the plan: it is then known within 5% (1 / sqrt(2 * 200)), closer than the plan
is."""


def plan_comparison(
    labelled: LabelledCohort, measured: Sequence[Sample], scores: Mapping[str, Floats]
) -> ComparisonPlan:
    """Return the plan of the comparison: for each ranking the power that the test is expected to have.

    ``measured``: the validation samples. ``scores``: out-of-fold scores of the pooled validation rows, of the model and
    of everything else that was fitted; rules are worked out from the rows. The standard error of the paired difference
    is that of validation, times the square root of the days of outcomes validation covers over those the test covers:
    with the same lists, outcomes come in at the same rate. An estimate: outcomes outside the cohort are in no such row.
    """
    settings = labelled.settings
    lists = ValidationLists.of(
        measured, labelled.list_length(np.concatenate([sample.cycle for sample in measured])), seed=settings.seed
    )
    lists = replace(lists, draws=Draws(lists.draws.counts[:, : _DRAWS + 1]))
    model = lists.mean_recall(scores[MODEL])
    outcomes = int(lists.rows.hit.sum())
    horizon = settings.horizon_days
    folds = labelled.folds
    spans = [fold.measure for fold in folds.validation] or [folds.test.fit]
    days, test_days = days_of_outcomes(spans, horizon), days_of_outcomes([folds.test.measure], horizon)
    rankings = []
    for name in settings.comparison.against:
        other = scores[name] if name in scores else _rule_scores(name, labelled, measured)
        recall = None if other is None else lists.mean_recall(other)
        # With fewer caught by both the replicates hardly differ, and the test would look far more powerful than it is.
        few = recall is None or max(model[0], recall[0]) * outcomes < ENOUGH_TO_RESAMPLE
        error = None if recall is None or few else _standard_error(model - recall)
        rankings.append(
            PlannedRanking(
                name=name,
                title=title_of(name),
                power=None if error is None else power(error * (days / test_days) ** 0.5, settings.comparison.margin),
            )
        )
    return ComparisonPlan(
        rows_with_outcome=outcomes,
        people=len(np.unique(lists.rows.person[lists.rows.hit])),
        days=days,
        test_days=test_days,
        rankings=tuple(rankings),
    )


def power(standard_error: float, margin: float) -> Power:
    """Return what a paired difference with this standard error can show."""
    shown = of_standard_error(standard_error, margin)
    return Power(standard_error=standard_error, not_worse=shown.not_worse, detectable=shown.detectable)


def title_of(name: str) -> str:
    """Return a compared ranking in words."""
    rule = RULES.get(name.removeprefix("rule_"))
    return "Elastic-net logistic regression" if rule is None else rule.title


def days_of_outcomes(spans: Sequence[Sequence[Cycle]], horizon_days: int) -> float:
    """Return the days in which an outcome would be in a window of some list, those of several stretches counted once.

    >>> month, day = 30 * DAY, DAY
    >>> cycles = [Cycle(number, number * month, (number + 1) * month, number * month) for number in range(3)]
    >>> days_of_outcomes([cycles], horizon_days=180), days_of_outcomes([cycles, cycles], horizon_days=180)
    (240.0, 240.0)
    """
    total, reached = 0, None
    ends = sorted((cycles[0].start, cycles[-1].last_as_of + horizon_days * DAY) for cycles in spans)
    for start, end in ends:
        first = start if reached is None else max(start, reached)
        total += max(0, end - first)
        reached = end if reached is None else max(reached, end)
    return total / DAY


def _rule_scores(name: str, labelled: LabelledCohort, measured: Sequence[Sample]) -> Floats | None:
    """Return a rule's scores of the pooled rows; None where no row has anything for it to go by."""
    rule = RULES[name.removeprefix("rule_")]
    if set(rule.reads) - set(labelled.catalogue.names):
        return None
    pooled = np.concatenate([sample.values for sample in measured])
    # A rule reads figures alone, so that the matrix need not know whose they are.
    matrix = replace(labelled.complete.matrix, values=pooled)
    return None if rule.unranked(matrix).all() else rule.score(matrix)


def _standard_error(difference: Floats) -> float | None:
    drawn = difference[1:][np.isfinite(difference[1:])]
    return float(np.std(drawn, ddof=1)) if len(drawn) > 1 else None
