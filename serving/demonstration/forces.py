"""Small synthetic forces with a published list and a trained model, to read sentences of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from serving.demonstration.processes import RUN, Demonstration
from threat.trust import demonstration

RELATIONSHIPS, YEARS, CAPACITY = 1_000, 5, 60
"""A force whose model is trained in a minute or two. It would pass no gate; its sentences are read all the same."""

_FIRST_SEED = 101
"""Seed of the first force; each further force has the next."""


def make_forces(folders: Sequence[Path], *, quiet: bool) -> None:
    """Make a force in each folder that has no published list yet, each of a seed of its own.

    Raises StepFailed for a command that failed.
    """
    for number, folder in enumerate(folders):
        if (folder / "lists" / "current.json").is_file():
            continue
        force = Demonstration(folder, _FIRST_SEED + number, quiet=quiet)
        force.say(f"Making a synthetic force of about {RELATIONSHIPS:,} relationships in {folder}, and its model")
        demonstration.make(force.trust, at=int(time.time()))
        size = ("--relationships", str(RELATIONSHIPS), "--years", str(YEARS), "--seed", str(force.seed))
        _, made = force.threat("simulate", *size, "--out", str(folder / "force"))
        training = str(files("serving.demonstration") / "training.yaml")
        run = ("--out", str(folder / "runs"), "--run-id", RUN, "--capacity", str(CAPACITY))
        force.threat("train", "--config", training, *run, "--store", str(force.store))
        force.threat("score", "--as-of", made["to"], "--capacity", str(CAPACITY), "--publish", *force.folders)
