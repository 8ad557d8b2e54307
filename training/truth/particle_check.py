"""Is the ceiling where it should be? A particle filter's posterior risk on some hundreds of rows of a RUN's lists.

The filter knows the true mechanism and reads the records; it can be beaten only by what it leaves out. Ranked on the
same rows: the oracle above it, the reference model at or below it, the RUN's own rankings below that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from threat.errors import UsageError
from threat.measuring.estimates import What, measure
from threat.measuring.resampling import Draws, Resampling
from threat.release.documents.evaluation import MODEL
from threat.release.documents.expected_captures import CheckedRanking, MeanRisk, ParticleCheck
from threat.simulation.truth.oracle import HORIZONS
from threat.simulation.truth.particles import posterior
from threat.simulation.truth.retraced import verified_settings
from training.evaluation.table import Ranking
from training.truth.expected_captures import ORACLE
from training.truth.judged_lists import JudgedLists

Floats = NDArray[np.float64]
PARTICLES = "particles"
_TOP = 0.05
"""Share of rows at the top that is looked at by itself, as a list of 50 is of a cohort of a thousand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtering:
    """How much to filter: ``rows`` of the lists, ``particles`` for each; ``threads`` do not change the numbers."""

    rows: int
    particles: int = 2000
    threads: int = 1


def check(
    lists: JudgedLists,
    ceiling: Sequence[Ranking],
    force: Path,
    filtering: Filtering,
    resampling: Resampling = Resampling(replicates=500, seed=7),  # noqa: B008 frozen, so one for all calls is safe
) -> ParticleCheck:
    """Filter a sample of rows, half of it from the top twentieth of the model's scores, and rank it every way.

    ``ceiling``: the ceiling's ranking, where there is one. Figures weigh rows by what they stand for: ``soft_auc`` (the
    chance that an outcome's row outranks another's, by the true risk) and ``top_share`` (share of all risk in the top
    twentieth). ``resampling.seed`` also draws the sample and the particles. Raises UsageError for an outcome other than
    Y2.
    """
    if lists.outcome.rung != "Y2":
        raise UsageError(
            f"The particle filter has no answer for {lists.outcome.rung}: it knows severe harm (Y2) alone.",
            way_out="ask without --particles",
        )
    model = next(ranking for ranking in lists.rankings if ranking.name == MODEL)
    counted = np.flatnonzero(lists.counted)
    places, stands_for = _draw(model.scores[counted], filtering.rows, resampling.seed)
    drawn = counted[places]
    filtered = posterior(
        verified_settings(force),
        lists.rows.relationship_id[drawn],
        lists.rows.as_of[drawn],
        particles=filtering.particles,
        seed=resampling.seed,
        threads=filtering.threads,
    )
    posterior_risk = filtered.risk[:, HORIZONS.index(lists.outcome.horizon_days)]
    # NaN: the row's cluster began before the records, so the filter has no start for it.
    usable = np.isfinite(posterior_risk)
    rows, weight, risk = drawn[usable], stands_for[usable], posterior_risk[usable]
    # The oracle is ranked on one half of its draws; judging uses the other, for every ranking alike.
    orders = [
        Ranking(ORACLE, "Latent oracle", lists.truth.halves[rows, 0]),
        Ranking(PARTICLES, "Particle filter on the records", risk),
        *(Ranking(ranking.name, ranking.title, ranking.scores[rows]) for ranking in (*ceiling, *lists.rankings)),
    ]
    few, median = np.quantile(filtered.effective[usable], [0.05, 0.5])
    return ParticleCheck(
        rows=len(rows),
        left_out=dict(Counter(reason for reason in filtered.why if reason)),
        least_effective=(float(few), float(median)),
        particles=filtering.particles,
        mean_risk=MeanRisk(
            oracle=float(np.average(lists.truth.risk[rows], weights=weight)),
            filter=float(np.average(risk, weights=weight)),
        ),
        rankings=_measured(lists, orders, rows, weight, resampling),
    )


def _measured(
    lists: JudgedLists, orders: Sequence[Ranking], rows: NDArray[np.int64], weight: Floats, resampling: Resampling
) -> tuple[CheckedRanking, ...]:
    """Figures of every order of the ``rows``, judged by the second half of the oracle's draws."""
    judging = lists.truth.halves[rows, 1]
    subjects, index = np.unique(lists.subject[rows], return_inverse=True)
    draws = Draws.of(len(subjects), resampling)
    weights = draws.weights(index, slice(None)) * weight[:, None]
    events = round(float(lists.label[rows].sum()))
    checked = []
    for order in orders:
        values = (
            ("soft_auc", "AUC by the true risk", _soft_auc(order.scores, judging, weights)),
            ("top_share", "Risk in the top twentieth", _top_share(order.scores, judging, weights)),
        )
        figures = tuple(
            measure(What(name=name, title=title, n=len(rows), events=events), replicates)
            for name, title, replicates in values
        )
        checked.append(CheckedRanking(name=order.name, title=order.title, figures=figures))
    return tuple(checked)


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
