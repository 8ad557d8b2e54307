"""Deliveries of records, and the ids of lists of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

EMPTY = hashlib.sha256(b"threat-history").hexdigest()[:16]
"""Id of the snapshot of no batch."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One delivery of records.

    ``sha256``: of the file or files it came from. ``rows_in`` counts source rows, of which ``rows_quarantined`` were
    quarantined; None means the rows handed to ``append``. ``loaded_at``: int64 UTC seconds. ``feed_lag_seconds``: how
    long after ``recorded_at`` a row of this feed usually reaches us. ``history_start``: first instant covered, by
    source system, where the profile declares it (int64 UTC seconds). ``covers_until``: first instant no longer covered,
    by source system, where the delivery says so (int64 UTC seconds): a quiet feed is then told from a stopped one.
    """

    profile: str
    loaded_at: int
    sha256: str = ""
    rows_in: int | None = None
    rows_quarantined: int = 0
    feed_lag_seconds: int = 0
    legal_basis: str = "not stated"
    history_start: dict[str, int] = field(default_factory=dict)
    covers_until: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A batch as the manifest keeps it: its id, its delivery and its parts (table -> [(path, rows, sha256)])."""

    batch_id: str
    batch: Batch
    rows_kept: int
    parts: dict[str, list[tuple[str, int, str]]]


def next_snapshot_id(snapshot_id: str, batch_id: str) -> str:
    """The id of a snapshot that adds one batch to another: ids hash the batch list."""
    return hashlib.sha256(f"{snapshot_id}:{batch_id}".encode()).hexdigest()[:16]
