"""What a check of ``threat doctor`` finds: a sentence about one part, and the command that mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "note", "stale", "missing", "broken"]
"""``note``: worth knowing, nothing to mend. ``stale``: made from something older than what is here now."""

NEEDS_MENDING: frozenset[State] = frozenset({"stale", "missing", "broken"})


@dataclass(frozen=True, slots=True)
class Places:
    """The folders that are examined, and the time of the examination (int64 UTC seconds)."""

    store: Path
    var: Path
    now: int

    @property
    def lists(self) -> Path:
        return self.var / "lists"

    @property
    def keys(self) -> Path:
        return self.var / "keys"

    @property
    def promotions(self) -> Path:
        return self.var / "promotions.jsonl"

    @property
    def runs(self) -> Path:
        return self.var / "runs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a part of the installation; ``mend``: the command that mends it, "" when none is needed."""

    part: str
    state: State
    says: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        """Return the finding as ``threat doctor --json`` prints it."""
        return {"part": self.part, "state": self.state, "says": self.says, "mend": self.mend}


Check = Callable[[Places], list[Finding]]
"""A check reads and never writes. ThreatError and OSError that it raises become a finding of their own."""
