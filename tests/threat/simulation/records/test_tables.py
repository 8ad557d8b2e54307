"""Which event rows a history keeps, and from when on they are in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fixtures.raw_rows import EPOCH, PEOPLE

from threat.asof import DAY
from threat.errors import IntegrityFailure
from threat.simulation.records import tables
from threat.simulation.records.event_rows import EventFields, EventRows, number
from threat.simulation.world import chance

END = EPOCH + 1000 * DAY
NOBODY_UNKNOWN = np.zeros(len(PEOPLE.relations), bool)
KEYS = chance.seed_keys(3, "tables", np.arange(9))


def kept(*rows: tuple[str, int, dict[str, Any]], since: int = EPOCH) -> dict[str, int]:
    """Time at which each kept row (kind, recorded, where) entered the history, by kind."""
    events = EventRows()
    for i, (kind, recorded, where) in enumerate(rows):
        time = np.array([recorded])
        events.add(kind, KEYS[i : i + 1], EventFields(KEYS[i : i + 1], time - 60, time, "crime", **where))
    columns, entered = tables._inside(PEOPLE, events.columns(), NOBODY_UNKNOWN, tables.Span(EPOCH, since, END))
    numbers = {number(kind): kind for kind, _, _ in rows}
    return dict(zip((numbers[k] for k in columns["kind"]), entered.tolist(), strict=True))


FIRST: dict[str, Any] = {"relation": np.array([0])}
SUBJECT: dict[str, Any] = {"person": PEOPLE.subject_person[:1]}


def test_the_last_second_of_the_span_is_in_and_its_end_is_out() -> None:
    assert kept(("stalking", END - 1, FIRST)) == {"stalking": END - 1}
    assert kept(("stalking", END, FIRST)) == {}


def test_nothing_of_a_relationship_is_kept_before_an_incident_of_it_came_to_notice() -> None:
    at = EPOCH + 100 * DAY
    assert kept(("charge", at, FIRST), ("arrest", at, SUBJECT)) == {}


def test_what_was_known_before_enters_with_the_first_incident() -> None:
    at = EPOCH + 100 * DAY
    rows = [("arrest", at, SUBJECT), ("stalking", at + DAY, FIRST), ("charge", at + 2 * DAY, FIRST)]
    assert kept(*rows) == {"arrest": at + DAY, "stalking": at + DAY, "charge": at + 2 * DAY}


def test_what_happened_before_the_first_day_is_not_kept() -> None:
    assert kept(("stalking", EPOCH + 60, FIRST)) == {"stalking": EPOCH + 60}
    assert kept(("stalking", EPOCH + 59, FIRST)) == {}


def test_ids_that_repeat_are_refused() -> None:
    tables.check_distinct("events", np.array([1, 2, 3]))
    with pytest.raises(IntegrityFailure, match="Ids repeat"):
        tables.check_distinct("events", np.array([1, 2, 1]))
