"""The audit of a RUN: its predictions, the outcomes nobody could have foreseen, and the groups the history knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from fairness.audit import audit
from fairness.groups import Parties, characteristics, coverage
from fairness.policy import Policy
from threat.errors import BadInput, UsageError
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.release.documents.evaluation import MODEL, Evaluation
from threat.release.documents.fairness import Fairness
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run


def snapshot_of(run: Run, store: Path) -> Snapshot:
    """The very snapshot the RUN was made from. Raises UsageError when the history does not have it."""
    return Store.open(store).snapshot(run.read(SnapshotRead).id)


def audit_run(run: Run, snapshot: Snapshot, policy: Policy, *, ranking: str = MODEL) -> dict[str, Any]:
    """``fairness.json`` of a RUN: the audit of one ranking in full, and every other one by what the gate rests on.

    Raises UsageError for a ranking the RUN does not have, BadInput when the predictions lack a column.
    """
    rows = pq.read_table(run.path("predictions.parquet")).to_pandas()
    outside = pq.read_table(run.path("outside.parquet")).to_pandas()
    needed = {"relationship_id", "subject_id", "person_at_risk_id", "as_of", "fold", "label", "credit", MODEL}
    if missing := sorted(needed - set(rows)):
        raise BadInput("The predictions lack a column.", value=", ".join(missing), where="predictions.parquet")
    evaluation = run.read(Evaluation)
    rankings = {measured.name: measured.title for measured in evaluation.rankings if measured.name in rows}
    if ranking not in rankings:
        raise UsageError("The RUN has no such ranking.", value=ranking, way_out=", ".join(rankings))

    def ids(frame: Any, name: str) -> Any:
        return frame[name].fillna(-1).to_numpy(dtype=np.int64) if name in frame else np.full(len(frame), -1)

    who, other = (
        Parties(*(ids(frame, name) for name in ("subject_id", "person_at_risk_id", "relationship_id", "as_of")))
        for frame in (rows, outside)
    )
    groups = characteristics(snapshot, who, other, policy)
    gated = {(one.party, one.characteristic) for one in policy.gate}
    decisive = [one for one in groups if (one.party, one.name) in gated]
    reports = {
        name: audit(
            rows[name].to_numpy(dtype=np.float64),
            rows["label"].to_numpy(dtype=np.float64),
            groups if name == ranking else decisive,
            capacity=float(evaluation.capacity),
            cluster=who.subject,
            cycle=rows["fold"].to_numpy(),
            weight=rows["credit"].to_numpy(dtype=np.float64),
            probability=rows["probability"].to_numpy(dtype=np.float64) if name == MODEL else None,
            outside_cluster=other.subject,
            outside_weight=outside["credit"].to_numpy(dtype=np.float64),
            policy=policy,
            ranking=name,
            dataset=f"test cohort of {run.id}: {evaluation.rung} within {evaluation.horizon_days} days",
        )
        for name in rankings
        if decisive or name == ranking
    }
    report = reports.pop(ranking)
    report |= {
        "title": rankings[ranking],
        "run_id": run.id,
        "run_manifest_sha256": run.manifest_sha256,
        "coverage": coverage(groups),
        "others": [_brief(name, rankings[name], other_report) for name, other_report in reports.items()],
    }
    return report


def as_document(report: dict[str, Any]) -> Fairness:
    """Return the audit of a RUN as the document it is kept as."""

    def group(given: dict[str, Any]) -> dict[str, Any]:
        calibration = dict(given["calibration"])
        return given | {"calibration_verdict": calibration.pop("verdict"), "calibration": calibration}

    characteristics = [one | {"groups": [group(part) for part in one["groups"]]} for one in report["characteristics"]]
    draws = {"replicates": report["policy"]["draws"], "seed": report["policy"]["seed"]}
    return Fairness.model_validate(
        report | draws | {"version": Fairness.of_version(), "characteristics": characteristics}
    )


def _brief(name: str, title: str, report: dict[str, Any]) -> dict[str, Any]:
    """What a comparison needs of another ranking's audit: would the unit serve people more evenly by it?"""
    return {
        "ranking": name,
        "title": title,
        "verdict": report["verdict"],
        "recall": report["overall"]["recall"],
        "characteristics": [
            {
                "party": one["party"],
                "characteristic": one["characteristic"],
                "gate": one["gate"],
                "verdict": one["verdict"],
                "worst": _worst(one),
            }
            for one in report["characteristics"]
        ],
    }


def _worst(characteristic: dict[str, Any]) -> dict[str, Any] | None:
    """The group with the lowest ratio."""
    compared = [group for group in characteristic["groups"] if group["ratio"] is not None]
    if not compared:
        return None
    group = min(compared, key=lambda one: one["ratio"])
    return {key: group[key] for key in ("code", "title", "n", "events", "ratio", "ratio_interval", "p_below")}
