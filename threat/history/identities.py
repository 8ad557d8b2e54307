"""Who a person is: opened one by one, with a reason, and written to the store's access log first."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd

from threat.errors import UsageError
from threat.history.tables import Tables, read_rows_of
from threat.ids import show_id

LOG = "identity_access.jsonl"
MIN_REASON = 5
"""Characters: the least that can name a purpose ("audit"), so that a full stop is no reason."""


def read(tables: Tables, person_ids: Sequence[int], *, reason: str, by: str) -> pd.DataFrame:
    """Return the latest identity row of each person asked for, in the order asked; persons without one are left out.

    Columns of the ``identities`` table. The access (who, why, which persons, which snapshot) is appended to
    ``identity_access.jsonl`` and on disk before anything is read. Raises UsageError without a reason, a reader or a
    named person: identities are never opened in bulk.
    """
    if len(reason.strip()) < MIN_REASON:
        raise UsageError("No reason is given for opening an identity.", value=reason, way_out="say why, in a few words")
    if not by.strip():
        raise UsageError("No reader is named for opening an identity.", value=by, way_out="say who opens it")
    if len(person_ids) == 0:
        raise UsageError("No person is named whose identity to open.", way_out="name the persons")
    wanted = [int(person) for person in person_ids]
    _log(tables, wanted, reason.strip(), by.strip())
    table = read_rows_of("identities", tables.part_paths("identities"), wanted)
    frame = table.to_pandas().sort_values("recorded_at", kind="stable").drop_duplicates("person_id", keep="last")
    order = {person: i for i, person in enumerate(wanted)}
    return frame.sort_values("person_id", key=lambda ids: ids.map(order), kind="stable").reset_index(drop=True)


def _log(tables: Tables, person_ids: list[int], reason: str, by: str) -> None:
    """Append one line per access; a line is never changed."""
    entry = {
        "at": datetime.now(tz=UTC).isoformat(timespec="seconds"),  # the access itself is the event: its time is now
        "by": by,
        "reason": reason,
        "snapshot": tables.id,
        "persons": [show_id("P", person) for person in person_ids],
    }
    with (tables.store_path / LOG).open("a", encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.write(json.dumps(entry, ensure_ascii=False) + "\n")
        log.flush()
        os.fsync(log.fileno())
