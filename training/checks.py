"""Checks that go into every RUN: no feature knew the future, no harm lowers a score, contributions sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix, build, late_known
from features.monotone import HARM_EVENTS, HarmEvent, effects
from threat.asof import DAY, NEVER, show
from threat.history.sightings import Rows, Sightings
from threat.release.documents.checks import (
    AddedHarm,
    Checks,
    ContributionsSum,
    Dates,
    FallCause,
    FoldDates,
    FutureRemoved,
    HarmOfKind,
    LateKnown,
)
from threat.release.ranking_model import TOLERANCE, RankingModel
from training.cohorts.labelled import LabelledCohort

CHECKED_ROWS = 48
"""Test rows that are built again, one by one, each from a history of its own: few, because that is slow."""
HARM_ROWS = 500
"""Test rows that harms are added to: one kind costs 10 ms, and a share of 1% is 5 rows, give or take 2."""
LEAST_FALL = 1e-9
"""Log odds a score may move down and not count as fallen: rounding of sums of leaves, far below any leaf."""
RECENT_DAYS = 1.0
"""Days from a harm to the as-of up to which it counts for its kind; a harm of longer ago is an extra."""
_CAUSES = 5
"""Causes named for a kind: on real and synthetic records five features made nine tenths of the falls of any kind."""


def checks(labelled: LabelledCohort, matrix: Matrix, model: RankingModel) -> Checks:
    """Return ``checks.json``: leaks on sampled test rows, what was late on all of them, dates, directions of scores."""
    rows = labelled.test_lists.rows
    rng = np.random.default_rng(labelled.settings.seed)
    some = np.sort(rng.choice(len(rows), min(CHECKED_ROWS, len(rows)), replace=False))
    sampled = rows.take(some)
    values = matrix.values[some]
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
        contributions_sum=contributions_sum(model, values, labelled.settings.threads),
        added_harm=added_harm(labelled, model),
    )


def added_harm(labelled: LabelledCohort, model: RankingModel, events: Sequence[HarmEvent] = HARM_EVENTS) -> AddedHarm:
    """Count, for each kind of harm, the scores of drawn test rows that fall when one such harm is added."""
    rows = labelled.test_lists.rows
    rng = np.random.default_rng(labelled.settings.seed)
    drawn = rows.take(np.sort(rng.choice(len(rows), min(HARM_ROWS, len(rows)), replace=False)))
    threads = labelled.settings.threads
    before: NDArray[np.float64] | None = None
    measured: list[HarmOfKind] = []
    for effect in effects(
        lambda matrix: model.raw_score(np.asarray(matrix.values), threads=threads),
        labelled.sightings,
        drawn,
        labelled.catalogue,
        events,
    ):
        fell = effect.fell(LEAST_FALL)
        causes: tuple[FallCause, ...] = ()
        if fell.any():
            # Of the rows as they were once, and after the harm of the fallen rows alone: exact contributions are slow.
            if before is None:
                before = model.contributions(effect.values_before, threads=threads).by_feature
            after = model.contributions(effect.values_after[fell], threads=threads).by_feature
            # By feature alone: no harm moves the expected score or the time at liberty.
            moved = _differ(effect.values_before[fell], effect.values_after[fell])
            causes = fall_causes(after - before[fell], moved, labelled.catalogue.names)
        measured.append(
            HarmOfKind(
                kind=effect.event.kind,
                days_before=effect.event.days_before,
                rows=len(drawn),
                fell=int(fell.sum()),
                largest_fall=float((effect.before - effect.after)[fell].max(initial=0.0)),
                causes=causes,
            )
        )
    return AddedHarm(
        what="one recorded domestic harm more, of each kind, a day before the as-of, all else equal, must not lower "
        "the score; older harms are counted too",
        rows=len(drawn),
        harms=len(measured),
        scores=sum(harm.rows for harm in measured),
        fell=sum(harm.fell for harm in measured),
        largest_fall=max((harm.largest_fall for harm in measured), default=0.0),
        kinds_that_fell=tuple(sorted({harm.kind for harm in measured if harm.fell})),
        threshold=LEAST_FALL,
        kinds=tuple(harm for harm in measured if harm.days_before <= RECENT_DAYS),
        older=tuple(harm for harm in measured if harm.days_before > RECENT_DAYS),
    )


def fall_causes(change: NDArray[np.float64], moved: NDArray[np.bool_], names: Sequence[str]) -> tuple[FallCause, ...]:
    """Return the features whose contribution fell most in the most rows of ``change`` (n, d), at most five.

    ``moved`` (n, d): the figures that the harm moved; the contribution of another figure can only follow. Of two fallen
    rows, the first feature lowered both most among the moved; equals are in the order of the names:

    >>> change, moved = np.array([[-2.0, 0, -3], [-1, 1, -3]]), np.array([[True, True, False], [True, True, False]])
    >>> [(cause.feature, cause.rows, cause.mean_change) for cause in fall_causes(change, moved, "abc")]
    [('a', 2, -1.5)]
    """
    worst = np.where(moved, change, np.inf).argmin(axis=1)
    rows = np.bincount(worst, minlength=len(names))
    order = np.argsort(-rows, kind="stable")[:_CAUSES]
    return tuple(
        FallCause(feature=names[j], rows=int(rows[j]), mean_change=float(change[worst == j, j].mean()))
        for j in map(int, order)
        if rows[j]
    )


def contributions_sum(model: RankingModel, values: NDArray[np.float32], threads: int) -> ContributionsSum:
    """Measure how far the contributions of ``values`` (n, d) are from summing to the raw score."""
    _, gap = model.unchecked_contributions(values, threads=threads)
    largest = float(gap.max(initial=0.0))
    return ContributionsSum(
        what="largest difference between the sum of a row's contributions and its raw score",
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
        last_fit = int(labelled.fit_rows_of(fold).as_of.max())
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
        different += int(_differ(again[0], values[i]).sum())
    return different


def _differ(values: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mask of the values that are not the same; two missing values are."""
    return np.asarray(~((values == others) | (np.isnan(values) & np.isnan(others))), np.bool_)


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
