"""The MLflow mirror: local, quiet, and never in the way of the RUN."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fixtures import evidence

from threat.release.runs import Run
from training import mirror as mirrors


@pytest.fixture
def run(tmp_path: Path) -> Run:
    figures = (evidence.at_capacity("recall_at_capacity", 0.25, 0.1, 0.4), evidence.figure("auc", None))
    measured = evidence.evaluation(rankings=(evidence.ranking("score", *figures),))
    return evidence.make_run(tmp_path / "runs", "r1", replacing=[measured])


def test_settings_figures_and_documents_are_mirrored(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    got = mirrors.mirror(run, tmp_path / "var")
    assert set(got) == {"run_id", "tracking_uri"}, got
    assert got["tracking_uri"] == f"sqlite:///{tmp_path / 'var' / 'mlflow.db'}"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    import mlflow

    held = mlflow.MlflowClient(got["tracking_uri"]).get_run(got["run_id"])
    assert held.data.metrics == {
        "score.recall_at_capacity.k50": 0.25,
        "score.recall_at_capacity.k50.low": 0.1,
        "score.recall_at_capacity.k50.high": 0.4,
    }
    wanted = {"seed": "7", "calendar.cycle": "month", "capacity": "50", "policy_version": "2026.1", "rung": "Y2"}
    assert wanted.items() <= held.data.params.items()
    assert held.data.tags["manifest_sha256"] == run.manifest_sha256
    artifacts = {path.name for path in (tmp_path / "var" / "mlartifacts").rglob("*") if path.is_file()}
    assert {"evaluation.json", "model.txt", "manifest.json"} <= artifacts
    assert not any("parquet" in name for name in artifacts)
    assert capfd.readouterr().out == ""


def test_a_failing_mirror_leaves_the_run_and_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    (tmp_path / "file").write_text("in the way")
    got = mirrors.mirror(run, tmp_path / "file")
    assert got["note"].startswith("not mirrored (FileExistsError")
    assert got["note"].endswith("the RUN is complete")
    assert Run.open(run.directory).id == "r1"
    assert json.loads((run.directory / "manifest.json").read_text())["run_id"] == "r1"
