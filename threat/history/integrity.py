"""How the files of a store are judged, and what is derived from them signed: what a snapshot passes on."""

from __future__ import annotations

from dataclasses import dataclass

from threat.history.seen import Seen
from threat.trust.folder import Trust


@dataclass(frozen=True, slots=True)
class Integrity:
    """The trust of a store, what this account remembers of it, and its history.

    ``history``: id of the history, "" in format 1. ``erasures``: how many erasures it has by now. ``signed``: whether
    every record is signed. ``files_checked``: whether the files of the snapshot were checked when it was opened.
    """

    trust: Trust
    seen: Seen
    history: str
    erasures: int
    signed: bool
    files_checked: bool
