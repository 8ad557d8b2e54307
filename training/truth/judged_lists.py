"""A RUN's test lists with the truth of every row, and the rankings to judge by the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from threat.errors import UsageError
from threat.history.sightings import Rows
from threat.measuring.ranked import Labelled
from threat.release.documents.evaluation import Evaluation
from threat.release.runs import Run
from threat.simulation.force import Settings
from threat.simulation.truth.oracle import HORIZONS, TARGETS, Drawing, Risks, drawn_risks
from threat.simulation.truth.retraced import verified_settings
from training.evaluation.table import Ranking

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DEADLY = "Y1"
"""The rung that is shown next to Y2: what lists made for severe harm would meet of the deadly part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookahead:
    """How the truth is computed: ``draws`` runs forward per row, ``seed``, ``threads``, and who hears of progress.

    ``deadly``: the deadly risk too, with as many draws again, where the outcome of the lists is Y2. The numbers do not
    depend on ``threads``.
    """

    draws: int = 32
    seed: int = 0
    threads: int = 1
    deadly: bool = True
    advance: Callable[[float], None] = lambda amount: None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOutcome:
    """The outcome whose risk is asked for: a rung of ``oracle.TARGETS`` within a number of days of HORIZONS."""

    rung: str = "Y2"
    horizon_days: int

    def require_known(self, where: str) -> None:
        """Raise UsageError where the latent oracle has no answer."""
        if self.rung not in TARGETS or self.horizon_days not in HORIZONS:
            raise UsageError(
                f"The latent oracle has no answer for {self.rung} within {self.horizon_days} days; it knows deadly "
                "(Y1) and severe harm (Y2) within 180 or 365 days.",
                where=where,
                way_out="train for Y1 or Y2 within 180 or 365 days",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueRisk:
    """The true risk of n rows: ``risk`` (n), its Monte Carlo ``error`` (n), and ``halves`` (n, 2) by half of the draws.

    Rows that no figure counts have risk 0.
    """

    risk: Floats
    error: Floats
    halves: Floats

    @classmethod
    def of(cls, risks: Risks, horizon_days: int, counted: NDArray[np.bool_]) -> TrueRisk:
        """The risk within the horizon, 0 for rows that are not ``counted`` (n)."""
        horizon = HORIZONS.index(horizon_days)
        return cls(
            risk=np.where(counted, risks.risk[:, horizon], 0.0),
            error=np.where(counted, risks.error[:, horizon], 0.0),
            halves=np.where(counted[:, None], risks.halves[:, horizon], 0.0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedLists:
    """Complete lists (n rows) with the truth of each row over one horizon, and the rankings to judge.

    ``subject``: rows of one subject are never treated as independent. ``label``: what happened (0 or 1). ``left_out``:
    rows that are on the lists and in no figure; their label and risk are 0. ``truth``: the latent risk of the
    ``outcome``; ``deadly``: that of a deadly incident, None where it was not asked for. ``true_relation`` (n): the same
    number for second records of one relation. ``capacity``: places on each list.
    """

    rows: Rows
    cycle: Ints
    subject: Ints
    label: NDArray[np.uint8]
    left_out: NDArray[np.bool_]
    outcome: AskedOutcome
    truth: TrueRisk
    deadly: TrueRisk | None = None
    true_relation: Ints
    rankings: Sequence[Ranking]
    capacity: int

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

    def by_deadly_risk(self) -> JudgedLists | None:
        """The same lists with the deadly risk as their truth; None where it was not asked for."""
        if self.deadly is None:
            return None
        outcome = replace(self.outcome, rung=DEADLY)
        return replace(self, outcome=outcome, truth=self.deadly, deadly=None)

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
    outcome: AskedOutcome,
    capacity: int,
    how: Lookahead,
) -> JudgedLists:
    """Compute the truth of rows of a force that was written. Raises BadInput for rows of another force."""
    settings = verified_settings(force)
    counted, days = outcomes.counted, outcome.horizon_days
    risks = risks_of(settings, rows, how, outcome.rung)
    deadly = None
    if how.deadly and outcome.rung != DEADLY:
        deadly = TrueRisk.of(risks_of(settings, rows, how, DEADLY), days, counted)
    return JudgedLists(
        rows=rows,
        cycle=outcomes.cycle,
        subject=outcomes.person,
        label=outcomes.hit.astype(np.uint8),
        left_out=outcomes.left_out,
        outcome=outcome,
        truth=TrueRisk.of(risks, days, counted),
        deadly=deadly,
        true_relation=risks.true_relation,
        rankings=rankings,
        capacity=capacity,
    )


def read_lists(run: Run, force: Path, how: Lookahead) -> JudgedLists:
    """Read a RUN's complete test cohort with its rankings, and compute the truth of each row.

    Raises UsageError for a RUN that the oracle can't judge, BadInput when it is of another force.
    """
    evaluation = run.read(Evaluation)
    outcome = AskedOutcome(rung=evaluation.rung, horizon_days=evaluation.horizon_days)
    outcome.require_known(str(run.directory))
    predictions = run.table("predictions.parquet")
    outcomes = Labelled.from_tables(predictions, run.table("outcomes.parquet").to_pandas())
    names = ("relationship_id", "subject_id", "person_at_risk_id", "as_of")
    rows = Rows(*(predictions.column(name).to_numpy() for name in names))
    rankings = [
        Ranking(ranking.name, ranking.title, predictions.column(ranking.name).to_numpy().astype(np.float64))
        for ranking in evaluation.rankings
    ]
    return judge(force, rows, outcomes, rankings, outcome=outcome, capacity=evaluation.capacity, how=how)


def risks_of(settings: Settings, rows: Rows, how: Lookahead, rung: str) -> Risks:
    """The latent risk of rows of a force. Raises BadInput for rows of another force, KeyError for an unknown rung."""
    drawing = Drawing(how.draws, how.seed, TARGETS[rung])
    return drawn_risks(settings, rows.relationship_id, rows.as_of, drawing, how.threads, how.advance)
