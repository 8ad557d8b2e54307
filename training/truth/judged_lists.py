"""A RUN's test lists with the truth of every row, and the rankings to judge by the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from threat.errors import UsageError
from threat.history.sightings import Rows
from threat.measuring.ranked import Labelled
from threat.release.documents.evaluation import Evaluation
from threat.release.runs import Run
from threat.simulation.truth.oracle import HORIZONS, Risks, risks
from threat.simulation.truth.retraced import verified_settings
from training.evaluation.table import Ranking

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookahead:
    """How the truth is computed: ``draws`` runs forward per row, ``seed``, ``threads``, and who hears of progress.

    The numbers do not depend on ``threads``.
    """

    draws: int = 32
    seed: int = 0
    threads: int = 1
    advance: Callable[[float], None] = lambda amount: None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedLists:
    """Complete lists (n rows) with the truth of each row over one horizon, and the rankings to judge.

    ``subject``: rows of one subject are never treated as independent. ``label``: what happened (0 or 1). ``left_out``:
    rows that are on the lists and in no figure; their label and risk are 0. ``risk`` (n): the latent risk; ``error``
    (n): its Monte Carlo error; ``halves`` (n, 2): the risk by either half of the draws. ``true_relation`` (n): the same
    number for second records of one relation. ``capacity``: places on each list.
    """

    rows: Rows
    cycle: Ints
    subject: Ints
    label: NDArray[np.uint8]
    left_out: NDArray[np.bool_]
    risk: Floats
    error: Floats
    halves: Floats
    true_relation: Ints
    rankings: Sequence[Ranking]
    capacity: int
    horizon_days: int

    def __len__(self) -> int:
        return len(self.cycle)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Mask of the rows that figures count (n)."""
        return ~self.left_out

    @property
    def number(self) -> int:
        """Number of lists."""
        return len(np.unique(self.cycle))

    @property
    def relation_on_list(self) -> Ints:
        """Number of each row's pair of list and true relation (n)."""
        pairs = np.stack([self.cycle, self.true_relation], axis=1)
        return np.unique(pairs, axis=0, return_inverse=True)[1].ravel()

    def credited(self, credit: Floats) -> Labelled:
        """The rows with what happened, credited with ``credit`` (n) by the truth instead."""
        return Labelled.of(
            label=self.label, credit=credit, person=self.subject, cycle=self.cycle, left_out=self.left_out
        )


def judge(
    force: Path,
    rows: Rows,
    outcomes: Labelled,
    rankings: Sequence[Ranking],
    *,
    capacity: int,
    days: int,
    how: Lookahead,
) -> JudgedLists:
    """Compute the truth of rows of a force that was written. Raises BadInput for rows of another force."""
    truth = truth_of(force, rows, how)
    horizon = HORIZONS.index(days)
    counted = outcomes.counted
    return JudgedLists(
        rows=rows,
        cycle=outcomes.cycle,
        subject=outcomes.person,
        label=outcomes.hit.astype(np.uint8),
        left_out=outcomes.left_out,
        risk=np.where(counted, truth.risk[:, horizon], 0.0),
        error=np.where(counted, truth.error[:, horizon], 0.0),
        halves=np.where(counted[:, None], truth.halves[:, horizon], 0.0),
        true_relation=truth.true_relation,
        rankings=rankings,
        capacity=capacity,
        horizon_days=days,
    )


def read_lists(run: Run, force: Path, how: Lookahead) -> JudgedLists:
    """Read a RUN's complete test cohort with its rankings, and compute the truth of each row.

    Raises UsageError for a RUN that the oracle can't judge, BadInput when it is of another force.
    """
    evaluation = run.read(Evaluation)
    require_known(evaluation.rung, evaluation.horizon_days, str(run.directory))
    predictions = pq.read_table(run.path("predictions.parquet"))
    outcomes = Labelled.from_tables(predictions, pq.read_table(run.path("outcomes.parquet")).to_pandas())
    names = ("relationship_id", "subject_id", "person_at_risk_id", "as_of")
    rows = Rows(*(predictions.column(name).to_numpy() for name in names))
    rankings = [
        Ranking(ranking.name, ranking.title, predictions.column(ranking.name).to_numpy().astype(np.float64))
        for ranking in evaluation.rankings
    ]
    capacity, days = evaluation.capacity, evaluation.horizon_days
    return judge(force, rows, outcomes, rankings, capacity=capacity, days=days, how=how)


def require_known(rung: str, horizon_days: int, where: str) -> None:
    """Raise UsageError for a question that the latent oracle has no answer to."""
    if rung != "Y2" or horizon_days not in HORIZONS:
        raise UsageError(
            f"The latent oracle has no answer for {rung} within {horizon_days} days; it knows severe harm (Y2) within "
            "180 or 365 days.",
            where=where,
            way_out="train for Y2 within 180 or 365 days",
        )


def truth_of(force: Path, rows: Rows, how: Lookahead) -> Risks:
    """The latent risk of rows of a force that was written. Raises BadInput for rows of another force."""
    settings = verified_settings(force)
    return risks(
        settings,
        rows.relationship_id,
        rows.as_of,
        draws=how.draws,
        seed=how.seed,
        threads=how.threads,
        advance=how.advance,
    )
