"""Is the ceiling where it should be? A particle filter's posterior risk on some hundreds of rows of a RUN's lists.

The filter knows the true mechanism and reads the records; it can be beaten only by what it leaves out. Ranked on the
same rows: the oracle above it, the reference model at or below it, the RUN's own rankings below that.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.measuring.estimates import What, measure
from threat.measuring.resampling import Draws, Resampling
from threat.simulation.truth.particles import posterior
from threat.simulation.truth.retraced import verified_settings
from training.evaluation.table import MODEL
from training.truth.expected_captures import CEILING, ORACLE, Lists

Floats = NDArray[np.float64]
PARTICLES = "particles"
_TOP = 0.05


def check(
    lists: Lists,
    extra: list[tuple[str, str, Floats]],
    force_directory: Path,
    *,
    rows: int,
    particles: int = 2000,
    replicates: int = 500,
    seed: int = 7,
    threads: int = 1,
) -> dict[str, Any]:
    """Filter a sample of rows, half of it from the top twentieth of the model's scores, and rank it every way.

    ``{rows, left_out: {reason: rows}, least_effective: [5%, 50%], rankings: [{name, title, figures}]}``. Figures weigh
    rows by what they stand for: ``soft_auc`` (the chance that an outcome's row outranks another's, by the true risk)
    and ``top_share`` (share of all risk in the top twentieth).
    """
    scores = dict(lists.scores)
    chosen, weight = _draw(scores[MODEL][1], rows, seed)
    found = posterior(
        verified_settings(force_directory),
        lists.rows.relationship_id[chosen],
        lists.rows.as_of[chosen],
        particles=particles,
        seed=seed,
        threads=threads,
    )
    column = 0 if lists.horizon_days == 180 else 1
    risk = found.risk[:, column]
    usable = np.isfinite(risk)
    chosen, weight, risk = chosen[usable], weight[usable], risk[usable]
    true = lists.risk[chosen]
    # The oracle is ranked on one half of its draws; judging uses the other, for every ranking alike.
    ranked, judged = lists.halves[chosen, 0], lists.halves[chosen, 1]
    orders: list[tuple[str, str, Floats]] = [
        (ORACLE, "Latent oracle", ranked),
        (PARTICLES, "Particle filter on the records", risk),
        *[(name, title, order[chosen]) for name, title, order in extra if name == CEILING],
        *[(name, title, order[chosen]) for name, (title, order) in lists.scores.items()],
    ]
    subjects, index = np.unique(lists.subject[chosen], return_inverse=True)
    draws = Draws.of(len(subjects), Resampling(replicates=replicates, seed=seed))
    weights = draws.weights(index, slice(None)) * weight[:, None]
    events = round(float(lists.label[chosen].sum()))
    rankings = []
    for name, title, order in orders:
        soft, top = _soft_auc(order, judged, weights), _top_share(order, judged, weights)
        measured = [("soft_auc", "AUC by the true risk", soft), ("top_share", "Risk in the top twentieth", top)]
        figures = [
            measure(What(name=figure, title=words, n=len(chosen), events=events), values).model_dump(mode="json")
            for figure, words, values in measured
        ]
        rankings.append({"name": name, "title": title, "figures": figures})
    return {
        "rows": len(chosen),
        "left_out": dict(Counter(reason for reason in found.why if reason)),
        "least_effective": [float(q) for q in np.quantile(found.effective[usable], [0.05, 0.5])],
        "particles": particles,
        "mean_risk": {
            "oracle": float(np.average(true, weights=weight)),
            "filter": float(np.average(risk, weights=weight)),
        },
        "rankings": rankings,
    }


def _draw(scores: Floats, rows: int, seed: int) -> tuple[NDArray[np.int64], Floats]:
    """Rows and how many each stands for: half of them from the top twentieth by the model's scores."""
    rng = np.random.default_rng(seed)
    order = np.argsort(-scores, kind="stable")
    edge = max(1, round(len(order) * _TOP))
    parts, weights = [], []
    for stratum in (order[:edge], order[edge:]):
        size = min(rows // 2, len(stratum))
        parts.append(rng.choice(stratum, size, replace=False))
        weights.append(np.full(size, len(stratum) / max(size, 1)))
    return np.concatenate(parts), np.concatenate(weights)


def _soft_auc(order: Floats, risk: Floats, weights: Floats) -> Floats:
    """Per replicate: the chance that a row drawn by its risk outranks one drawn by its chance of none, ties half."""
    sort = np.argsort(order, kind="stable")
    w, r, group = weights[sort], risk[sort][:, None], np.unique(order[sort], return_inverse=True)[1]
    without = w * (1 - r)
    last = np.flatnonzero(np.append(np.diff(group) > 0, True))
    ends = np.cumsum(without, axis=0)[last]
    starts = np.vstack([np.zeros((1, ends.shape[1])), ends[:-1]])
    below = (starts + ends)[group] / 2
    mass = w * r
    return np.asarray((mass * below).sum(axis=0) / (mass.sum(axis=0) * ends[-1]))


def _top_share(order: Floats, risk: Floats, weights: Floats) -> Floats:
    """Per replicate: the share of all risk held by the twentieth of the weight that is ranked first."""
    sort = np.argsort(-order, kind="stable")
    w = weights[sort]
    before = np.cumsum(w, axis=0) - w
    room = np.clip(_TOP * w.sum(axis=0) - before, 0.0, w)
    return np.asarray((room * risk[sort][:, None]).sum(axis=0) / (w * risk[sort][:, None]).sum(axis=0))
