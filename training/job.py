"""One training, start to finish: everything is chosen before the test is opened, and the RUN says so."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.rules import RULES
from threat.asof import instant, show
from threat.eligibility import load_policy
from threat.history.store import Store
from threat.release.runs import Run
from threat.release.scorer import probability, raw_score
from threat.terminal import progress
from training.checks import checks
from training.cohorts.credit import Events, measured_block
from training.cohorts.material import Material, found_by, index_rows, names_of, prepare, test_rows
from training.config import Settings, TreeCandidate
from training.evaluation.global_picture import global_picture
from training.evaluation.slices import lead_time, replay
from training.evaluation.stability import stability
from training.evaluation.table import MODEL, Ranking, evaluate
from training.models import linear, trees
from training.models.calibrator import calibrator

Floats = NDArray[np.float64]
FRESHNESS_FEATURE = "days_since_domestic_incident"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was chosen and fitted before the test was opened."""

    booster: Any
    candidate: TreeCandidate
    rounds: int
    without_sensitive: Any | None
    regression: linear.Linear
    calibrator: dict[str, Any]
    linear_calibrator: dict[str, Any]
    choices: dict[str, Any]


def train(
    store: str | Path, settings: Settings, *, out: str | Path, run_id: str, started_at: int, policy: Path | None = None
) -> Run:
    """Train on the latest snapshot of ``store``; the RUN is ``out / run_id``, sealed. ``started_at``: UTC seconds.

    Raises UsageError or BadInput before anything is written when the history can't carry this training.
    """
    snapshot = Store.open(Path(store)).snapshot()
    rules = load_policy(policy)
    with progress("training", 6) as advance:
        material = prepare(snapshot, settings, rules)
        advance(2)
        run = Run.create(out, run_id)
        capacity = settings.capacity or rules.capacity
        _write_question(run, material, capacity, rules.version, started_at)
        fitted = fit(material)
        advance(2)
        _write_model(run, material, fitted)
        document, tables = open_test(material, fitted, capacity)
        advance(1)
        for name, table in tables.items():
            pq.write_table(table, run.path(name), compression="zstd")
        run.write_json("evaluation.json", document)
        raw = tables["predictions.parquet"].column(MODEL).to_numpy()
        run.write_json("stability.json", stability(material, fitted.candidate, fitted.rounds, raw, capacity))
        run.write_json("checks.json", checks(material, fitted.booster))
        global_picture(run, material, fitted.booster)
        run.seal()
        advance(1)
    return run


def name_run(settings: Settings, started_at: int) -> str:
    """A RUN's id: when it started (UTC), which configuration, and eight digits of what was asked."""
    asked = hashlib.sha256(settings.model_dump_json().encode()).hexdigest()[:8]
    return f"{instant(started_at):%Y%m%dT%H%M%SZ}-{settings.name}-{asked}"


def fit(material: Material) -> Fitted:
    """Choose on the validation folds, calibrate on their pooled out-of-fold scores, then fit on all the test allows."""
    settings, folds = material.settings, material.folds
    pairs = material.pairs()
    directions = material.constraints
    choice = trees.choose(pairs, settings.trees, directions, seed=settings.seed, threads=settings.threads)
    lines = linear.choose(pairs, settings.linear, seed=settings.seed)
    labels = np.concatenate([measured.label for _, measured in pairs])
    weights = np.concatenate([measured.weight for _, measured in pairs])
    final = material.fit_sample(folds.test)

    def fitted(sample: trees.Sample) -> Any:
        return trees.fit(
            sample,
            choice.candidate,
            choice.rounds,
            directions,
            seed=settings.seed,
            threads=settings.threads,
            names=material.catalogue.names,
        )

    sensitive = set(names_of(material.catalogue, sensitive=True))
    kept = np.array([name not in sensitive for name in material.catalogue.names])
    without = replace(final, values=np.where(kept, final.values, np.float32(np.nan))) if sensitive else None
    return Fitted(
        fitted(final),
        choice.candidate,
        choice.rounds,
        None if without is None else fitted(without),
        linear.fit(final, lines.penalty, settings.linear, seed=settings.seed),
        calibrator(np.concatenate(choice.scores), labels, weights),
        calibrator(np.concatenate(lines.scores), labels, weights),
        {
            "chosen_on": "pooled log loss of the forward-chained validation folds; the test was closed"
            if folds.validation
            else "pooled log loss across groups of subjects within the fit rows (no room for validation in time); "
            "the test was closed",
            "trees": {"chosen": choice.candidate.model_dump() | {"rounds": choice.rounds}, "tried": choice.tried},
            "elastic_net": {"chosen": lines.penalty, "tried": lines.tried},
            "validation_rows": len(labels),
            "validation_rows_with_outcome": int(labels.sum()),
        },
    )


def open_test(material: Material, fitted: Fitted, capacity: int) -> tuple[dict[str, Any], dict[str, pa.Table]]:
    """Score the complete test cohort once with everything fitted; ``evaluation.json`` and the tables of the RUN."""
    settings, folds = material.settings, material.folds
    positions, rows = test_rows(material)
    values = material.matrix.values[material.at(positions)]
    matrix = replace(material.matrix, values=values, rows=rows)
    found = found_by(material.snapshot, settings, None)
    cycle = material.cohort.cycle[positions]
    block, units = measured_block(
        material.snapshot,
        Events.of(found),
        rows,
        cycle,
        folds.test.measure,
        settings.horizon_days,
        cut=int(getattr(found, "cut", folds.label_knowledge)),
        spread=settings.cohort.kind == "incident",
        every_row=index_rows(material),
    )
    raw = raw_score(fitted.booster, values, threads=settings.threads)
    line = fitted.regression.score(values)
    rankings = [
        Ranking(MODEL, "LightGBM", raw, probability(fitted.calibrator, raw)),
        Ranking("elastic_net", "Elastic-net logistic regression", line, probability(fitted.linear_calibrator, line)),
    ]
    warnings = []
    for name, rule in RULES.items():
        idle = int(rule.unranked(matrix).sum())
        if idle == len(rows):
            warnings.append(f"{rule.title}: left out, nothing on record to rank by.")
            continue
        rankings.append(Ranking(f"rule_{name}", rule.title, rule.score(matrix), None, idle))
    if fitted.without_sensitive is not None:
        ablated = raw_score(fitted.without_sensitive, values, threads=settings.threads)
        rankings.append(Ranking("without_sensitive", "LightGBM without the sensitive features", ablated))
    names = list(material.catalogue.names)
    fresh = values[:, names.index(FRESHNESS_FEATURE)].astype(np.float64) if FRESHNESS_FEATURE in names else None
    document = evaluate(
        block, rankings, capacity=capacity, replicates=settings.bootstrap, seed=settings.seed, freshness=fresh
    )
    starts = {one.number: one.start for one in folds.test.measure}
    document |= {
        "rung": settings.rung,
        "horizon_days": settings.horizon_days,
        "capacity": capacity,
        "cohort": {
            "kind": settings.cohort.kind,
            "n": len(rows),
            "relationships": len(np.unique(rows.relationship_id)),
            "subjects": len(np.unique(rows.subject)),
            "lists": len(folds.test.measure),
            "from": show(folds.test.measure[0].start),
            "to": show(folds.test.measure[-1].last_as_of),
        },
        "replay": replay(block, raw, starts, rows.relationship_id, capacity),
        "lead_time": lead_time(units, cycle, raw, rows.relationship_id, capacity),
        "settings": {"bootstrap": settings.bootstrap, "seed": settings.seed},
    }
    document["warnings"] += warnings
    columns: dict[str, Any] = {
        "relationship_id": rows.relationship_id,
        "subject_id": rows.subject,
        "person_at_risk_id": rows.at_risk,
        "as_of": rows.as_of,
        "fold": cycle.astype(np.int32),
        "label": block.label,
        "credit": block.credit,
        "score": raw,
        "probability": rankings[0].probability,
        "elastic_net_probability": rankings[1].probability,
        **{ranking.name: ranking.scores for ranking in rankings[1:]},
    }
    if fresh is not None:
        columns["freshness_days"] = fresh
    outside = units[units["row"] < 0]
    return document, {
        "predictions.parquet": pa.table(columns),
        "outside.parquet": _table(outside[["subject_id", "person_at_risk_id", "as_of", "fold", "credit", "incident"]]),
        "outcomes.parquet": _table(units),
    }


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def _write_question(run: Run, material: Material, capacity: int, policy_version: str, started_at: int) -> None:
    settings, snapshot = material.settings, material.snapshot
    run.write_json("config.json", settings.model_dump() | {"capacity": capacity, "policy_version": policy_version})
    run.write_json(
        "snapshot.json",
        {
            "id": snapshot.id,
            "batches": list(snapshot.batches),
            "started_at": show(started_at),
            "catalogue_version": material.catalogue.version,
        },
    )
    run.write_json("cohort.json", {"cycles": material.cohort.attrition, "fit": material.counts})
    test = {"from": show(material.folds.test.measure[0].start), "to": show(material.folds.test.measure[-1].last_as_of)}
    earlier = earlier_openings(run.directory.parent, snapshot.id, material)
    opening = {"times_opened_in_this_run": 1, "earlier_runs_that_opened_it": earlier} | test
    run.write_json("folds.json", material.folds.as_dict() | {"test_opening": opening})


def earlier_openings(directory: Path, snapshot_id: str, material: Material) -> list[str]:
    """Ids of RUNs beside this one that measured the same outcome of the same snapshot on the same first test date.

    Choosing among such RUNs by their test figures is tuning on the test; the card and the gate can see how many.
    """
    settings, out = material.settings, []
    first = show(material.folds.test.measure[0].start)
    for path in sorted(directory.glob("*/folds.json")):
        try:
            opening = json.loads(path.read_text())["test_opening"]
            config = json.loads((path.parent / "config.json").read_text())
            other = json.loads((path.parent / "snapshot.json").read_text())["id"]
        except (OSError, ValueError, KeyError):
            continue
        same = (other, opening["from"], config["rung"], config["horizon_days"], config["cohort"]["kind"])
        if same == (snapshot_id, first, settings.rung, settings.horizon_days, settings.cohort.kind):
            out.append(path.parent.name)
    return out


def _write_model(run: Run, material: Material, fitted: Fitted) -> None:
    """The model and the choices, written before the test is opened; ``choices.json`` holds the hash of the model."""
    text = fitted.booster.model_to_string()
    run.write_text("model/model.txt", text)
    run.write_json("model/calibrator.json", fitted.calibrator)
    run.write_json(
        "model/features.json",
        {
            "catalogue_version": material.catalogue.version,
            "names": list(material.catalogue.names),
            "constraints": material.constraints,
            "sensitive": list(names_of(material.catalogue, sensitive=True)),
        },
    )
    run.write_json("baselines/elastic_net.json", fitted.regression.as_dict(material.catalogue.names))
    run.write_json("choices.json", fitted.choices | {"model_sha256": hashlib.sha256(text.encode()).hexdigest()})
