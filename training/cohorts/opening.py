"""Opening the test: the complete test lists with their features and, from here on, their outcomes."""

from __future__ import annotations

from dataclasses import dataclass

from features import Matrix
from training.cohorts.cohort import Lists, index_rows
from training.cohorts.credit import CreditedOutcomes, OutcomeEvents, credit_outcomes
from training.cohorts.labelled import LabelledCohort
from training.cohorts.outcomes import recorded_outcomes


@dataclass(frozen=True, slots=True)
class OpenedTest:
    """The complete test: ``lists``, the features of their rows (``matrix``) and the outcomes that came about."""

    lists: Lists
    matrix: Matrix
    outcomes: CreditedOutcomes


def open_test(labelled: LabelledCohort) -> OpenedTest:
    """Read the outcomes of the test and credit them to its rows. Only after everything has been chosen and fitted.

    Unlike fit labels, the outcomes are all those ever recorded: the embargo gave late records time to arrive.
    """
    settings, lists = labelled.settings, labelled.test_lists
    events = OutcomeEvents.of(recorded_outcomes(labelled.snapshot, settings, None))
    every_index_row = index_rows(labelled.snapshot, lists.cycles, settings.cohort, settings.horizon_days, labelled.lag)
    outcomes = credit_outcomes(labelled.snapshot, events, lists, settings.horizon_days, index_rows=every_index_row)
    return OpenedTest(lists, labelled.test_matrix, outcomes)
