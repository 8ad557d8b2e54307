"""Decisions as rows to measure: their parties, groups and outcomes are those of the history, as the audit has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fairness.decisions.audit import DecidedRows, audit_decisions
from fairness.decisions.table import Decisions
from fairness.groups.every import characteristics
from fairness.groups.parties import Parties
from fairness.policy import Policy
from threat.asof import DAY
from threat.history.snapshot import Snapshot
from threat.measuring.ranked import Labelled
from threat.outcomes import label, occurrences, unrecorded
from threat.release.documents.decisions_audit import DecisionsAudit


@dataclass(frozen=True, slots=True)
class Outcome:
    """What counts as later harm: a rung of ``outcomes.csv`` within so many days of the list."""

    rung: str
    horizon_days: int


def audit_of_history(decisions: Decisions, snapshot: Snapshot, outcome: Outcome, policy: Policy) -> DecisionsAudit:
    """Return the audit of decisions about relationships of a history.

    The outcome of a case is unknown until the horizon after its list is over by the last record of the history. Raises
    UsageError for a relationship or a rung that is not known.
    """
    rows = snapshot.rows(decisions.relationship, decisions.as_of)
    occurred = occurrences(snapshot, outcome.rung)
    labels = label(occurred, rows, outcome.horizon_days).astype(np.float64)
    is_over = decisions.as_of + outcome.horizon_days * DAY <= last_record(snapshot)
    # Also where the outcome has come already: those who are harmed late would be missing from the rates of the known.
    labels[~is_over] = np.nan
    _, lists = np.unique(decisions.as_of, return_inverse=True)
    labelled = Labelled.of(label=labels, person=rows.subject, cycle=lists, left_out=unrecorded(occurred, rows))
    inside = Parties(rows.subject, rows.at_risk, rows.relationship_id, rows.as_of)
    nobody = np.empty(0, dtype=np.int64)
    groups = characteristics(snapshot, inside, Parties(nobody, nobody, nobody, nobody), policy)
    dataset = f"{len(decisions):,} decisions: {outcome.rung} within {outcome.horizon_days} days"
    decided = DecidedRows(labelled, decisions.listed, decisions.taken)
    return audit_decisions(decided, groups, policy, dataset=dataset)


def last_record(snapshot: Snapshot) -> int:
    """Return when the last event of the history was recorded, UTC seconds; 0 for a history without events."""
    recorded = snapshot.table("events", ["recorded_at"]).column("recorded_at").to_numpy()
    return int(recorded.max()) if len(recorded) else 0
