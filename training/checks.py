"""Checks that go into every RUN: no feature knew the future, no harm lowers a score, contributions sum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, build, late_known
from features.monotone import HARM_EVENTS, violations
from threat.asof import DAY, NEVER, show
from threat.history.sightings import Rows, Sightings
from threat.release.documents.checks import (
    AddedHarm,
    Checks,
    ContributionsSum,
    Dates,
    FoldDates,
    FutureRemoved,
    LateKnown,
)
from threat.release.scorer import TOLERANCE, raw_score, unchecked_contributions
from training.cohorts.labelled import LabelledCohort

CHECKED_ROWS = 48
"""Test rows that are built again, one by one, each from a history of its own: few, because that is slow."""


def checks(labelled: LabelledCohort, booster: Any) -> Checks:
    """Return ``checks.json``: leaks on sampled test rows, what was late on all of them, dates, directions of scores."""
    rows = labelled.test_lists.rows
    rng = np.random.default_rng(labelled.settings.seed)
    some = np.sort(rng.choice(len(rows), min(CHECKED_ROWS, len(rows)), replace=False))
    sampled = rows.take(some)
    values = labelled.values_of(labelled.test_positions[some])
    different = future_removed(labelled.sightings, sampled, values, labelled.catalogue)
    return Checks(
        future_removed=FutureRemoved(
            what="features of sampled test rows, computed again from a history without any record that became "
            "known at or after the as-of, and without knowing later withdrawals",
            rows=len(some),
            features=values.shape[1],
            values_that_differ=different,
            holds=different == 0,
        ),
        late_known=known_late(labelled.sightings, rows),
        dates=_dates(labelled),
        contributions_sum=contributions_sum(booster, values, labelled.settings.threads),
        added_harm=added_harm(labelled, booster, sampled),
    )


def added_harm(labelled: LabelledCohort, booster: Any, sampled: Rows) -> AddedHarm:
    """Count the scores of ``sampled`` rows that fall when one recorded harm is added."""
    fell = violations(
        lambda matrix: raw_score(booster, np.asarray(matrix.values)), labelled.sightings, sampled, labelled.catalogue
    )
    return AddedHarm(
        what="one recorded harm more, a day before the as-of (or 200), must not lower the score; features "
        "without a direction can make it fall, so falls are counted and not forbidden",
        rows=len(sampled),
        harms=len(HARM_EVENTS),
        scores=len(sampled) * len(HARM_EVENTS),
        fell=len(fell),
        largest_fall=max((violation.before - violation.after for violation in fell), default=0.0),
        kinds_that_fell=tuple(sorted({violation.event.kind for violation in fell})),
    )


def contributions_sum(booster: Any, values: NDArray[np.float32], threads: int) -> ContributionsSum:
    """Measure how far the tree contributions of ``values`` (n, d) are from summing to the raw score."""
    _, gap = unchecked_contributions(booster, values, threads=threads)
    largest = float(gap.max(initial=0.0))
    return ContributionsSum(
        what="largest difference between the sum of a row's tree contributions and its raw score",
        rows=len(values),
        largest_difference=largest,
        threshold=TOLERANCE,
        holds=largest <= TOLERANCE,
    )


def known_late(sightings: Sightings, rows: Rows) -> LateKnown:
    """Count how much of the past the rows could not know.

    ``events`` counts an event once for each row it is late for; ``share`` is of rows with any, None without rows.
    """
    late = late_known(sightings, rows)
    some = int((late > 0).sum())
    return LateKnown(
        what="events of either party that had happened before the as-of and were known only at or after it, on all "
        "test rows: what a builder that filters on the date of the event would have leaked",
        rows=len(rows),
        events=int(late.sum()),
        rows_with_any=some,
        share=some / len(rows) if len(rows) else None,
    )


def _dates(labelled: LabelledCohort) -> Dates:
    """For each fold, the dates the rule speaks of, read off the rows that were used (not off the plan)."""
    folds, out = labelled.folds, []
    wait = (folds.horizon_days + folds.embargo_days) * DAY
    for fold in folds.all:
        fit = labelled.fit_rows[fold.name].positions
        last_fit = int(labelled.cohort.rows.as_of[fit].max())
        first_measured = int(labelled.cohort.rows.as_of[labelled.cohort.of(fold.measure)].min(initial=NEVER))
        out.append(
            FoldDates(
                fold=fold.name,
                last_fit_as_of=show(last_fit),
                last_fit_label_known=show(last_fit + wait),
                fit_date=show(fold.fit_date),
                first_as_of_measured=show(first_measured),
                holds=last_fit + wait <= fold.fit_date <= first_measured,
            )
        )
    return Dates(
        what="label known <= fit date <= first as-of measured",
        folds=tuple(out),
        holds=all(dates.holds for dates in out),
    )


def future_removed(sightings: Sightings, rows: Rows, values: NDArray[np.float32], catalogue: Catalogue) -> int:
    """Count the ``values`` that differ when each row is built from its two parties' past alone (0: no leak)."""
    different = 0
    for i in range(len(rows)):
        past = known_before(sightings, (int(rows.subject[i]), int(rows.at_risk[i])), int(rows.as_of[i]))
        again = build(past, rows.take(np.array([i])), catalogue, parallel=False).values
        different += int((~((again[0] == values[i]) | (np.isnan(again[0]) & np.isnan(values[i])))).sum())
    return different


def known_before(sightings: Sightings, people: tuple[int, ...], as_of: int) -> Sightings:
    """The sightings of some people as they stood at ``as_of``: later records gone, later withdrawals unknown."""
    parts = [np.arange(rows.start, rows.stop) for rows in map(sightings.rows_of, people)]
    return sightings.take(np.unique(np.concatenate(parts))).known_at(as_of)


def as_if_known_at_once(sightings: Sightings) -> Sightings:
    """Every record known the moment it happened: the leak of a builder that filters on the date of the event.

    Only to measure what such a leak would be worth; nothing is trained for use on it.
    """
    early = np.minimum(np.asarray(sightings.visible_from), np.asarray(sightings.occurred_at))
    return replace(sightings, visible_from=early)
