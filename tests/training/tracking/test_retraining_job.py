"""The retraining job as MLflow runs it: from a clean clone of this checkout, on a small synthetic force."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from fixtures.quick_training import QUICK

from threat.release.documents.provenance import Provenance
from threat.release.runs import Run
from threat.simulation.force import Settings, write
from training.tracking.store import MODEL

ROOT = Path(__file__).parents[3]


def mlflow_run(clone: Path, entry: str, **parameters: object) -> subprocess.CompletedProcess[str]:
    """Run an entry point of the clone's MLproject with the clone's code, in the environment that the suite runs in."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    binaries = str(Path(sys.executable).parent)
    environment = given | {
        "PATH": f"{binaries}{os.pathsep}{given['PATH']}",
        "PYTHONPATH": str(clone),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
    }
    words = [word for name, value in parameters.items() for word in ("-P", f"{name}={value}")]
    command = [sys.executable, "-m", "mlflow", "run", ".", "-e", entry, "--env-manager=local", *words]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=300)


def git(*words: object, cwd: Path = ROOT) -> str:
    done = subprocess.run(["git", *map(str, words)], cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.long
def test_the_retraining_job_of_a_clean_clone_trains_measures_again_scores_and_registers(tmp_path: Path) -> None:
    clone, force, var = tmp_path / "clone", tmp_path / "force", tmp_path / "var"
    git("clone", "--quiet", ROOT, clone)
    write(Settings(relationships=500, years=4, seed=5), force, lambda _: None)
    (tmp_path / "quick.yaml").write_text(QUICK)
    asked = {"config": tmp_path / "quick.yaml", "out": var / "runs"}

    refused = mlflow_run(clone, "retrain", store=tmp_path / "nowhere", **asked)
    assert refused.returncode != 0
    assert not list(var.rglob("*"))
    trained = mlflow_run(clone, "retrain", store=force / "history", **asked)
    assert trained.returncode == 0, trained.stderr
    (directory,) = (var / "runs").iterdir()
    run = Run.open(directory)
    made_with = run.read(Provenance)
    assert (made_with.checkout, made_with.commit) == ("clean", git("rev-parse", "HEAD"))
    assert_mirrored_below_the_run_of_mlflow(clone, run)

    measured = mlflow_run(clone, "evaluate", run=directory)
    assert (measured.returncode, "came out again" in measured.stdout) == (0, True), measured.stderr
    scored = mlflow_run(clone, "score", as_of="2024-06-01", capacity=20, store=force / "history", var=var)
    assert scored.returncode == 0, scored.stderr
    assert len(list((var / "lists").glob("L-2024-06-01-*"))) == 1


def assert_mirrored_below_the_run_of_mlflow(clone: Path, run: Run) -> None:
    """The run that ``mlflow run`` started is the parent; the refused training before it registered nothing."""
    import mlflow

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client: Any = mlflow.MlflowClient(f"sqlite:///{clone / 'mlflow.db'}")
        runs = client.search_runs(["0"], order_by=["attributes.start_time ASC"])
        parents = [entry for entry in runs if "mlflow.parentRunId" not in entry.data.tags]
        assert [entry.info.status for entry in parents] == ["FAILED", "FINISHED"]
        assert "manifest_sha256" not in parents[0].data.tags
        started = parents[1]
        assert started.data.tags["mlflow.project.entryPoint"] == "retrain"
        assert started.data.tags["manifest_sha256"] == run.manifest_sha256
        assert started.data.tags["commit"] == started.data.tags["mlflow.source.git.commit"]
        below = {
            entry.info.run_name for entry in runs if entry.data.tags.get("mlflow.parentRunId") == started.info.run_id
        }
        assert {"fold validation_1", "fold test", "LightGBM from scratch", "LightGBM from scratch, 1"} <= below
        (version,) = client.search_model_versions(f"name = '{MODEL}'")
        assert (version.run_id, version.tags["run_id"]) == (started.info.run_id, run.id)
