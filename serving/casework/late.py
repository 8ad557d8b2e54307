"""Must-see records that no list finds by when they were recorded: loaded late, or of two who were linked late.

A list looks for records of the last days. What came in with a batch that the list before did not have is as new to the
unit, however long ago it was recorded; so is what nobody could place until a relationship came in.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, or_, select

from serving.casework.night import batches_of_lists
from serving.casework.refer import QUARANTINED
from serving.casework.tables import ANSWERS, OPENED_LISTS, REFERRAL_EVENTS
from threat.asof import on_record
from threat.history.snapshot import Snapshot
from threat.history.tables import read_parts
from threat.policy import Policy


def batches_before(connection: Connection, store: Path, var: Path) -> frozenset[str] | None:
    """Return the batches of the latest list whose referrals were opened; None where there is none that can be read.

    ``store``: folder of the history. ``var``: folder of the lists.
    """
    query = select(OPENED_LISTS.c.list_id).order_by(OPENED_LISTS.c.as_of.desc(), OPENED_LISTS.c.list_id)
    for list_id in connection.execute(query).scalars().all():
        batches = batches_of_lists([list_id], store, var)
        if batches:
            return batches[list_id]
    return None


def without_relationship(connection: Connection) -> list[int]:
    """Return the events that were asked about as nobody's, and that no relationship has answered since."""
    query = (
        select(REFERRAL_EVENTS.c.event)
        .outerjoin(ANSWERS, ANSWERS.c.referral_id == REFERRAL_EVENTS.c.referral_id)
        .where(REFERRAL_EVENTS.c.relationship == 0, REFERRAL_EVENTS.c.kind != QUARANTINED)
        .where(or_(ANSWERS.c.fact.is_(None), ANSWERS.c.fact != "link"))
        .order_by(REFERRAL_EVENTS.c.event)
    )
    return list(connection.execute(query).scalars())


def loaded_since(snapshot: Snapshot, seen: Collection[str], policy: Policy, before: int) -> list[int]:
    """Return the events that may be must-see, recorded before ``before`` (UTC seconds), of batches not in ``seen``."""
    kinds = sorted(policy.must_see_kinds | policy.stays.keys())  # the end of a stay is a release
    out: list[int] = []
    for entry in snapshot.entries:
        paths = [str(snapshot.store_path / path) for path, _, _ in entry.parts.get("events", ())]
        if entry.batch_id in seen or not paths:
            continue
        rows = read_parts("events", paths, ["event_id", "kind", "recorded_at"])
        event_id, kind, recorded_at = (column.to_numpy() for column in rows.columns)
        out += event_id[np.isin(kind.astype(str), kinds) & on_record(recorded_at, before)].tolist()
    return out
