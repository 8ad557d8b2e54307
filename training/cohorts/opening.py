"""Opening the test: the complete test lists with their features and, from here on, their outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features import Matrix
from threat.asof import NEVER
from threat.history.deaths import Deaths
from threat.release.documents.cohort import CompetingDeaths, LeftOutRows
from threat.release.documents.estimand import OutcomesOfRule
from training.cohorts.cohort import Lists, index_rows
from training.cohorts.composition import composition
from training.cohorts.credit import CreditedOutcomes, OutcomeEvents, credit_outcomes
from training.cohorts.feed_lag import delayed
from training.cohorts.labelled import LabelledCohort
from training.cohorts.left_out import Hindsight
from training.cohorts.outcomes import recorded_outcomes


@dataclass(frozen=True, slots=True)
class OpenedTest:
    """The complete test: ``lists``, the features of their rows (``matrix``) and the outcomes that came about.

    ``left_out``: rows on the lists that no figure counts, by reason. ``competing``: deaths by another cause.
    ``composition``: the outcome events by rung and rule.
    """

    lists: Lists
    matrix: Matrix
    outcomes: CreditedOutcomes
    left_out: LeftOutRows
    competing: CompetingDeaths
    composition: tuple[OutcomesOfRule, ...]


def open_test(labelled: LabelledCohort) -> OpenedTest:
    """Read the outcomes of the test and credit them to its rows. Only after everything has been chosen and fitted.

    Unlike fit labels, the outcomes are all those ever recorded: the embargo gave late records time to arrive.
    """
    snapshot, settings, lists = labelled.snapshot, labelled.settings, labelled.test_lists
    horizon = settings.horizon_days
    recorded = recorded_outcomes(snapshot, settings, None, labelled.lags)
    deaths = Deaths.of(delayed(snapshot.sightings(), labelled.lags))
    hindsight = Hindsight(deaths, recorded, snapshot.relationships, NEVER, horizon)
    left_out = hindsight.left_out(lists.rows)
    outcomes = credit_outcomes(
        snapshot,
        OutcomeEvents.of(recorded),
        lists,
        horizon,
        left_out_of=lambda rows: hindsight.left_out(rows).rows,
        index_rows=index_rows(snapshot, lists.cycles, settings.cohort, labelled.policy, horizon, labelled.lag),
    )
    return OpenedTest(
        lists=lists,
        matrix=labelled.test_matrix(),
        outcomes=outcomes,
        left_out=left_out.count(np.arange(len(lists))),
        competing=hindsight.competing(lists.rows, among=~left_out.rows),
        composition=composition(
            snapshot,
            settings.rung,
            np.unique(recorded["incident_id"])[outcomes.credit_lines["incident"].unique()],
            labelled.lags,
        ),
    )
