"""Training a sealed RUN again in a process of its own, where lock, code and platform are those of the training."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from features import load_catalogue
from threat.errors import IntegrityFailure, ThreatError
from threat.release.attestations import NOT_COMPARED
from threat.release.documents.config import Config
from threat.release.documents.provenance import Provenance
from threat.release.documents.recomputation import FoundDifference, Retrained
from threat.release.documents.snapshot import SnapshotRead
from threat.release.runs import Run
from training.job import resume_training
from training.provenance import provenance

_QUESTION = (Config.FILE, SnapshotRead.FILE, Provenance.FILE)
"""What a training is asked: a partial RUN of these files is finished into the RUN that would have been."""

_LAST_LINES = 5
"""Lines of a failed training that an error shows: its problem, value, place and way out."""


@dataclass(frozen=True, slots=True)
class Retraining:
    """What came of training a RUN again. ``why_not``: what is another here; empty where it was trained."""

    state: Retrained
    why_not: str = ""
    differences: tuple[FoundDifference, ...] = ()


def retrain(run: Run, store: Path, *, policy: Path | None = None, threads: int = 1) -> Retraining:
    """Train a sealed RUN again on its snapshot of ``store``, and compare every sealed file by its hash.

    ``policy``: the force's own eligibility policy, where the RUN was trained with one. Nothing is written to the RUN.
    Raises IntegrityFailure where the training does not run to its end.
    """
    if different := _another_here(run, provenance(policy)):
        return Retraining("not_here", f"another {different}")
    with tempfile.TemporaryDirectory(prefix="threat-retraining-") as folder:
        directory = Path(folder) / run.id
        directory.mkdir()
        for name in _QUESTION:
            shutil.copyfile(run.path(name), directory / name)
        _train_in_a_process(directory, store, policy, threads)
        again = Run.open(directory).sealed_sha256()
    sealed = run.sealed_sha256()
    differences = tuple(
        FoundDifference(
            document=name,
            figure="SHA-256",
            sealed=sealed.get(name, "absent"),
            recomputed=again.get(name, "absent"),
        )
        for name in sorted((sealed.keys() | again.keys()) - NOT_COMPARED)
        if sealed.get(name) != again.get(name)
    )
    return Retraining("different" if differences else "same_model", differences=differences)


def _another_here(run: Run, now: Provenance) -> str:
    """Return what is another here than at the training: names of fields of provenance.json; empty where nothing is."""
    sealed = run.find(Provenance)
    if sealed is None:
        return "version of the product: the RUN does not say with which code it was made"
    before = sealed.as_json() | {"catalogue": run.read(SnapshotRead).catalogue_version}
    present = now.as_json() | {"catalogue": load_catalogue().version}
    names = {"lock_sha256": "lock file", "product_version": "version of the product", "python": "Python"}
    return ", ".join(names.get(name, name) for name in before if before[name] != present[name])


def _train_in_a_process(directory: Path, store: Path, policy: Path | None, threads: int) -> None:
    """Finish the partial RUN in a process of its own: nothing that this process imported or computed is read."""
    command = [sys.executable, "-m", __spec__.name, str(directory), str(store.absolute()), str(threads)]
    command += [] if policy is None else [str(policy.absolute())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise IntegrityFailure(
            "The training of the RUN, repeated, did not run to its end.",
            value=" ".join(done.stderr.split("\n")[-_LAST_LINES:]).strip() or f"exit {done.returncode}",
            where=str(store),
            way_out="train again, and release the new RUN",
        )


def _finish(directory: str, store: str, threads: str, policy: str | None = None) -> None:
    """Finish a partial RUN; the whole of the other process."""
    try:
        resume_training(directory, store, threads=int(threads), policy=None if policy is None else Path(policy))
    except ThreatError as error:
        print(error, file=sys.stderr)
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    _finish(*sys.argv[1:])
