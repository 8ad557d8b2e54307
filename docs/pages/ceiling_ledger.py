"""The ledger of openings: which force's figures were looked at, when, of which code, by which command.

A force of the ledger is unseen only until its figures are opened. Opened again after a change, it may have had a part
in the change, and the page says so.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Opening:
    """One opening: ``evidence`` is the hash of all that the figures were made by; ``opened`` says which figures."""

    date: str
    commit: str
    world: str
    seed: int
    opened: str
    evidence: str
    command: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """The openings written in ``path``, oldest first. Lines are added and never changed."""

    path: Path

    def openings(self) -> tuple[Opening, ...]:
        """Return every opening; none where there is no file."""
        if not self.path.is_file():
            return ()
        with self.path.open(encoding="utf-8", newline="") as lines:
            return tuple(_opening(line) for line in csv.DictReader(lines))

    def write(self, opening: Opening) -> None:
        """Add an opening, unless the same evidence of the same force was opened before: that shows nothing new."""
        same = (opening.world, opening.seed, opening.evidence)
        if same in {(line.world, line.seed, line.evidence) for line in self.openings()}:
            return
        first = not self.path.is_file()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", newline="") as file:
            lines = csv.writer(file, lineterminator="\n")
            if first:
                lines.writerow([entry.name for entry in fields(Opening)])
            lines.writerow(astuple(opening))

    def seen_before(self, world: str, seed: int, evidence: str) -> tuple[Opening, ...]:
        """Return the openings of this force with other evidence: a later change may have been made by their figures."""
        return tuple(
            line for line in self.openings() if (line.world, line.seed) == (world, seed) and line.evidence != evidence
        )


def unseen_sentence(seen: Sequence[Opening]) -> str:
    """Say whether the forces that are measured were unseen; ``seen``: the openings before, with other evidence."""
    if not seen:
        return "None of these forces was opened before: their figures had no part in any choice."
    listed = ", ".join(f"seed {line.seed} in {line.world} ({line.date}, {line.commit})" for line in seen)
    return (
        f"**No longer unseen:** {listed} had been opened before the code had its present state, so what is measured "
        "there may have had a part in it."
    )


def _opening(line: dict[str, str]) -> Opening:
    """Return the opening of one line, whose columns are the fields by name."""
    return Opening(
        date=line["date"],
        commit=line["commit"],
        world=line["world"],
        seed=int(line["seed"]),
        opened=line["opened"],
        evidence=line["evidence"],
        command=line["command"],
    )
