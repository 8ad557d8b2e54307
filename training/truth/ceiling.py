"""The records-only ceiling: reference models that are taught the truth, on a force they will never be measured on.

Models of an independent force, ten times larger, are fitted to the latent risk itself (soft labels, cross-entropy)
instead of to the few outcomes that happened. What the best of them reaches on another force is a lower bound of what
the records allow; the latent oracle is an upper bound (``docs/truth.md``).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix, build, load_catalogue
from threat.asof import parse_as_of
from threat.errors import BadInput, UsageError
from threat.history.sightings import Rows
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.policy import load_policy
from threat.release.documents.config import Config
from threat.release.documents.expected_captures import CeilingFit
from threat.release.documents.folds import Folds
from threat.release.runs import Run
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.truth.oracle import HORIZONS
from threat.simulation.truth.retraced import verified_settings
from training.cohorts import cohort as cohorts
from training.cohorts.cohort import Cohort
from training.cohorts.feed_lag import delayed, feed_lags
from training.cohorts.folds import Cycle
from training.config import CohortSettings
from training.truth.judged_lists import Lookahead, risks_of
from training.truth.recipes import Recipe, SoftRows, Teaching, fit_recipes

Floats = NDArray[np.float64]

DRAWS = 16
"""Runs forward per row of the reference: few, because the noise of one label averages out over so many rows."""
_LEFT_OUT_SHARE = 0.2
"""Share of subjects that no recipe is fitted on: recipes are stopped and compared on their rows."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Every recipe, and how each did on the reference's subjects left out (``fit``, which names the best)."""

    recipes: tuple[Recipe, ...]
    fit: CeilingFit

    @property
    def recipe(self) -> Recipe:
        """The best recipe."""
        return next(recipe for recipe in self.recipes if recipe.name == self.fit.recipe)

    def score(self, store: Path, rows: Rows, snapshot_id: str | None, *, threads: int) -> Floats:
        """Raw scores (n) of rows of another force, from its records alone."""
        matrix = features_of(Store.open(store).snapshot(snapshot_id), rows, load_catalogue(), threads=threads)
        return self.recipe.score(matrix.values, threads=threads)


def fit(run: Run, force: Path, reference: Path, *, rows: int = 150_000, how: Lookahead) -> Ceiling:
    """Fit on the force in ``reference``, on lists like those the RUN was measured on.

    ``rows``: at most so many rows of the reference. ``how.seed`` draws the rows and the subjects left out, too. Raises
    UsageError when the reference is not independent or not of the same dates, BadInput when nobody is on its lists.
    """
    reference_settings = _independent(force, reference)
    config = run.read(Config)
    settings = config.settings
    snapshot = Store.open(reference / "history").snapshot()
    cohort = cohort_of(snapshot, cycles_of(run), settings.cohort)
    if not len(cohort):
        raise BadInput("The reference force has nobody on the RUN's lists.", where=str(reference))
    drawn = draw_rows(cohort, rows, how.seed)
    truth = risks_of(reference_settings, drawn.rows, how, settings.rung)
    label = truth.risk[:, HORIZONS.index(settings.horizon_days)]
    catalogue = load_catalogue()
    values = features_of(snapshot, drawn.rows, catalogue, threads=how.threads).values
    teaching = Teaching(
        base=settings.base,
        horizon_days=settings.horizon_days,
        list_share=min(1.0, config.capacity * len(cycles_of(run)) / len(cohort)),
        seed=how.seed,
        threads=how.threads,
    )
    return ceiling_of(drawn.labelled(values, label), catalogue, teaching, how.draws)


def ceiling_of(rows: SoftRows, catalogue: Catalogue, teaching: Teaching, draws: int) -> Ceiling:
    """Fit every recipe and name the best. ``draws``: runs forward behind each label."""
    fitted = fit_recipes(rows, tuple(catalogue), teaching)
    best = fitted.best
    measured = next(recipe for recipe in fitted.tried if recipe.name == best.name)
    return Ceiling(
        fitted.recipes,
        CeilingFit(
            rows=len(rows.label),
            recipe=best.name,
            tried=fitted.tried,
            rounds=best.rounds,
            draws=draws,
            mean_risk=float(rows.label.mean()),
            deviance_explained=measured.deviance_explained,
        ),
    )


def cohort_of(snapshot: Snapshot, cycles: list[Cycle], settings: CohortSettings) -> Cohort:
    """The complete cohort of every cycle, by what had reached us then: with the lag of the feed, as in a training."""
    lag = max(feed_lags(snapshot).values(), default=0)
    return cohorts.build(snapshot, cycles, settings, load_policy(), lag)


def features_of(snapshot: Snapshot, rows: Rows, catalogue: Catalogue, *, threads: int) -> Matrix:
    """Features of rows of a force, by what had reached us: with the lag of each feed, as in a training."""
    sightings = delayed(snapshot.sightings(), feed_lags(snapshot))
    return build(sightings, rows, catalogue, parallel=threads > 1)


@dataclass(frozen=True, slots=True)
class ReferenceRows:
    """Rows of the reference in the order of ``SoftRows``: those of subjects left out come after ``fitted`` others."""

    rows: Rows
    cycle: NDArray[np.int64]
    fitted: int

    def labelled(self, values: NDArray[np.float32], label: Floats) -> SoftRows:
        """The rows with their features (n, d) and latent risk (n)."""
        return SoftRows(values, label, self.cycle, self.rows.subject, self.fitted)


def draw_rows(cohort: Cohort, most: int, seed: int) -> ReferenceRows:
    """Draw at most so many rows of the reference, and put those of the subjects left out at the end."""
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.choice(len(cohort), min(most, len(cohort)), replace=False))
    people, person = np.unique(cohort.rows.subject[drawn], return_inverse=True)
    left_out = (rng.random(len(people)) < _LEFT_OUT_SHARE)[person]
    order = drawn[np.argsort(left_out, kind="stable")]
    return ReferenceRows(cohort.rows.take(order), cohort.cycle[order], int((~left_out).sum()))


def _independent(force: Path, reference: Path) -> ForceSettings:
    """Return the settings of the reference; raise UsageError unless it is another force of the same kind."""
    measured, other = verified_settings(force), verified_settings(reference)
    if measured.seed == other.seed:
        raise UsageError(
            "The reference force is not independent: both forces have the same seed.",
            value=measured.seed,
            where=str(reference),
            way_out="threat simulate --seed with another number, ten times the relationships",
        )
    if (measured.epoch, measured.now, measured.knobs) != (other.epoch, other.now, other.knobs):
        raise UsageError(
            "The reference force covers other dates or has other knobs than the force that is measured.",
            value=f"{other.epoch} to {other.now}, {other.knobs}",
            where=str(reference),
            way_out="give threat simulate the same --years and knobs",
        )
    return other


def cycles_of(run: Run) -> list[Cycle]:
    """The lists the RUN was measured on, from ``folds.json``; a list ends where the next begins."""
    test = run.read(Folds).test
    starts = [parse_as_of(cycle.start) for cycle in test.measured_cycles]
    last = parse_as_of(test.measured_last_as_of)
    ends = [*starts[1:], max(last, starts[-1]) + 1]
    numbers = [cycle.cycle for cycle in test.measured_cycles]
    return [Cycle(number, start, end, start) for number, start, end in zip(numbers, starts, ends, strict=True)]
