"""The audit of a RUN: its predictions, the outcomes nobody could have foreseen, and the groups the history knows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fairness.audit import audit
from fairness.characteristics import Characteristic
from fairness.delays import Entries
from fairness.groups.coverage import coverage
from fairness.groups.every import characteristics
from fairness.groups.parties import Parties
from fairness.policy import Policy
from threat.errors import BadInput, UsageError
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.measuring.resampling import Resampling
from threat.release.documents.evaluation import MODEL, Evaluation
from threat.release.documents.fairness import (
    CharacteristicReport,
    Fairness,
    OtherCharacteristic,
    OtherRanking,
    WorstGroup,
)
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run

_NEEDED = {"relationship_id", "subject_id", "person_at_risk_id", "as_of", "fold", "label", "credit", MODEL}

LEAST_REPLICATES = 50
"""Least draws that a fairness policy may ask for (``FairnessPolicy.draws``); with fewer the design effect, and so the
number of independent events behind a verdict, is guesswork."""

_UNKNOWN = -1
"""Id of a party or relationship that is not known."""


def snapshot_of(run: Run, store: Path) -> Snapshot:
    """Return the very snapshot the RUN was made from. Raises UsageError when the history does not have it."""
    return Store.open(store).snapshot(run.read(SnapshotRead).id)


def audit_run(run: Run, snapshot: Snapshot, policy: Policy, *, ranking: str = MODEL) -> Fairness:
    """Return the audit of a RUN: one ranking in full, and every other one by what the gate's verdict depends on.

    Draws and seed are those of the RUN's evaluation, and the rows are the same, so that recall has the interval that
    ``evaluation.json`` gives it. Raises UsageError for a ranking the RUN does not have and for a RUN whose evaluation
    drew fewer than 50 replicates, BadInput when the predictions lack a column.
    """
    return audit_by(run, groups_of(run, snapshot, policy), policy, ranking=ranking)


def groups_of(run: Run, snapshot: Snapshot, policy: Policy) -> list[Characteristic]:
    """Return every way in which the history lets the rows and the events of a RUN's test be divided."""
    test = AuditedTest.of(run)
    return characteristics(snapshot, test.inside, test.outside, policy)


def audit_by(run: Run, groups: list[Characteristic], policy: Policy, *, ranking: str = MODEL) -> Fairness:
    """Return the audit of a RUN by groups that were looked up before: no history is read. Raises as ``audit_run``."""
    test = AuditedTest.of(run)
    drawn = enough_draws(run, test.evaluation, policy)
    titles = {listed.name: listed.title for listed in test.evaluation.rankings if listed.name in test.columns}
    if ranking not in titles:
        raise UsageError(f"The RUN has no ranking {ranking}.", where=str(run.directory), way_out=", ".join(titles))
    decisive = [item for item in groups if policy.deciding(item.party, item.name)]
    report = test.audit(ranking, groups, policy)
    others = [name for name in titles if decisive and name != ranking]
    notes = report.notes
    if drawn < policy.draws:
        notes += (f"The RUN drew {drawn} replicates; the policy asks for {policy.draws} of a file handed in.",)
    return report.model_copy(
        update={
            "title": titles[ranking],
            "run_id": run.id,
            "run_manifest_sha256": run.manifest_sha256,
            "notes": notes,
            "coverage": tuple(coverage(groups)),
            "others": tuple(
                _brief(name, titles[name], test.audit(name, decisive, policy, in_brief=True)) for name in others
            ),
        }
    )


def enough_draws(run: Run, evaluation: Evaluation, policy: Policy) -> int:
    """Return how many replicates a RUN's evaluation drew. Raises UsageError for fewer than 50."""
    drawn = evaluation.settings.bootstrap
    if drawn < LEAST_REPLICATES:
        raise UsageError(
            f"The RUN drew too few replicates, {drawn}: an audit needs at least {LEAST_REPLICATES}.",
            where=str(run.directory),
            way_out=f"train again with a bootstrap of {policy.draws}",
        )
    return drawn


@dataclass(frozen=True, slots=True)
class AuditedTest:
    """The test cohort of a RUN with the parties of every row and of every event outside."""

    run_id: str
    evaluation: Evaluation
    predictions: pa.Table
    rows: Labelled
    inside: Parties
    outside: Parties
    entries: Entries | None

    @classmethod
    def of(cls, run: Run) -> AuditedTest:
        """Read the test of a sealed RUN. Raises BadInput when its predictions lack a column."""
        predictions = _with_unknown(run.table("predictions.parquet"))
        if missing := sorted(_NEEDED - set(predictions.column_names)):
            raise BadInput("The predictions lack a column.", value=", ".join(missing), where="predictions.parquet")
        outcomes = _with_unknown(run.table("outcomes.parquet"))
        return cls(
            run.id,
            run.read(Evaluation),
            predictions,
            Labelled.from_tables(predictions, outcomes.to_pandas()),
            _parties(predictions),
            _parties(outcomes.filter(pc.less(outcomes.column("row"), 0))),
            entries_of(outcomes),
        )

    @property
    def columns(self) -> set[str]:
        return set(self.predictions.column_names)

    def audit(self, ranking: str, groups: list[Characteristic], policy: Policy, *, in_brief: bool = False) -> Fairness:
        """The audit of one ranking by these groups. Only the model's probabilities are audited: lists show no other.

        ``in_brief``: without the audit's own rates of false verdicts.
        """
        given = ranking == MODEL and "probability" in self.columns  # a model calibrated on too few outcomes gives none
        probability = self.predictions.column("probability").to_numpy() if given else None
        score = self.predictions.column(ranking).to_numpy().astype(np.float64)
        settings = self.evaluation.settings
        return audit(
            Ranked(rows=self.rows, score=score, probability=probability),
            groups,
            cut=Cut(capacity=float(self.evaluation.capacity)),
            policy=policy,
            resampling=Resampling(replicates=settings.bootstrap, seed=settings.seed),
            ranking=ranking,
            dataset=f"test cohort of {self.run_id}: {self.evaluation.rung} within {self.evaluation.horizon_days} days",
            with_rates=not in_brief,
            entries=self.entries,
        )


def _with_unknown(table: pa.Table) -> pa.Table:
    """The table with the id of nobody where an id is missing: a frame makes float64 of ids next to nulls."""
    columns = zip(table.column_names, table.columns, strict=True)
    return pa.table(
        {
            name: pc.fill_null(column, _UNKNOWN) if pa.types.is_integer(column.type) and column.null_count else column
            for name, column in columns
        }
    )


def entries_of(outcomes: pa.Table) -> Entries | None:
    """Return when each outcome happened and was entered; None of a RUN of before, whose lines do not say.

    An outcome is credited to several rows as a rule: each counts once for a person at risk.
    """
    if not {"occurred_at", "recorded_at", "incident", "person_at_risk_id"} <= set(outcomes.column_names):
        return None
    row, incident, person, happened, entered = (
        outcomes.column(name).to_numpy().astype(np.int64)
        for name in ("row", "incident", "person_at_risk_id", "occurred_at", "recorded_at")
    )
    order = np.lexsort((person, incident))
    new = np.append(True, (np.diff(incident[order]) != 0) | (np.diff(person[order]) != 0))[: len(order)]
    once = np.sort(order[new])
    outside = np.where(row < 0, np.cumsum(row < 0) - 1, -1)
    return Entries(row[once], outside[once], happened[once], entered[once])


def _parties(table: pa.Table) -> Parties:
    """The parties of rows; a column that is not there is unknown."""

    def ids(name: str) -> Any:
        if name not in table.column_names:
            return np.full(table.num_rows, _UNKNOWN, dtype=np.int64)
        return table.column(name).to_numpy().astype(np.int64)

    return Parties(*(ids(name) for name in ("subject_id", "person_at_risk_id", "relationship_id", "as_of")))


def _brief(name: str, title: str, report: Fairness) -> OtherRanking:
    """Shorten another ranking's audit to what tells whether the unit would serve people more evenly by it."""
    return OtherRanking(
        ranking=name,
        title=title,
        verdict=report.verdict,
        recall=report.overall.recall,
        characteristics=tuple(
            OtherCharacteristic(
                party=item.party,
                characteristic=item.characteristic,
                gate=item.gate,
                verdict=item.verdict,
                worst=_worst(item),
            )
            for item in report.characteristics
        ),
    )


def _worst(report: CharacteristicReport) -> WorstGroup | None:
    """The group most probably beyond the line by a figure that decides, or None where no group was compared."""
    compared = [
        (group, cell) for group in report.groups if (cell := group.worst) is not None and cell.ratio is not None
    ]
    if not compared:
        return None
    group, cell = max(compared, key=lambda pair: pair[1].p_beyond or 0.0)
    return WorstGroup(
        code=group.code,
        title=group.title,
        n=group.n,
        events=group.events,
        figure=cell.figure,
        ratio=cell.ratio or 0.0,
        ratio_interval=cell.ratio_interval,
        p_beyond=cell.p_beyond,
    )
