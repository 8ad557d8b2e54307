"""A RUN mirrored to MLflow: SQLite and a folder next to it, no network. The RUN never depends on the mirror."""

from __future__ import annotations

import logging
import os
import warnings
from pathlib import Path
from typing import Any

from threat.release.documents.config import Config
from threat.release.documents.evaluation import Evaluation
from threat.release.runs import Run

EXPERIMENT = "threat-assessment"
# Set before MLflow is imported, which reads them once: a force's machine must not call out.
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_LOGGING_LEVEL": "ERROR"}
_FILES = (
    "evaluation.json",
    "folds.json",
    "cohort.json",
    "choices.json",
    "checks.json",
    "stability.json",
    "shap_summary.json",
    "manifest.json",
)


def mirror(run: Run, directory: Path) -> dict[str, Any]:
    """Log a sealed RUN's settings, figures and documents to ``directory / mlflow.db``; artifacts in ``mlartifacts``.

    Under ``mlflow run`` the tracking store is the one that command uses. Predictions (rows about people) are not
    copied: the mirror names the RUN that holds them. Returns ``{run_id, tracking_uri}``; when anything at all goes
    wrong, ``{note}`` says what: the RUN is sealed already and stays as it is.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        with warnings.catch_warnings():
            # MLflow's own deprecations are not the reader's concern.
            warnings.simplefilter("ignore")
            return _log(run, directory)
    except Exception as error:  # whatever MLflow or its database does, the sealed RUN is what counts
        first = str(error).partition("\n")[0]
        return {"note": f"not mirrored ({type(error).__name__}: {first}); the RUN is complete"}


def _log(run: Run, directory: Path) -> dict[str, Any]:
    # MLflow takes seconds to load, and training goes on without it.
    import mlflow

    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)

    directory.mkdir(parents=True, exist_ok=True)
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(directory / 'mlflow.db').resolve()}"
    mlflow.set_tracking_uri(uri)
    under_mlflow_run = "MLFLOW_RUN_ID" in os.environ
    if not under_mlflow_run and mlflow.get_experiment_by_name(EXPERIMENT) is None:
        mlflow.create_experiment(EXPERIMENT, artifact_location=(directory / "mlartifacts").resolve().as_uri())
    if not under_mlflow_run:
        mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name=None if under_mlflow_run else run.id) as active:
        mlflow.set_tags({"run_id": run.id, "run_directory": str(run.directory), "manifest_sha256": run.manifest_sha256})
        config = run.read(Config)
        settled = {"capacity": config.capacity, "policy_version": config.policy_version}
        mlflow.log_params(_flat(config.settings.as_json() | settled))
        mlflow.log_metrics(_metrics(run.read(Evaluation)))
        for name in _FILES:
            mlflow.log_artifact(str(run.path(name)))
        for name in ("model/model.txt", "model/calibrator.json", "model/features.json"):
            mlflow.log_artifact(str(run.path(name)), artifact_path="model")
        return {"run_id": active.info.run_id, "tracking_uri": uri}


def _flat(document: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten nested settings to dotted names; lists become text (MLflow keeps at most 6,000 characters)."""
    out: dict[str, str] = {}
    for key, value in document.items():
        if isinstance(value, dict):
            out |= _flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = str(value)[:6_000]
    return out


def _metrics(evaluation: Evaluation) -> dict[str, float]:
    """Figures with a value as ``ranking.figure`` (``.k50``: length of list); bounds end in .low and .high."""
    out: dict[str, float] = {}
    for ranking in evaluation.rankings:
        for figure in ranking.figures:
            if figure.value is None:
                continue
            name = f"{ranking.name}.{figure.name}"
            if "capacity" in figure.slice:
                name += f".k{figure.slice['capacity']}"
            out[name] = figure.value
            if figure.interval is not None:
                out[f"{name}.low"], out[f"{name}.high"] = figure.interval
    return out
