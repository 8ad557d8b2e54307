"""A training killed at any moment leaves a partial RUN; finished, it is the RUN that would have been, byte for byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fixtures.quick_training import QUICK
from typer.testing import CliRunner

from threat import files
from threat.asof import parse_as_of
from threat.errors import IntegrityFailure, UsageError
from threat.release.documents.folds import Folds
from threat.release.partial_runs import partial_runs
from threat.release.runs import Run
from threat.simulation.force import Settings as ForceSettings
from threat.simulation.force import write
from training import job
from training.commands import app
from training.config import load
from training.job import resume_training, train

STARTED = parse_as_of("2025-01-02")


@dataclass(frozen=True)
class Trained:
    """A whole training, and copies of its RUN as a kill would have left it just before each file was whole."""

    store: Path
    config: Path
    run: Run
    kills: dict[str, Path]


@pytest.fixture(scope="module", autouse=True)
def fitted_once() -> Iterator[None]:
    """What is deterministic (``test_train``) and slow is computed once for all trainings here: they ask the same."""
    done: dict[str, Any] = {}

    def once(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any, **named: Any) -> Any:
            if name not in done:
                done[name] = ask(*given, **named)
            return done[name]

        return asked

    with pytest.MonkeyPatch.context() as patch:
        for name in ("prepare", "fit_models", "evaluation_of", "stability", "checks"):
            patch.setattr(job, name, once(name, getattr(job, name)))
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, fitted_once: None) -> Trained:
    folder = tmp_path_factory.mktemp("killed")
    write(ForceSettings(relationships=500, years=4, seed=5), folder / "force", lambda _: None)
    config = folder / "small.yaml"
    config.write_text(QUICK)
    kills: dict[str, Path] = {}
    into_place = files.move_into_place

    def copied(source: Path, target: Path, *, synced: bool = True) -> None:
        if (folder / "runs") in target.parents:
            kills[target.name] = folder / "kills" / f"{len(kills)} {target.name}" / "r1"
            shutil.copytree(folder / "runs" / "r1", kills[target.name])
        into_place(source, target, synced=synced)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "move_into_place", copied)
        run = train(folder / "force" / "history", load(config), out=folder / "runs", run_id="r1", started_at=STARTED)
    return Trained(folder / "force" / "history", config, run, kills)


def sealed_files(run: Run) -> dict[str, Any]:
    return dict(json.loads((run.directory / "manifest.json").read_text())["files"])


def killed_at(trained: Trained, name: str, tmp_path: Path) -> Path:
    """A copy of the RUN as a kill before ``name`` was whole would have left it."""
    return Path(shutil.copytree(trained.kills[name], tmp_path / "runs" / "r1"))


def test_a_kill_before_any_file_is_whole_leaves_what_is_no_run(trained: Trained) -> None:
    assert set(trained.kills) == {Path(name).name for name in sealed_files(trained.run)} - {
        "config.json", "snapshot.json", "provenance.json",
    } | {"manifest.json"}  # fmt: skip
    for directory in trained.kills.values():
        assert list(directory.rglob(".*.part")), directory
        with pytest.raises(IntegrityFailure, match="never sealed"):
            Run.open(directory)
        (partial,) = partial_runs(directory.parent)
        assert (partial.directory, partial.in_progress) == (directory, False)
        assert partial.chosen == (directory / "choices.json").exists()


@pytest.mark.parametrize("name", ["folds.json", "choices.json", "manifest.json"])
def test_finished_it_is_the_run_that_would_have_been(trained: Trained, name: str, tmp_path: Path) -> None:
    run = resume_training(killed_at(trained, name, tmp_path), trained.store)
    assert Run.open(run.directory).id == "r1"
    assert sealed_files(run) == sealed_files(trained.run)
    assert (run.directory / "manifest.json").read_bytes() == (trained.run.directory / "manifest.json").read_bytes()
    assert not list(run.directory.rglob(".*.part"))
    with pytest.raises(UsageError, match="nothing to finish"):
        resume_training(run.directory, trained.store)


def test_runs_that_opened_the_test_since_the_kill_are_named(trained: Trained, tmp_path: Path) -> None:
    directory = killed_at(trained, "evaluation.json", tmp_path)
    shutil.copytree(trained.run.directory, tmp_path / "runs" / "between")
    run = resume_training(directory, trained.store)
    opening = run.read(Folds).test_opening
    assert (opening.times_opened_in_this_run, opening.earlier_runs_that_opened_it) == (1, ("between",))
    mine, whole = sealed_files(run), sealed_files(trained.run)
    assert {name for name in whole if mine[name] != whole[name]} == {"folds.json"}


def test_another_model_than_before_the_kill_never_opens_the_test(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = killed_at(trained, "cohort.json", tmp_path)
    choices = directory / "choices.json"
    choices.write_text(choices.read_text().replace('"validation_rows": ', '"validation_rows": 1'))
    opened: list[object] = []
    monkeypatch.setattr(job, "open_test", opened.append)
    with pytest.raises(IntegrityFailure, match="other results than before the kill") as caught:
        resume_training(directory, trained.store)
    assert caught.value.value == "choices.json"
    assert (opened, (directory / "manifest.json").exists()) == ([], False)


def test_other_code_finishes_no_run_of_this_code(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = killed_at(trained, "choices.json", tmp_path)
    monkeypatch.setattr(job, "prepare", lambda *_: pytest.fail("minutes of features before the refusal"))
    begun = directory / "provenance.json"
    begun.write_text(begun.read_text().replace('"lightgbm": "', '"lightgbm": "0.'))
    with pytest.raises(UsageError, match="begun with other code") as caught:
        resume_training(directory, trained.store)
    assert str(caught.value.value).startswith("libraries: ")


def test_the_command_names_partial_runs_finishes_one_and_removes_them(trained: Trained, tmp_path: Path) -> None:
    directory = killed_at(trained, "stability.json", tmp_path)
    store, runs = ("--store", str(trained.store), "--no-mlflow", "--json"), str(tmp_path / "runs")
    new = ("train", "--config", str(trained.config), "--out", runs, *store)
    named = CliRunner().invoke(app, [*new, "--run-id", "second"])
    assert json.loads(named.stdout)["partial_runs"] == ["r1"]
    assert f"Finish it: threat train --resume {directory}" in named.stderr
    refused = CliRunner().invoke(app, ["train", "--resume", str(directory), "--seed", "3", *store])
    assert "no place next to --resume" in str(refused.exception)
    finished = CliRunner().invoke(app, ["train", "--resume", str(directory), *store])
    assert finished.exit_code == 0, finished.output
    document = json.loads(finished.stdout)
    assert (document["run_id"], document["partial_runs"]) == ("r1", [])
    assert document["rankings"] == json.loads((trained.run.directory / "evaluation.json").read_text())["rankings"]
    shutil.copytree(trained.kills["evaluation.json"], tmp_path / "runs" / "r3")
    removed = CliRunner().invoke(app, [*new, "--run-id", "third", "--discard-partial"])
    assert json.loads(removed.stdout)["partial_runs"] == []
    assert "r3. Its test may have been opened." in removed.stderr
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == [".discarded", "r1", "second", "third"]
    # The opening still counts, of the same name twice as well.
    shutil.copytree(trained.kills["evaluation.json"], tmp_path / "runs" / "r3")
    CliRunner().invoke(app, [*new, "--run-id", "fourth", "--discard-partial"])
    opening = Run.open(tmp_path / "runs" / "fourth").read(Folds).test_opening
    assert opening.earlier_runs_that_opened_it == ("r1", "r3", "r3-2", "second", "third")
