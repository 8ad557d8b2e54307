"""Room in the arrays of the sightings for the events of a load, checked before the load is committed.

Found out later, when the sightings are built, it would be too late: a batch is never taken out of a history.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from threat.errors import BadInput, ThreatError, raise_all
from threat.history.schema import RELATIONSHIP_KINDS
from threat.history.sightings import COLUMNS
from threat.history.snapshot import Snapshot

_MOST_EVENTS = 1 << 29
"""The sort key of the sightings has 29 bits for an event."""

_ARRAYS = {"code": "code", "source_system": "source"}
"""Columns of events whose words are numbered, and the arrays that hold the numbers."""


def check_room(snapshot: Snapshot, tables: Mapping[str, pa.Table]) -> None:
    """Check that the history and the rows of a load together fit the arrays of the sightings.

    ``tables``: rows to append, by table. Raises BadInput for too many codes, source systems or events.
    """
    events = tables.get("events")
    if events is None or not events.num_rows:
        return
    problems: list[ThreatError] = []
    for name, array in _ARRAYS.items():
        words = _words(events, name) | _words(snapshot.table("events", [name]), name)
        if name == "code":
            words |= set(RELATIONSHIP_KINDS)  # the sightings number the kinds of relationships among the codes
        most = int(np.iinfo(np.dtype(COLUMNS[array])).max)
        if len(words) > most:
            problems.append(
                BadInput(
                    f"The load brings the history to {len(words):,} different values of {name}.",
                    value=f"for example {', '.join(sorted(_words(events, name))[:3])}",
                    where="events",
                    way_out=f"at most {most:,}: is the right column mapped to {name}? Nothing was loaded",
                )
            )
    total = snapshot.row_count("events") + events.num_rows
    if total > _MOST_EVENTS:
        problems.append(
            BadInput(
                f"The history would hold too many events: {total:,}.",
                way_out=f"at most {_MOST_EVENTS:,}: split the store",
            )
        )
    raise_all(problems)


def _words(events: pa.Table, name: str) -> set[str]:
    """Return the words of a dictionary column, from the dictionaries alone."""
    if name not in events.column_names:
        return set()
    return {word for chunk in events.column(name).chunks for word in chunk.dictionary.to_pylist()}
