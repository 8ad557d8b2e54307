"""An archive that is being checked: its folder, its index, and whose keys count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from threat.release.documents.gate import Gate
from threat.release.runs import Run
from threat.trust.folder import Trust
from training.archive.build import RUN


class NotChecked(str):
    """What a check says that could not compare: neither green nor red."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive that is being checked. ``trust``: whose keys count; ``carried``: True for the list in the archive."""

    folder: Path
    index: dict[str, Any]
    trust: Trust
    carried: bool

    @property
    def run(self) -> Run:
        """The RUN in a governance archive, verified."""
        return Run.open(self.folder / RUN)

    @property
    def gate(self) -> Gate:
        """The verdict in either kind of archive."""
        return Gate.parse((self.folder / RUN / Gate.FILE).read_bytes(), Gate.FILE)
