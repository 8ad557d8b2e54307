"""What a leak does to the figures: one training through ``features``, one by a builder that goes by dates of events.

The naive builder takes an event into a row when ``occurred_at < as_of``, though it was recorded later. On a force with
a planted leak (rows dated before a severe incident, recorded after it) its figures jump; those of ``features`` do not,
since nothing recorded at or after an as-of is visible to it. Expected captures show that the jump is not foresight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from threat.eligibility import load_policy
from threat.history.sightings import Sightings
from threat.history.store import Store
from threat.measuring.resampling import Resampling
from threat.simulation import force
from threat.simulation.force import Settings as Force
from threat.simulation.knobs import Knobs
from threat.simulation.truth.oracle import HORIZONS
from training.cohorts.labelled import prepare
from training.cohorts.opening import open_test
from training.config import Settings
from training.evaluation.table import MODEL, Ranking, evaluate
from training.models.fitted import fit_trees
from training.truth.expected_captures import Lists, compare, require_known, truth_of

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
    *,
    relationships: int,
    years: float,
    seed: int,
    leak: float,
    draws: int = 16,
    advance: Callable[[float], None] = lambda amount: None,
) -> dict[str, Any]:
    """Two forces in ``out`` (made when absent), without and with the leak; each trained on both ways.

    Raises UsageError, before anything is made, for an outcome that the truth does not know.
    Returns ``{settings, rows: [{force, builder, n, events, figures: {name: Figure}}]}``.
    """
    require_known(settings.rung, settings.horizon_days, settings.name)
    rows = []
    for name, knobs in (("no leak planted", Knobs()), ("leak planted", Knobs(leak=leak))):
        where = out / ("leak" if knobs.leak else "plain")
        if not (where / "truth" / "force.json").exists():
            force.write(Force(relationships=relationships, years=years, seed=seed, knobs=knobs), where)
        advance(1)
        for builder in ("features", "naive"):
            rows.append({"force": name, "builder": builder} | measure(where, settings, builder == "naive", draws))
            advance(1)
    shown = {"relationships": relationships, "years": years, "seed": seed, "leak": leak, "preset": settings.name}
    return {"settings": shown | {"horizon_days": settings.horizon_days}, "rows": rows}


def measure(where: Path, settings: Settings, by_occurrence: bool, draws: int) -> dict[str, Any]:
    """Choose, fit and test the trees on one force; ``by_occurrence``: with the naive builder."""
    snapshot = Store.open(where / "history").snapshot()
    policy = load_policy()
    sightings = snapshot.sightings()
    labelled = prepare(snapshot, settings, policy, naive(sightings) if by_occurrence else sightings)
    fitted = fit_trees(labelled, labelled.pairs())
    opened = open_test(labelled)
    rows, cycle, measured_rows = opened.lists.rows, opened.lists.cycle, opened.outcomes.rows
    scores = fitted.score(opened.matrix.values, threads=settings.threads)
    capacity = settings.capacity or policy.capacity
    ranking = Ranking(MODEL, "LightGBM", scores)
    resampling = Resampling(replicates=settings.bootstrap, seed=settings.seed)
    measured = evaluate(measured_rows, [ranking], capacity=capacity, resampling=resampling)
    truth = truth_of(where, rows.relationship_id, rows.as_of, draws=draws, seed=settings.seed)
    h = HORIZONS.index(settings.horizon_days)
    lists = Lists(
        rows,
        cycle,
        measured_rows.person,
        measured_rows.label.astype(np.uint8),
        truth.risk[:, h],
        truth.error[:, h],
        truth.halves[:, h],
        truth.true_relation,
        {MODEL: ("LightGBM", scores)},
        capacity,
        settings.horizon_days,
    )
    captured = compare(lists, replicates=settings.bootstrap, seed=settings.seed)
    figures = [*measured["rankings"][0]["figures"], *captured["rankings"][0]["figures"]]
    found: dict[str, Any] = {}
    for one in figures:
        if one["name"] in SHOWN:
            found.setdefault(one["name"], one)
    return {"n": len(rows), "events": measured_rows.events, "figures": found}
