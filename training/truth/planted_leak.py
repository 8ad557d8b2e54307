"""What a leak does to the figures: one training through ``features``, one by a builder that goes by dates of events.

The naive builder takes an event into a row when ``occurred_at < as_of``, though it was recorded later. On a force with
a planted leak (rows dated before a severe incident, recorded after it) its figures jump; those of ``features`` do not,
since nothing recorded at or after an as-of is visible to it. Expected captures show that the jump is not foresight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from threat.history.sightings import Sightings
from threat.history.store import Store
from threat.measuring.figure import Figure
from threat.measuring.resampling import Resampling
from threat.policy import load_policy
from threat.release.documents.evaluation import MODEL
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.force import write
from threat.simulation.knobs import Knobs
from training.cohorts.labelled import prepare
from training.cohorts.opening import open_test
from training.config import Settings
from training.evaluation.table import Ranking, evaluate
from training.models.fitted import fit_model
from training.truth.expected_captures import compare
from training.truth.judged_lists import AskedOutcome, Lookahead, judge
from training.truth.leak_shown import LeakSettings, LeakShown, MeasuredBuilder

SHOWN = ("auc", "recall_at_capacity", "expected_captures", "share_of_oracle")


def naive(sightings: Sightings) -> Sightings:
    """The sightings as a builder sees them that takes an event from the moment it happened."""
    return replace(
        sightings,
        recorded_at=sightings.occurred_at,
        visible_from=np.minimum(sightings.visible_from, sightings.occurred_at),
    )


def demonstrate(
    out: Path,
    settings: Settings,
    force: ForceSettings,
    *,
    leak: float,
    draws: int = 16,
    advance: Callable[[float], None] = lambda amount: None,
) -> LeakShown:
    """Make ``force`` in ``out`` (where absent) without and with the leak, and train on each both ways.

    Raises UsageError, before anything is made, for an outcome that the truth does not know.
    """
    outcome_of(settings).require_known(settings.name)
    rows = []
    for title, knobs in (("no leak planted", Knobs()), ("leak planted", Knobs(leak=leak))):
        folder = out / ("leak" if knobs.leak else "plain")
        if not (folder / "truth" / "force.json").exists():
            write(replace(force, knobs=knobs), folder)
        advance(1)
        for builder in ("features", "naive"):
            rows.append(measure(folder, settings, title, builder, draws))
            advance(1)
    shown = LeakSettings(
        relationships=force.relationships,
        years=force.years,
        seed=force.seed,
        leak=leak,
        preset=settings.name,
        horizon_days=settings.horizon_days,
    )
    return LeakShown(settings=shown, rows=tuple(rows))


def outcome_of(settings: Settings) -> AskedOutcome:
    """The outcome that a training with these settings is for."""
    return AskedOutcome(rung=settings.rung, horizon_days=settings.horizon_days)


def measure(folder: Path, settings: Settings, title: str, builder: str, draws: int) -> MeasuredBuilder:
    """Choose, fit and test the trees on the force in ``folder``, called ``title``, by a ``builder`` of features."""
    snapshot = Store.open(folder / "history").snapshot()
    policy = load_policy()
    sightings = snapshot.sightings()
    # Without the feed's lag, so that the two builders differ in one thing.
    labelled = prepare(snapshot, settings, policy, naive(sightings) if builder == "naive" else sightings)
    fitted = fit_model(labelled)
    opened = open_test(labelled)
    rows = opened.outcomes.rows
    ranking = Ranking(MODEL, "LightGBM", fitted.raw_score(opened.matrix.values, threads=settings.threads))
    length = labelled.list_length(opened.lists.cycle)
    resampling = Resampling(replicates=settings.bootstrap, seed=settings.seed)
    measured = evaluate(rows, [ranking], length=length, resampling=resampling)
    lists = judge(
        folder,
        opened.lists.rows,
        rows,
        [ranking],
        outcome=outcome_of(settings),
        capacity=length.places,
        how=Lookahead(draws=draws, seed=settings.seed, deadly=False),
    )
    captured = compare(lists, resampling=resampling)
    figures: dict[str, Figure] = {}
    # The first of a name: recall at the list's own length, the AUC of the evaluation.
    for figure in (*measured.rankings[0].figures, *captured.rankings[0].figures):
        if figure.name in SHOWN:
            figures.setdefault(figure.name, figure)
    return MeasuredBuilder(force=title, builder=builder, n=rows.n, events=rows.events, figures=figures)
