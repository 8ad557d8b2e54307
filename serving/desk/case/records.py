"""The records of a relationship as answers: what each says, how exactly it is dated, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from serving.desk.case.lanes import direction_title
from serving.desk.parties import person_reference
from serving.desk.responses.answer import Direction, OccurredPrecision, Precision
from serving.desk.responses.incidents import Record
from serving.relationship.kind_words import ITEM, said
from threat.asof import DAY, happened, instant, on_record
from threat.history.schema import REPORTED_BY, REPORTER_TITLES
from threat.history.seen_events import RECORDED_KIND
from threat.history.sightings import NO_PERSON, Sightings
from threat.ids import show_id
from threat.vocabulary import Kind, kinds

Inexact = Callable[[NDArray[np.int64]], tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]]
"""Of events by id: which happened, and which were recorded, on a day at no known hour; and whose date is not known."""


@dataclass(frozen=True)
class Reading:
    """What records are read with.

    ``since``: as-of of the list that changes are compared with, 0 for none. ``behind``: titles by event id.
    ``must_see``: event ids that opened an item. ``inexact``: as ``Snapshot.inexact``. Times are UTC seconds.
    """

    as_of: int
    since: int
    behind: Mapping[int, list[str]]
    must_see: Collection[int]
    inexact: Inexact


def records_of(
    sightings: Sightings, rows: Sequence[int], directions: Mapping[int, Direction], reading: Reading
) -> dict[int, Record]:
    """Return the records of some sightings, by position. ``directions``: of each of them, by position."""
    precisions = _precisions(sightings, rows, reading.inexact)
    others = sightings.ids_of(sightings.counterpart[np.array(rows, dtype=np.int64)]).tolist()
    out = {}
    for j, other in zip(rows, others, strict=True):
        kind, event_id = kind_of(sightings, j), int(sightings.event_id[j])
        occurred_at, recorded_at = int(sightings.occurred_at[j]), int(sightings.recorded_at[j])
        direction, code = directions[j], code_of(sightings, j)
        elsewhere = direction in ("subject_elsewhere", "person_at_risk_elsewhere")
        out[j] = Record(
            event=show_id("E", event_id),
            kind=kind.name,
            code=code,
            title=kind.title,
            # An answer is said by where it stands on the card: under yes, not answered, or no.
            said=said(kind.name) if kind.name.startswith(ITEM) else said(kind.name, code),
            detail=_detail(sightings, j, kind, code),
            direction=direction,
            direction_title=direction_title(kind, direction, int(sightings.role[j])),
            other=person_reference(other) if elsewhere and other != NO_PERSON else "",
            began_at=instant(int(sightings.began_at[j])),
            occurred_at=instant(occurred_at),
            occurred_precision=precisions[j][0],
            recorded_at=instant(recorded_at),
            recorded_precision=precisions[j][1],
            days_to_record=max(0, (recorded_at - occurred_at) // DAY),
            ahead=is_ahead(sightings, j, reading.as_of),
            assertion="assessment" if sightings.assessment[j] else "fact",
            reported_by=REPORTER_TITLES[REPORTED_BY[int(sightings.reported_by[j])]],
            source=sightings.source_names[int(sightings.source[j])],
            by_unit=bool(sightings.proactive[j]),
            must_see=event_id in reading.must_see,
            behind=reading.behind.get(event_id, []),
            is_new=is_new(sightings, j, reading.since),
        )
    return out


@cache
def _numbered() -> tuple[Kind, ...]:
    return tuple(kinds().values())


def kind_of(sightings: Sightings, j: int) -> Kind:
    """Return the kind of the sighting at a position."""
    return _numbered()[int(sightings.kind[j])]


def code_of(sightings: Sightings, j: int) -> str:
    """Return the code of the sighting at a position; empty for none."""
    return sightings.code_names[int(sightings.code[j])] if sightings.code[j] >= 0 else ""


def is_ahead(sightings: Sightings, j: int, as_of: int) -> bool:
    """Return True for what is known in advance and still to come at ``as_of``: a release, an order's expiry."""
    return kind_of(sightings, j).known_in_advance and not happened(int(sightings.occurred_at[j]), as_of)


def is_new(sightings: Sightings, j: int, since: int) -> bool:
    """Return True for a record since the previous list that the list's number of new records counts.

    ``serving.lists.freshness`` counts neither what the unit did itself nor rows about records. ``since``: 0 for none.
    """
    counted = not sightings.proactive[j] and kind_of(sightings, j).theme != "record_keeping"
    return bool(counted and since > 0 and not on_record(int(sightings.visible_from[j]), since))


def _precisions(
    sightings: Sightings, rows: Sequence[int], inexact: Inexact
) -> dict[int, tuple[OccurredPrecision, Precision]]:
    """Return how exactly sightings are dated, by position: when each happened, and when each was recorded."""
    where = np.array(rows, dtype=np.int64)
    # Since when two persons are what they are to each other is known by the day, whatever hour a source writes.
    stated = np.asarray(sightings.kind[where] == kinds()[RECORDED_KIND].number)
    occurred, recorded, not_known = inexact(np.asarray(sightings.event_id[where]))
    each = zip(rows, (occurred | stated).tolist(), (recorded | stated).tolist(), not_known.tolist(), strict=True)
    return {
        j: ("unknown" if undated else _precision(by_day), _precision(recorded_by_day))
        for j, by_day, recorded_by_day, undated in each
    }


def _precision(by_day: bool) -> Precision:
    return "day" if by_day else "second"


def _detail(sightings: Sightings, j: int, kind: Kind, code: str) -> str:
    """The code in words, else the value; empty when the record has neither."""
    parts = []
    value = float(sightings.value[j])
    if code:
        parts.append(code.replace("_", " "))
    elif not np.isnan(value):
        parts.append(f"{value:g}")
    if sightings.proactive[j] and kind.theme != "unit":  # a kind of the unit's own says in its title whose it is
        parts.append("by the unit")
    return ", ".join(parts)
