"""A RUN without a manifest: known by what was asked, in progress while its process lives, never taken for a RUN."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from fixtures import evidence

from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.release.partial_runs import FIRST, discard, new_run, partial_runs, reopened
from threat.release.runs import Run

QUESTION = (evidence.config(), evidence.snapshot())

KILLED = """
import sys
from pathlib import Path

from threat.release.documents.config import Config
from threat.release.documents.snapshot import SnapshotRead
from threat.release.partial_runs import new_run
from threat.release.runs import Run

given = Run(Path(sys.argv[1]), "given")
with new_run(Path(sys.argv[2]), "killed", (given.read(Config), given.read(SnapshotRead))) as run:
    run.write_text("model/model.txt", "tree")
    (run.directory / ".folds.json.0.part").write_text("half of")
    print("written", flush=True)
    sys.stdin.read()
"""


def partial(folder: Path, run_id: str = "killed") -> Path:
    with new_run(folder, run_id, QUESTION) as run:
        run.write_text("model/model.txt", "tree")
    return run.directory


def test_a_run_holds_what_was_asked_from_its_first_moment(tmp_path: Path) -> None:
    with new_run(tmp_path / "runs", "r1", QUESTION) as run:
        assert {path.name for path in run.directory.iterdir()} == set(FIRST)
        assert [(found.directory.name, found.in_progress) for found in partial_runs(tmp_path / "runs")] == [
            ("r1", True)
        ]
        run.seal()
    assert partial_runs(tmp_path / "runs") == []
    assert Run.open(run.directory).id == "r1"


def test_a_run_in_progress_is_told_from_one_whose_process_was_killed(tmp_path: Path) -> None:
    given = Run.create(tmp_path, "given", QUESTION).directory
    runs = tmp_path / "runs"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(given), str(runs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    alive = partial_runs(runs)
    assert [(found.in_progress, found.says) for found in alive] == [(True, "killed is being trained at this moment.")]
    assert discard(runs) == []
    with pytest.raises(UsageError, match="being trained by another process"), reopened(runs / "killed"):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    dead = partial_runs(runs)
    says = "killed is partial: its training ended before its model was chosen."
    assert [(found.in_progress, found.says) for found in dead] == [(False, says)]
    with pytest.raises(IntegrityFailure, match="never sealed"):
        Run.open(runs / "killed")
    with reopened(runs / "killed") as run:
        assert (run.id, sorted(run.hashes())) == ("killed", sorted([*FIRST, "model/model.txt"]))
        assert partial_runs(runs)[0].in_progress
        # What the kill left half-written is gone.
        assert not list(run.directory.glob(".*.part"))


def test_discarding_removes_killed_runs_alone(tmp_path: Path) -> None:
    sealed = evidence.make_run(tmp_path, "sealed").directory
    other = tmp_path / "no run"
    other.mkdir()
    (other / "precious.txt").write_text("not a RUN's")
    killed = partial(tmp_path)
    with new_run(tmp_path, "alive", QUESTION) as alive:
        assert [found.directory for found in discard(tmp_path)] == [killed]
        assert alive.directory.is_dir()
    assert (sealed.is_dir(), (other / "precious.txt").is_file(), killed.exists()) == (True, True, False)
    assert discard(tmp_path / "nowhere") == partial_runs(tmp_path / "nowhere") == []


def test_what_is_refused_leaves_no_run_and_what_fails_leaves_a_partial_one(tmp_path: Path) -> None:
    with pytest.raises(BadInput), new_run(tmp_path, "refused", QUESTION):
        raise BadInput("Too few subjects.")
    with pytest.raises(MemoryError), new_run(tmp_path, "failed", QUESTION):
        raise MemoryError
    assert [found.directory.name for found in partial_runs(tmp_path)] == ["failed"]
    assert not (tmp_path / "refused").exists()


def test_after_its_choices_a_killed_run_may_have_opened_its_test(tmp_path: Path) -> None:
    killed = partial(tmp_path)
    Run(killed, "killed").write(evidence.choices("tree"))
    assert partial_runs(tmp_path)[0].says == "killed is partial: its training ended after its model was chosen."


def test_what_cannot_be_finished_is_refused(tmp_path: Path) -> None:
    sealed = evidence.make_run(tmp_path, "sealed").directory
    for directory, says in ((sealed, "sealed, so there is nothing to finish"), (tmp_path / "none", "no such RUN")):
        with pytest.raises(UsageError, match=says), reopened(directory):
            pass
    with pytest.raises(UsageError, match="RUN of this id already"), new_run(tmp_path, "sealed", QUESTION):
        pass
