"""The tracking store: a server where ``MLFLOW_TRACKING_URI`` names one, otherwise SQLite in the folder of the RUNs."""

from __future__ import annotations

import fcntl
import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threat.files import close_to_others

EXPERIMENT = "threat-assessment"
MODEL = "threat-assessment"
"""Names in MLflow of the experiment and of the registered model; ``MLFLOW_EXPERIMENT_NAME`` renames the first."""

_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # A uv.lock in the folder that a command is run in is another project's.
    "MLFLOW_UV_AUTO_DETECT": "false",
    # A server that is down: a minute is waited for it, where MLflow by itself would wait for ten.
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
"""Set before MLflow is imported, which reads some of them once: a force's machine must not call out."""

_SQLITE = "sqlite:///"
_ARTIFACTS = "mlartifacts"


@dataclass(frozen=True, slots=True)
class Tracking:
    """A connection to the tracking store.

    ``client``: an ``mlflow.MlflowClient``. ``uri``: of the store. ``experiment_id``: where RUNs are mirrored to.
    ``given_run``: id of the run that ``mlflow run`` has started already, None otherwise.
    """

    client: Any
    uri: str
    experiment_id: str
    given_run: str | None


def exists(directory: Path) -> bool:
    """Return whether there is a store to connect to: a server or file that was named, or one made here before."""
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or (directory / "mlflow.db").is_file()


@contextmanager
def connected(directory: Path) -> Iterator[Tracking]:
    """Connect to the store, making it in ``directory`` where there is none; its warnings stay unsaid.

    One process at a time uses a SQLite store: several that meet an empty one would each make its tables, and fail.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    directory.mkdir(parents=True, exist_ok=True)
    uri = os.environ.get("MLFLOW_TRACKING_URI") or f"{_SQLITE}{(directory / 'mlflow.db').resolve()}"
    with warnings.catch_warnings(), _alone(uri):
        # MLflow's own deprecations are not the reader's concern.
        warnings.simplefilter("ignore")
        # MLflow takes seconds to load, and nothing but the mirror needs MLflow.
        import mlflow

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.ERROR)
        mlflow.set_tracking_uri(uri)
        client = mlflow.MlflowClient()
        given_run = os.environ.get("MLFLOW_RUN_ID")
        if given_run is None:
            experiment_id = _experiment(client, uri, directory)
        else:
            experiment_id = client.get_run(given_run).info.experiment_id
        yield Tracking(client, uri, experiment_id, given_run)
        # MLflow copies the source of the model with the mode that the file has where the product is installed.
        close_to_others(directory / _ARTIFACTS)


def _experiment(client: Any, uri: str, directory: Path) -> str:
    """Return the id of the experiment, made where the store has none."""
    from mlflow.exceptions import MlflowException

    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    # A server keeps artifacts itself; otherwise they go next to the RUNs, not into the folder of the command.
    location = None if uri.startswith("http") else (directory / _ARTIFACTS).resolve().as_uri()
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, artifact_location=location))
        except MlflowException:
            # Another process may have made the experiment at a server in between.
            experiment = client.get_experiment_by_name(name)
            if experiment is None:
                raise
    return str(experiment.experiment_id)


def _alone(uri: str) -> Any:
    return _locked(Path(uri.removeprefix(_SQLITE))) if uri.startswith(_SQLITE) else nullcontext()


@contextmanager
def _locked(database: Path) -> Iterator[None]:
    """Wait until no other process of the product uses the database; the lock ends with the process, however it ends."""
    # A file of its own: SQLite has its own locks on the database, which a lock of ours would upset.
    with database.with_name(f".{database.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
