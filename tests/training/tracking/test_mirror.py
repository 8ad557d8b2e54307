"""The MLflow mirror: local, quiet, whole or absent, and never in the way of the RUN."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fixtures import drawn_bases, evidence

from threat.release.base import Base
from threat.release.documents.ablations import Ablations
from threat.release.documents.model import Calibrator
from threat.release.documents.provenance import Execution
from threat.release.runs import Run
from threat.release.scorer import probability
from training.tracking import mirror as mirrors
from training.tracking.mirror import mirror
from training.tracking.store import EXPERIMENT, MODEL


@pytest.fixture(scope="module", autouse=True)
def no_server() -> Iterator[None]:
    """The store of this machine, whatever the environment of the suite names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.delenv("MLFLOW_RUN_ID", raising=False)
        yield


def made(folder: Path, run_id: str, **fields: Any) -> Run:
    figures = (evidence.at_capacity("recall_at_capacity", 0.25, 0.1, 0.4), evidence.figure("auc", None))
    measured = evidence.evaluation(rankings=(evidence.ranking("score", *figures),))
    run = evidence.make_run(folder, run_id, replacing=[measured, evidence.provenance(**fields)])
    run.write(Execution(threads=3, seconds=12.5, cpu_seconds=20.0, peak_memory_mb=300.0))
    return run


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mirror") / "var"


@pytest.fixture(scope="module")
def run(var: Path) -> Run:
    return made(var / "runs", "r1")


@pytest.fixture(scope="module")
def mirrored(run: Run, var: Path) -> dict[str, Any]:
    return mirror(run, var)


@pytest.fixture(scope="module")
def client(mirrored: dict[str, Any]) -> Any:
    import mlflow

    return mlflow.MlflowClient(mirrored["tracking_uri"])


def test_settings_figures_and_documents_are_mirrored(
    mirrored: dict[str, Any], client: Any, run: Run, var: Path
) -> None:
    assert mirrored["tracking_uri"] == f"sqlite:///{var / 'mlflow.db'}"
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    parent = client.get_run(mirrored["run_id"])
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics == {
        "score.recall_at_capacity.k50": 0.25,
        "score.recall_at_capacity.k50.low": 0.1,
        "score.recall_at_capacity.k50.high": 0.4,
    }
    wanted = {"seed": "7", "calendar.cycle": "month", "capacity": "50", "policy_version": "2026.1", "rung": "Y2"}
    assert wanted.items() <= parent.data.params.items()
    assert "threads" not in parent.data.params
    artifacts = {path.name for path in (var / "mlartifacts").rglob("*") if path.is_file()}
    assert {"evaluation.json", "model.txt", "manifest.json", "provenance.json", "loaded_model.py"} <= artifacts
    assert not {path for path in artifacts if path.endswith((".parquet", ".pkl", ".pickle"))}


def test_the_tags_say_where_a_run_comes_from(mirrored: dict[str, Any], client: Any, run: Run) -> None:
    tags = client.get_run(mirrored["run_id"]).data.tags
    assert {
        "run_id": "r1",
        "manifest_sha256": run.manifest_sha256,
        "snapshot": "abc123",
        "catalogue": "c1",
        "policy.eligibility": "2026.1",
        "policy.gate": "2026.1",
        "policy.fairness": "2026.1",
        "commit": "c" * 40,
        "checkout": "clean",
        "lock_sha256": "b" * 64,
        "python": "CPython 3.11.7",
        "platform": "Linux x86_64 glibc 2.36",
        "library.lightgbm": "4.7.0",
        "threads": "3",
    }.items() <= tags.items()


def test_ablations_measured_after_the_mirror_are_copied_by_the_next_and_replace_those_of_before(var: Path) -> None:
    run = made(var / "runs", "r_ablated", python="3.12.0")
    first, copies = mirror(run, var), []
    for recall in (0.2, 0.3):
        figure = evidence.figure("mean_recall", recall)
        run.write(Ablations(measured_on="validation", places=(5,), mean_recall=figure, groups=()))
        assert mirror(run, var) == first
        [path] = (var / "mlartifacts").rglob("ablations.json")
        copies.append(json.loads(path.read_text())["mean_recall"]["value"])
    assert copies == [0.2, 0.3]


def test_a_comparison_with_the_champion_is_copied_and_no_row_about_a_person_with_it(var: Path) -> None:
    run = made(var / "runs", "r_compared", python="3.13.0")
    mirror(run, var)
    about_people = ("moved_relationships.json", "champion_scores.parquet")
    for name in ("comparison_with_champion.json", *about_people):
        run.add(name, f"of {run.id}")
    mirror(run, var)
    copies = {path.name: path.read_text() for path in (var / "mlartifacts").rglob("*with_champion*")}
    assert copies == {"comparison_with_champion.json": "of r_compared"}
    assert not [path for name in about_people for path in (var / "mlartifacts").rglob(name)]


def test_each_fold_and_candidate_is_a_run_below(mirrored: dict[str, Any], client: Any) -> None:
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    below = client.search_runs([experiment], f"tags.mlflow.parentRunId = '{mirrored['run_id']}'")
    by_name = {child.info.run_name: child for child in below}
    candidates = {"LightGBM from scratch, 1", "elastic net, penalty 0.1"}
    assert set(by_name) == {"fold test", "LightGBM from scratch", *candidates}
    assert {child.info.status for child in below} == {"FINISHED"}
    trees = by_name["LightGBM from scratch, 1"].data
    assert (trees.metrics, trees.params["num_leaves"]) == ({"log_loss": 0.09, "rounds": 120.0}, "15")
    assert (trees.tags["kind"], trees.tags["chosen"]) == ("candidate", "true")
    fold = by_name["fold test"].data
    assert (fold.tags["kind"], fold.params["fit_date"]) == ("fold", "2024-08-02T00:00:00+00:00")
    assert (fold.metrics["fit_cycles"], fold.metrics["measured_cycles"]) == (36, 1)


def test_the_registered_model_scores_as_the_product_does_and_is_no_pickle(mirrored: dict[str, Any], run: Run) -> None:
    import lightgbm
    import mlflow

    model = mlflow.pyfunc.load_model(f"models:/{MODEL}/{mirrored['model_version']}")
    values = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    values[0, 0] = np.nan
    frame = pd.DataFrame(values, columns=list(evidence.FEATURES))
    got = model.predict(frame[list(reversed(evidence.FEATURES))])  # columns are found by name
    booster = lightgbm.Booster(model_str=run.path("model/model.txt").read_text())
    score = booster.predict(values, raw_score=True)
    np.testing.assert_array_equal(got["score"], score)
    np.testing.assert_array_equal(got["probability"], probability(run.read(Calibrator), score))
    flavor = model.metadata.flavors["python_function"]
    assert Path(flavor["model_code_path"]).name == "loaded_model.py"
    assert "python_model" not in flavor
    with pytest.raises(mlflow.exceptions.MlflowException, match="missing inputs"):
        model.predict(frame[["history_days"]])


def test_a_model_on_a_base_scores_with_its_base(mirrored: dict[str, Any], var: Path) -> None:
    import lightgbm
    import mlflow

    base = drawn_bases.base_model()
    names = drawn_bases.CATALOGUE.names
    run = evidence.make_run(var / "runs", "on_base", features=names, replacing=[base])
    values = np.random.default_rng(2).poisson(2.0, (6, len(names))).astype(np.float32)
    version = mirror(run, var)["model_version"]
    got = mlflow.pyfunc.load_model(f"models:/{MODEL}/{version}").predict(pd.DataFrame(values, columns=list(names)))
    booster = lightgbm.Booster(model_str=run.path("model/model.txt").read_text())
    expected = booster.predict(values, raw_score=True) + Base.of(base, names).score(values)
    np.testing.assert_array_equal(got["score"], expected)


def test_a_run_is_mirrored_once_and_a_run_of_the_same_name_elsewhere_is_another(
    mirrored: dict[str, Any], client: Any, run: Run, var: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert mirror(run, var) == mirrored
    elsewhere = made(tmp_path, "r1", commit="d" * 40)
    capfd.readouterr()
    other = mirror(elsewhere, var)
    assert capfd.readouterr() == ("", "")
    assert int(other["model_version"]) > int(mirrored["model_version"])
    tags = client.get_model_version(MODEL, other["model_version"]).tags
    assert (tags["run_id"], tags["commit"]) == ("r1", "d" * 40)


def test_a_mirror_that_breaks_off_registers_nothing_and_the_next_is_whole(
    client: Any, var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(var / "runs", "broken", commit="e" * 40)
    with monkeypatch.context() as patch:
        patch.setattr(mirrors, "_log_model", lambda run: 1 / 0)
        got = mirror(run, var)
    assert got["note"].startswith("not mirrored (ZeroDivisionError")
    assert "threat mirror" in got["note"]
    assert client.search_model_versions(f"tag.manifest_sha256 = '{run.manifest_sha256}'") == []
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    found = client.search_runs([experiment], "attributes.run_name = 'broken'")
    assert [entry.info.status for entry in found] == ["FAILED"]
    assert "model_version" in mirror(run, var)


def test_a_failing_mirror_leaves_the_run_and_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    got = mirror(run, tmp_path / "file")
    assert got["note"].startswith("not mirrored (FileExistsError")
    assert "the RUN is complete" in got["note"]
    assert Run.open(run.directory).id == "r1"
    assert json.loads((run.directory / "manifest.json").read_text())["run_id"] == "r1"


def test_more_parameters_than_mlflow_takes_at_once_are_written_in_batches() -> None:
    pairs = {str(number): number for number in range(250)}
    batches = list(mirrors._batches(pairs))
    assert [len(batch) for batch in batches] == [100, 100, 50]
    assert dict(pair for batch in batches for pair in batch) == pairs
