"""A sealed RUN mirrored to MLflow: a parent run, a run for each fold and candidate below it, and the model registered.

The RUN never depends on the mirror: whatever goes wrong with MLflow, the RUN is sealed already and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from threat.release.documents.model import ModelFeatures
from threat.release.documents.provenance import Provenance
from threat.release.runs import Run
from training.tracking.content import Entry, children_of, entry_of, tags_of
from training.tracking.store import MODEL, Tracking, connected

_DOCUMENTS = (
    "evaluation.json",
    "folds.json",
    "cohort.json",
    "choices.json",
    "checks.json",
    "provenance.json",
    "execution.json",
    "stability.json",
    "shap_summary.json",
    "manifest.json",
)
"""Documents of a RUN that are copied, where the RUN has them. Predictions (rows about people) never are."""

_LATER = ("ablations.json", "comparison_with_champion.json")
"""Annexes that may be measured after a RUN was mirrored: copied again each time, in place of the file of before, so
that an annex measured anew is in MLflow too."""

_BATCH = 100
"""Most tags, and most parameters, that MLflow takes at once."""


def mirror(run: Run, directory: Path) -> dict[str, Any]:
    """Log a sealed RUN to the tracking store of ``directory`` and register its model.

    Where that was done before, only annexes measured since are copied. Under ``mlflow run`` the parent is the run that
    command started. Returns ``{run_id, model_version, tracking_uri}``; when anything at all goes wrong, ``{note}`` says
    what, and nothing is registered.
    """
    try:
        with connected(directory) as tracking:
            before = mirrored(tracking, run)
            if before is None:
                return _log(tracking, run)
            for name in filter(run.has, _LATER):
                tracking.client.log_artifact(before["run_id"], str(run.path(name)))
            return before
    except Exception as error:  # whatever MLflow or its database does, the sealed RUN is what counts
        first = str(error).partition("\n")[0]
        why = f"not mirrored ({type(error).__name__}: {first})"
        return {"note": f"{why}; the RUN is complete. Mirror the RUN later: threat mirror"}


def mirrored(tracking: Tracking, run: Run) -> dict[str, Any] | None:
    """Return what ``mirror`` returned for this very RUN before, None where it was never registered."""
    version = version_of(tracking.client, run.manifest_sha256)
    if version is None:
        return None
    return {"run_id": version.run_id, "model_version": str(version.version), "tracking_uri": tracking.uri}


def version_of(client: Any, manifest_sha256: str) -> Any | None:
    """Return the latest registered version of the model of a RUN, named by its seal: names repeat in other folders."""
    versions = client.search_model_versions(f"name = '{MODEL}' AND tag.manifest_sha256 = '{manifest_sha256}'")
    return max(versions, key=lambda version: int(version.version), default=None)


def _log(tracking: Tracking, run: Run) -> dict[str, Any]:
    import mlflow

    # A run that `mlflow run` started is picked up by its id; it has a name and an experiment.
    with mlflow.start_run(
        run_id=tracking.given_run,
        run_name=None if tracking.given_run else run.id,
        experiment_id=None if tracking.given_run else tracking.experiment_id,
    ) as active:
        run_id = active.info.run_id
        _write(tracking.client, run_id, entry_of(run))
        for child in children_of(run):
            tags = child.tags | {"mlflow.parentRunId": run_id, "run_id": run.id}
            nested = tracking.client.create_run(tracking.experiment_id, tags=tags, run_name=child.name)
            _write(tracking.client, nested.info.run_id, child)
            tracking.client.set_terminated(nested.info.run_id)
        for name in filter(run.has, (*_DOCUMENTS, *_LATER)):
            mlflow.log_artifact(str(run.path(name)))
        logged = _log_model(run)
    # Last of all: a mirror that broke off has registered nothing.
    version = _register(tracking.client, logged, run_id, tags_of(run))
    return {"run_id": run_id, "model_version": str(version.version), "tracking_uri": tracking.uri}


def _register(client: Any, logged: Any, run_id: str, tags: dict[str, str]) -> Any:
    """Return the new version of the registered model, which is made with its first version."""
    from mlflow.exceptions import MlflowException

    if not client.search_registered_models(f"name = '{MODEL}'"):
        # Another process may make the registered model at a server in between: the version is what counts.
        with suppress(MlflowException):
            client.create_registered_model(MODEL)
    return client.create_model_version(MODEL, logged.model_uri, run_id, tags=tags, model_id=logged.model_id)


def _write(client: Any, run_id: str, entry: Entry) -> None:
    from mlflow.entities import Metric, Param, RunTag

    # MLflow wants a time with each figure: that of the run, so that no clock is read here.
    at = client.get_run(run_id).info.start_time
    for tags in _batches(entry.tags):
        client.log_batch(run_id, tags=[RunTag(*pair) for pair in tags])
    for parameters in _batches(entry.parameters):
        client.log_batch(run_id, params=[Param(*pair) for pair in parameters])
    for figures in _batches(entry.figures):
        client.log_batch(run_id, metrics=[Metric(*pair, at, 0) for pair in figures])


def _batches(values: Mapping[str, Any]) -> Iterator[list[tuple[str, Any]]]:
    pairs = list(values.items())
    for start in range(0, len(pairs), _BATCH):
        yield pairs[start : start + _BATCH]


def _log_model(run: Run) -> Any:
    """Log the RUN's ``model/`` with the code that loads it. No environment is guessed: nothing is imported or run."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    made_with = run.find(Provenance)
    libraries = {} if made_with is None else made_with.libraries
    return mlflow.pyfunc.log_model(
        name="model",
        python_model=str(files("training.tracking") / "loaded_model.py"),
        artifacts={"model": str(run.path("model"))},
        # The product is in no public index, so it is no requirement: without the product the model does not load.
        pip_requirements=[
            f"{name}=={libraries[name]}" for name in ("lightgbm", "numpy", "pandas") if name in libraries
        ],
        signature=ModelSignature(
            inputs=Schema([ColSpec("double", name) for name in run.read(ModelFeatures).names]),
            outputs=Schema([ColSpec("double", "score"), ColSpec("double", "probability")]),
        ),
        metadata={"run_id": run.id, "manifest_sha256": run.manifest_sha256},
    )
