"""Up to when each feed reaches at an as-of: a stopped feed must not look like calm, nor a quiet feed like a stopped.

A feed is a source system. A delivery may say up to when it covers a feed (``Batch.covers_until``); otherwise its latest
record of the feed says how far it reaches. The age of a feed is the as-of minus the furthest reach of its deliveries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from threat.asof import DAY, NEVER, happened, on_record, parse_as_of
from threat.errors import UsageError
from threat.history.tables import Tables

EVERY_FEED = ""
"""In place of a source system: what a delivery says of every feed that its profile brings."""

NEVER_REACHED = 0
"""Reach of a feed that a policy names and no delivery brought."""


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed at an as-of; all times in UTC seconds.

    ``reaches``: up to when its deliveries cover it, at most the as-of. ``stated``: whether a delivery says so, or else
    its latest record does. ``latest_recorded_at``: its latest record known at the as-of; 0 without any.
    ``stale_after_days``: what the policy allows.
    """

    source: str
    reaches: int
    stated: bool
    latest_recorded_at: int
    age_seconds: int
    stale_after_days: int

    @property
    def stale(self) -> bool:
        """Tell whether the feed is older than its policy allows; exactly as old is allowed."""
        return self.reaches == NEVER_REACHED or self.age_seconds > self.stale_after_days * DAY

    @property
    def age_days(self) -> int:
        """Age in whole days, rounded down."""
        return self.age_seconds // DAY


def feeds(tables: Tables, as_of: int, stale_after_days: int, by_source: Mapping[str, int]) -> tuple[Feed, ...]:
    """Return every feed of a history at ``as_of`` (UTC seconds), by name.

    ``stale_after_days``: days that a feed may be behind; ``by_source``: the same for single feeds. A feed named there
    that no delivery brought is as old as can be. No clock is read.

    The orders stopped in May; the calls had a quiet week, and the delivery says up to when it covers them:

    >>> import tempfile
    >>> import pyarrow as pa
    >>> from threat.asof import parse_as_of
    >>> from threat.history import Batch, Store
    >>> def row(number, source, recorded):
    ...     return {"event_id": number, "record_id": number, "incident_id": number, "kind": "stalking",
    ...             "subject_id": 7, "person_at_risk_id": 8, "occurred_at": parse_as_of(recorded),
    ...             "recorded_at": parse_as_of(recorded), "domestic": "yes", "proactive": False,
    ...             "reported_by": "police", "assertion": "fact", "source_system": source}
    >>> events = pa.Table.from_pylist([row(1, "calls", "2024-05-20"), row(2, "orders", "2024-05-02")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store.create(f"{folder}/history")
    ...     covers = {"calls": parse_as_of("2024-05-31")}
    ...     _ = store.append(Batch("example", loaded_at=0, covers_until=covers), {"events": events})
    ...     found = feeds(store.snapshot(), parse_as_of("2024-06-01"), 7, {})
    >>> [(feed.source, feed.age_days, feed.stated, feed.stale) for feed in found]
    [('calls', 1, True, False), ('orders', 30, False, True)]
    """
    latest = _latest_by_delivery(tables, as_of)
    reach: dict[str, tuple[int, bool]] = {}
    for entry in tables.entries:
        covers = entry.batch.covers_until
        said = {source: (min(until, as_of), True) for source, until in covers.items()}
        recorded = {source: (at, False) for (batch, source), at in latest.items() if batch == entry.batch_id}
        # What a delivery says of a feed counts for that delivery, whatever records of the feed are in it.
        for source, of_delivery in (recorded | said).items():
            reach[source] = max(of_delivery, reach.get(source, of_delivery))
    for source in by_source:
        reach.setdefault(source, (NEVER_REACHED, False))
    return tuple(
        Feed(
            source=source,
            reaches=reaches,
            stated=stated,
            latest_recorded_at=max((at for (_, of), at in latest.items() if of == source), default=0),
            age_seconds=as_of - reaches,
            stale_after_days=by_source.get(source, stale_after_days),
        )
        for source, (reaches, stated) in sorted(reach.items())
    )


def _latest_by_delivery(tables: Tables, as_of: int) -> dict[tuple[str, str], int]:
    """Return the latest record known at ``as_of`` by (delivery, feed), in UTC seconds."""
    events = tables.table("events", ["batch_id", "source_system", "recorded_at"])
    if not len(events):
        return {}
    recorded = events.column("recorded_at").to_numpy()
    # Counted by the numbers of the words: a store of millions of rows would otherwise be cast to text every night.
    batch, source = (events.column(name).combine_chunks() for name in ("batch_id", "source_system"))
    sources = source.dictionary.to_pylist()
    key = batch.indices.to_numpy().astype(np.int64) * len(sources) + source.indices.to_numpy()
    seen = on_record(recorded, as_of)
    keys, inverse = np.unique(key[seen], return_inverse=True)
    latest = np.full(len(keys), -NEVER, dtype=np.int64)
    np.maximum.at(latest, inverse, recorded[seen])
    batches = batch.dictionary.to_pylist()
    names = ((batches[number // len(sources)], sources[number % len(sources)]) for number in keys.tolist())
    return dict(zip(names, latest.tolist(), strict=True))


def sources_of(tables: Tables, profile: str) -> set[str]:
    """Return the feeds of which any delivery under a profile of this name brought a record or said what it covers."""
    entries = [entry for entry in tables.entries if entry.batch.profile.partition("@")[0] == profile]
    batches = {entry.batch_id for entry in entries}
    brought = {source for (batch, source) in _latest_by_delivery(tables, NEVER) if batch in batches}
    return brought | {source for entry in entries for source in entry.batch.covers_until}


def read_covers_until(said: Sequence[str], loaded_at: int) -> dict[str, int]:
    """Read what ``threat load --covers-until`` says: a time, or ``SOURCE=TIME`` for one source system.

    Returns UTC seconds by source system, ``EVERY_FEED`` for a time alone. Raises UsageError for a time that cannot be
    read, lies after ``loaded_at`` or is said twice.

    >>> read_covers_until(["2024-06-01", "orders=2024-05-31"], loaded_at=parse_as_of("2024-06-01T06:00+00:00"))
    {'': 1717200000, 'orders': 1717113600}
    """
    out: dict[str, int] = {}
    for text in said:
        source, _, time = text.rpartition("=")
        until = parse_as_of(time)
        if source in out:
            raise UsageError("--covers-until is said twice of one feed.", value=text, way_out="say it once a feed")
        if happened(loaded_at, until):
            raise UsageError(
                "The delivery cannot cover what is still to come.",
                value=text,
                where="--covers-until",
                way_out="a time before now",
            )
        out[source] = until
    return out
