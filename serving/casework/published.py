"""What of a published list and its history opens referrals: read here, and written by ``serving.casework.opening``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from serving.casework.act import Casework
from serving.casework.late import batches_before, loaded_since, without_relationship
from serving.casework.nightly import casework_of
from serving.casework.opening import ListToOpen, OpenedNow, is_opened, open_cases, open_from_list, opened_up_to
from serving.casework.refer import QUARANTINED, RecordedEvent
from serving.casework.sealing import KEY_FILE, Sealer
from serving.lists.arrivals import find_arrived
from serving.lists.must_see import find
from serving.lists.scoring import relationships_at
from serving.storage import reading
from threat import lists
from threat.asof import DAY
from threat.errors import UsageError
from threat.history.batches import Entry
from threat.history.quarantine import file_of
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import is_in
from threat.history.store import Store
from threat.ids import make_id
from threat.lists import ScoredList
from threat.policy import Policy, load_policy
from threat.release.documents.scored_list import MustSee
from threat.trust.folder import Trust


def open_published(
    casework: Casework, listed: ScoredList, snapshot: Snapshot, policy: Policy, sealer: Sealer, at: int, *, var: Path
) -> OpenedNow | None:
    """Open the referrals of a list that is published; None where they are open already. ``at``: UTC seconds.

    ``snapshot``: what the list was made from. ``var``: folder of the lists. The desk asks at its first request after a
    publication, so a process that ended between the two costs nothing.
    """
    with reading(casework.engine) as connection:
        if is_opened(connection, listed.id):
            return None
        before = Before(
            opened_up_to(connection),
            open_cases(connection),
            batches_before(connection, snapshot.store_path, var),
            without_relationship(connection),
        )
    to_open = list_to_open(listed, snapshot, policy, before)
    return open_from_list(casework, to_open, sealer, at)


@dataclass(frozen=True, slots=True)
class Before:
    """How things stand before a list is opened.

    ``since``: as-of of the latest list whose referrals are open, UTC seconds; None before the first. ``cases``:
    relationship of every case that somebody may work on, the oldest first. ``seen``: the batches of the latest list
    that can be read; None where there is none. ``unplaced``: events that no relationship covered so far.
    """

    since: int | None
    cases: Mapping[str, int]
    seen: Collection[str] | None = None
    unplaced: Sequence[int] = ()


def list_to_open(listed: ScoredList, snapshot: Snapshot, policy: Policy, before: Before) -> ListToOpen:
    """Return what of a list opens referrals.

    Where the list before is longer ago than the policy looks back, must-see records are looked for from then on: none
    is lost between two lists. None is lost that came in later than that either, or that a relationship covers only now.
    """
    as_of = listed.basis.as_of
    gap = 0.0 if before.since is None else (as_of - before.since) / DAY
    days = max(gap, policy.must_see_recorded_days)
    items = (
        list(listed.must_see) if gap <= policy.must_see_recorded_days else _must_see_since(snapshot, as_of, policy, gap)
    )
    late = list(before.unplaced)
    if before.seen is not None:
        late += loaded_since(snapshot, before.seen, policy, as_of - int(days * DAY))
    return ListToOpen(
        listed.id,
        as_of,
        by_relationship([*items, *find_arrived(snapshot, late, as_of, policy)]),
        listed.rows["relationship_id"].to_numpy()[listed.rank <= listed.basis.capacity].tolist(),
        _severe_since(snapshot, as_of - round(days * DAY)),
        _same_pair(snapshot, as_of, before.cases),
    )


def _must_see_since(snapshot: Snapshot, as_of: int, policy: Policy, days: float) -> list[MustSee]:
    return find(
        snapshot.sightings(),
        relationships_at(snapshot, as_of),
        as_of,
        recorded_days=days,
        release_days=policy.must_see_release_days,
        stays=policy.stays,
        names=policy.must_see_kinds,
    )


def by_relationship(items: list[MustSee]) -> dict[int, list[RecordedEvent]]:
    """Return the events of must-see items by relationship, each once; 0 for those that no relationship covers."""
    out: dict[int, dict[int, RecordedEvent]] = {}
    for item in items:
        events = out.setdefault(item.relationship_id, {})
        for each in item.triggers:
            event = RecordedEvent(each.event_id, each.kind, each.about, each.occurred_at, each.recorded_at, each.ends)
            events.setdefault(event.event, event)
    return {relationship: list(events.values()) for relationship, events in out.items()}


def _severe_since(snapshot: Snapshot, since: int) -> list[RecordedEvent]:
    return [
        event for entry in snapshot.entries if entry.batch.loaded_at > since for event in severe_of(snapshot, entry)
    ]


def severe_of(snapshot: Snapshot, batch: Entry) -> list[RecordedEvent]:
    """Return the severe rows in quarantine of a batch; nothing of what they say."""
    path = file_of(snapshot, batch)
    if path is None:
        return []
    rows = pq.read_table(path, columns=["file", "row", "severe"]).to_pylist()
    loaded = batch.batch.loaded_at
    ids = (make_id(QUARANTINED, batch.batch_id, row["file"], row["row"]) for row in rows if row["severe"])
    return [RecordedEvent(event, QUARANTINED, "pair", loaded, loaded) for event in ids]


def _same_pair(snapshot: Snapshot, as_of: int, cases: Mapping[str, int]) -> list[list[str]]:
    """Return the cases whose relationships have come to be of the same two people, each group the oldest first."""
    ids = np.array(list(cases.values()), dtype=np.int64)
    present = is_in(ids, snapshot.relationships.relationship_id)
    rows = snapshot.rows(ids[present], as_of)
    by_pair: dict[tuple[int, int], list[str]] = {}
    names = [case for case, is_present in zip(cases, present.tolist(), strict=True) if is_present]
    for case, subject, at_risk in zip(names, rows.subject.tolist(), rows.at_risk.tolist(), strict=True):
        if at_risk != NO_PERSON:
            by_pair.setdefault((subject, at_risk), []).append(case)
    return [group for group in by_pair.values() if len(group) > 1]


def open_current(
    store: Path, var: Path, at: int, policy_path: Path | None = None, database: str = ""
) -> dict[str, object]:
    """Open the referrals of the list that is published in ``var``; return how many, as a JSON document.

    ``at``: UTC seconds. ``database``: as ``serving.storage.address_of`` takes it. Raises UsageError where no list is
    published.
    """
    trust = Trust.open()
    chosen, _ = lists.read_pointer(var / "lists", trust)
    if not chosen.list:
        raise UsageError("No list is published yet.", where=str(var), way_out="threat score --as-of DATE --publish")
    listed = lists.open_list(var / "lists", chosen.list, trust)
    snapshot = Store.open(store).snapshot(listed.basis.snapshot)
    with casework_of(var, policy_path, database) as casework:
        sealer = Sealer.from_file(var / KEY_FILE, casework.clocks.policy.section.sealed_one_in)
        opened = open_published(casework, listed, snapshot, load_policy(policy_path), sealer, at, var=var)
    counts = asdict(opened) if opened is not None else {}
    counts.pop("entries", None)
    return {"list": listed.id, "opened": opened is not None} | counts
