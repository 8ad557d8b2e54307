"""The tracking store: several processes that meet an empty folder, and a server named by its usual variable."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence

from training.tracking import store
from training.tracking.mirror import mirror
from training.tracking.store import EXPERIMENT, MODEL

# One process that has loaded what MLflow loads late, and forks: four that load it would take the suite half a minute.
FIRST_AT_ONCE = """
import json, os, sys
from pathlib import Path

import alembic.command
import mlflow.pyfunc
import mlflow.store.model_registry.sqlalchemy_store
import mlflow.store.tracking.sqlalchemy_store
from threat.release.runs import Run
from training.tracking.mirror import mirror

var = Path(sys.argv[1])
children = []
for name in sys.argv[2:]:
    child = os.fork()
    if not child:
        got = mirror(Run.open(var / "runs" / name), var)
        (var / f"{name}.json").write_text(json.dumps(got))
        os._exit(0)
    children.append(child)
for child in children:
    os.waitpid(child, 0)
"""


@pytest.mark.long
def test_four_processes_mirror_at_once_into_a_store_that_none_of_them_finds(tmp_path: Path) -> None:
    names = [f"r{number}" for number in range(4)]
    for number, name in enumerate(names):
        evidence.make_run(tmp_path / "runs", name, replacing=[evidence.provenance(commit=str(number) * 40)])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    command = [sys.executable, "-c", FIRST_AT_ONCE, str(tmp_path), *names]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    got = [json.loads((tmp_path / f"{name}.json").read_text()) for name in names]
    assert [entry.get("note") for entry in got] == [None] * 4, done.stderr
    assert sorted(entry["model_version"] for entry in got) == ["1", "2", "3", "4"]
    assert len({entry["run_id"] for entry in got}) == 4
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        count = database.execute("SELECT count(*) FROM experiments WHERE name = ?", (EXPERIMENT,)).fetchone()
    assert count == (1,)


def test_a_store_exists_where_it_was_made_or_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert not store.exists(tmp_path)
    (tmp_path / "mlflow.db").touch()
    assert store.exists(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert store.exists(tmp_path / "nowhere")


def test_a_server_that_does_not_answer_is_said_and_the_run_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    got = mirror(evidence.make_run(tmp_path / "runs", "r1"), tmp_path)
    assert got["note"].startswith("not mirrored (MlflowException")
    assert not (tmp_path / "mlflow.db").exists()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """An MLflow server of this machine with SQLite behind it; ends with the test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ("--backend-store-uri", f"sqlite:///{tmp_path / 'server.db'}", "--artifacts-destination")
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            [*command, *words, str(tmp_path / "kept")], stdout=log, stderr=log, env=environment, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/health", process)
        yield address
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=30)


def _wait_for(address: str, process: Any) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    pytest.fail("the MLflow server did not start")


@pytest.mark.long
def test_a_server_named_by_its_usual_variable_holds_runs_model_and_artifacts(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    run = evidence.make_run(tmp_path / "runs", "r1")
    got = mirror(run, tmp_path)
    assert (got.get("note"), got["tracking_uri"]) == (None, server)
    client = mlflow.MlflowClient(server)
    artifacts = {entry.path for entry in client.list_artifacts(got["run_id"])}
    assert {"evaluation.json", "manifest.json"} <= artifacts
    text = Path(client.download_artifacts(got["run_id"], "manifest.json", str(tmp_path))).read_bytes()
    assert text == (run.directory / "manifest.json").read_bytes()
    assert client.get_model_version(MODEL, got["model_version"]).tags["run_id"] == "r1"
    assert mlflow.pyfunc.load_model(f"models:/{MODEL}/1").metadata.metadata["manifest_sha256"] == run.manifest_sha256
    assert not (tmp_path / "mlflow.db").exists()
    assert not (tmp_path / "mlartifacts").exists()
