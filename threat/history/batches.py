"""Deliveries of records, erasures of a person, and the ids of lists of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from threat.asof import show

EMPTY = hashlib.sha256(b"threat-history").hexdigest()[:16]
"""Id of the snapshot of no batch."""

QUARANTINE = "quarantine"
"""Stands for the quarantined rows of a batch where the tables of the history are named."""

Part = tuple[str, int, str]
"""A file of a store: its path below the store, its rows, its SHA-256."""


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

    def header(self) -> tuple[str, ...]:
        """Return what a batch id says of the delivery, besides its rows."""
        # Only where it is said, so that the ids of deliveries that say nothing stay as they were.
        covers = (f"{source} until {at}" for source, at in sorted(self.covers_until.items()))
        return (self.profile, self.sha256, str(self.rows_quarantined), *covers)


@dataclass(frozen=True, slots=True)
class Entry:
    """A batch as the manifest keeps it: its id, its delivery and its parts by table.

    ``parts``: of a table whose rows are all erased, an empty list. ``quarantine``: the file of its quarantined rows,
    None without any. ``content``: by table (``QUARANTINE`` too) the content hash of its rows; empty where the manifest
    has none yet. ``erased``: how many rows erasures took out or took a party out of, by table.
    """

    batch_id: str
    batch: Batch
    rows_kept: int
    parts: dict[str, list[Part]]
    quarantine: Part | None = None
    content: dict[str, str] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)

    def files(self) -> list[Part]:
        """Return every file of the batch, the quarantined rows last."""
        parts = [part for name in self.parts for part in self.parts[name]]
        return parts if self.quarantine is None else [*parts, self.quarantine]


@dataclass(frozen=True, slots=True)
class Change:
    """What an erasure did to one table of one batch, or to its quarantined rows (``QUARANTINE``).

    ``before``, ``after``: the files; none after, where no row is left. ``content``: of the rows that are left.
    ``removed``: rows taken out. ``without_party``: rows that stay and no longer name the person.
    """

    batch_id: str
    table: str
    before: tuple[Part, ...]
    after: tuple[Part, ...]
    content: str
    removed: int
    without_party: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person taken out of the history, as the manifest keeps it.

    ``persons``: ids, as ``show_id`` gives them: the person asked for and everyone found to be the same person.
    ``erased_at``: int64 UTC seconds. ``by``: the names of the two people. ``batches_before``: how many batches the
    history had. ``hash``: of the record.
    """

    persons: tuple[str, ...]
    reason: str
    erased_at: int
    by: tuple[str, ...]
    changes: tuple[Change, ...]
    batches_before: int
    hash: str

    @property
    def counts(self) -> dict[str, int]:
        """Return how many rows were taken out or lost a party, by table."""
        out: dict[str, int] = {}
        for change in self.changes:
            out[change.table] = out.get(change.table, 0) + change.removed + change.without_party
        return out

    @property
    def said(self) -> str:
        """Return in a sentence which rows an earlier result can no longer have."""
        day = show(self.erased_at)[:10]
        rows = ", ".join(f"{count:,} of {table}" for table, count in sorted(self.counts.items()))
        return f"a person was erased on {day} by {' and '.join(self.by)}; gone, or without the person: {rows}"


def next_snapshot_id(snapshot_id: str, batch_id: str) -> str:
    """Return the id of a snapshot that adds one batch (or erasure) to another: ids hash the list of both."""
    return hashlib.sha256(f"{snapshot_id}:{batch_id}".encode()).hexdigest()[:16]


def without_erased(entries: Sequence[Entry], erasure: Erasure) -> list[Entry]:
    """Return the batches as an erasure leaves them. Raises ValueError where the files before are not those recorded."""
    out = {entry.batch_id: entry for entry in entries}
    for change in erasure.changes:
        entry = out[change.batch_id]
        is_quarantine = change.table == QUARANTINE
        now = [part for part in (entry.quarantine,) if part] if is_quarantine else entry.parts[change.table]
        if tuple(now) != change.before:
            raise ValueError(f"an erasure of other files than {change.table} of batch {change.batch_id} had")
        counts = entry.erased.get(change.table, 0) + change.removed + change.without_party
        parts = entry.parts if is_quarantine else entry.parts | {change.table: list(change.after)}
        out[change.batch_id] = replace(
            entry,
            parts=parts,
            quarantine=(change.after[0] if change.after else None) if is_quarantine else entry.quarantine,
            content=entry.content | {change.table: change.content},
            erased=entry.erased | {change.table: counts},
        )
    return list(out.values())
