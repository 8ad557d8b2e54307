"""What a check of ``threat doctor`` finds: a sentence about one part, and the command that mends it."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "note", "stale", "missing", "broken"]
"""``note``: worth knowing, nothing to mend. ``stale``: made from something older than what is here now."""

NEEDS_MENDING: frozenset[State] = frozenset({"stale", "missing", "broken"})


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that are examined, and the time of the examination (int64 UTC seconds).

    ``database``: the desk's, as ``--database`` says it; empty for the file in ``var``.
    """

    store: Path
    var: Path
    now: int
    database: str = ""

    @property
    def lists(self) -> Path:
        return self.var / "lists"

    @property
    def promotions(self) -> Path:
        return self.var / "promotions.jsonl"

    @property
    def runs(self) -> Path:
        return self.var / "runs"

    @property
    def load_command(self) -> str:
        """The command that loads an export into this history."""
        return command("load", "PROFILE", "EXPORT", "--store", self.store)

    @property
    def score_command(self) -> str:
        """The command that makes a list of this history."""
        return command("score", "--as-of", "DATE", "--store", self.store, "--var", self.var)

    @property
    def publish_command(self) -> str:
        """The command that makes a list of this history and publishes the list."""
        return f"{self.score_command} --publish"

    @property
    def train_command(self) -> str:
        """The command that trains on this history."""
        return command("train", "--store", self.store, "--out", self.runs)

    def release_command(self, run_id: str, environment: str) -> str:
        """Return the command that asks the gate to release a RUN of these."""
        words = ("release", self.runs / run_id, "--var", self.var, "--store", self.store)
        if environment == "demonstration":
            return command(*words, "--environment", environment)
        return command(*words, "--approvals", "APPROVALS.json", *signed_in(environment))


def command(*words: str | Path) -> str:
    """Return a ``threat`` command as it is typed in a shell.

    Words in capitals stand for what only the person who types can know.

    >>> command("history", "--store", Path("our force/history"))
    "threat history --store 'our force/history'"
    """
    return shlex.join(["threat", *map(str, words)])


def signed_in(environment: str) -> tuple[str, ...]:
    """Return the options of a command that a person signs: in the demonstration the product signs by itself."""
    return () if environment == "demonstration" else ("--key", "KEY.pem")


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a part of the installation; ``mend``: the one command that mends it.

    ``mend`` is empty where nothing is to mend or no command can: then ``says`` has what a person can do.
    """

    part: str
    state: State
    says: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as ``threat doctor --json`` prints it."""
        return {"part": self.part, "state": self.state, "says": self.says, "mend": self.mend}


Check = Callable[[Places], list[Finding]]
"""A check reads and never writes. ThreatError and OSError that it raises become a finding of their own."""
