"""The night of a folder: what is new in the history goes to ``serving.casework.watching``, then heads are checked.

The desk has no scheduler: whoever runs it starts ``threat casework nightly`` once a night, from cron or a timer. A
night that was missed is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from serving.casework.act import Casework
from serving.casework.letting_go import OnRecord
from serving.casework.nightly import casework_of, check_of
from serving.casework.refer import RecordedEvent
from serving.casework.tables import OPENED_LISTS
from serving.casework.watched import Arrived, Watched, watched
from serving.casework.watching import News, Night, watch
from serving.lists.feed_words import feed_sentence, feeds_alike
from serving.lists.new_records import latest_between, records_of_parties
from serving.lists.scoring import feeds_at
from serving.storage import address_of, reading
from threat import lists
from threat.errors import IntegrityFailure, ThreatError, UsageError
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import is_in
from threat.history.store import Store
from threat.history.tables import read_parts
from threat.policy import Policy, load_policy
from threat.trust.folder import Trust


def night_of(store: Path, var: Path, at: int, policy_path: Path | None = None, database: str = "") -> dict[str, Any]:
    """Watch the cases of a folder and check them; return what it came to, as a JSON document. ``at``: UTC seconds.

    Raises UsageError for a folder that has no database, IntegrityFailure where anything is not as its facts say or
    a case could not be brought back: what the night did for the others stays.
    """
    address = address_of(var, database)
    if not address.may_exist:
        raise UsageError("There is no database of the desk.", where=str(address), way_out="name its folder with --var")
    snapshot = Store.open(store).snapshot()
    with casework_of(var, policy_path, database) as casework:
        news = news_for(
            casework, snapshot, load_policy(policy_path), batches_of_lists(opened_lists(casework), store, var), at
        )
        night = watch(casework, news, at)
    checked = check_of(var, at, policy_path, database)
    if night.failed:
        raise _failed(night)
    counts = asdict(night) | {"not_rolled": dict(sorted(night.not_rolled.items()))}
    counts.pop("failed")
    return counts | {"snapshot": news.snapshot, "late_feeds": list(news.late_feeds), "check": checked}


def _failed(night: Night) -> IntegrityFailure:
    return IntegrityFailure(
        f"{len(night.failed):,} of {night.cases:,} cases could not be read for what brings them back; the night did "
        "the others.",
        value="; ".join(f"{case}: {problem}" for case, problem in sorted(night.failed.items())),
        way_out="look at each case by hand today, and find out what stands in its way: nothing in a case should",
    )


def opened_lists(casework: Casework) -> list[str]:
    """Return the lists whose referrals were opened."""
    with reading(casework.engine) as connection:
        return list(connection.execute(select(OPENED_LISTS.c.list_id)).scalars())


def batches_of_lists(list_ids: Iterable[str], store: Path, var: Path) -> dict[str, frozenset[str]]:
    """Return the batches that each of these lists was made from; without lists that are gone."""
    trust, history, out = Trust.open(), Store.open(store), {}
    for list_id in list_ids:
        try:
            listed = lists.open_list(var / "lists", list_id, trust)
            snapshot = history.snapshot(listed.basis.snapshot, check=False, erased_ok=True)
        except ThreatError:
            continue  # deleted, or of a history that was put back: then what was loaded since the look is new
        out[list_id] = frozenset(entry.batch_id for entry in snapshot.entries)
    return out


def on_record(
    casework: Casework, snapshot: Snapshot, seen: Mapping[str, frozenset[str]], case_id: str, at: int
) -> OnRecord:
    """Return what a history has of one case at ``at`` (UTC seconds) that may keep it from being let go."""
    with reading(casework.engine) as connection:
        cases = watched(connection, case_id)
    if not cases:
        return OnRecord()
    [case] = cases
    news = News(snapshot.id, _arrived(snapshot, cases, _late(snapshot, cases, seen), at), seen)
    if not is_in(np.array([case.relationship]), snapshot.relationships.relationship_id)[0]:
        return OnRecord(news.of(case))
    row = snapshot.rows([case.relationship], at)
    pair = int(row.subject[0]), int(row.at_risk[0])
    severe_kinds = casework.clocks.policy.section.closing.severe_kinds
    return OnRecord(news.of(case), latest_between(snapshot.sightings(), pair, severe_kinds, at))


def news_for(
    casework: Casework, snapshot: Snapshot, policy: Policy, seen: Mapping[str, frozenset[str]], at: int
) -> News:
    """Return what a history has for the cases that come back, at ``at`` (UTC seconds). ``seen``: batches by list."""
    with reading(casework.engine) as connection:
        cases = watched(connection)
    batch_of = _late(snapshot, cases, seen)
    late = [feed for feed in feeds_at(snapshot, at, policy) if feed.stale]
    return News(
        snapshot.id,
        _arrived(snapshot, cases, batch_of, at),
        seen,
        casework.clocks.policy.brings_back - frozenset(policy.must_see_kinds),
        tuple(feed_sentence(alike, at, policy.time_zone) for alike in feeds_alike(late, policy.time_zone)),
    )


def _late(snapshot: Snapshot, cases: Iterable[Watched], seen: Mapping[str, frozenset[str]]) -> dict[int, str]:
    """Return the events of every batch that somebody who looked at a case had not seen, with the batch of each."""
    looks = [case.look for case in cases]
    out: dict[int, str] = {}
    for entry in snapshot.entries:
        if not any(
            entry.batch_id not in seen[look.list_id] if look.list_id in seen else entry.batch.loaded_at > look.at
            for look in looks
        ):
            continue
        paths = [str(snapshot.store_path / path) for path, _, _ in entry.parts.get("events", ())]
        if paths:
            out |= dict.fromkeys(read_parts("events", paths, ["event_id"]).column(0).to_pylist(), entry.batch_id)
    return out


def _arrived(
    snapshot: Snapshot, cases: tuple[Watched, ...], batch_of: Mapping[int, str], at: int
) -> dict[int, list[Arrived]]:
    if not cases:
        return {}
    ids = np.array([case.relationship for case in cases], dtype=np.int64)
    present = ids[is_in(ids, snapshot.relationships.relationship_id)]
    since = min(case.look.as_of for case in cases)
    by_relationship = records_of_parties(snapshot.sightings(), snapshot.rows(present, at), at, since, batch_of)
    loaded = {entry.batch_id: entry.batch.loaded_at for entry in snapshot.entries}
    return {
        relationship: [
            Arrived(
                RecordedEvent(each.event_id, each.kind, each.about, each.occurred_at, each.recorded_at),
                batch := batch_of.get(each.event_id, ""),
                loaded.get(batch, 0),
            )
            for each in records
        ]
        for relationship, records in by_relationship.items()
    }
