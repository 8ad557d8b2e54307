"""What arrived events open, found around them, is what a list of the whole snapshot would have of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from fixtures.drawn import drawn
from fixtures.history_rows import events
from fixtures.raw_histories import AS_OFS, histories, stored
from fixtures.raw_reader import RawReader
from hypothesis import assume, given
from hypothesis import strategies as st

from serving.lists.arrivals import find_arrived
from serving.lists.must_see import find
from serving.lists.scoring import relationships_at
from threat.asof import DAY
from threat.history import Snapshot
from threat.policy import load_policy

UNIT = 3 * DAY
"""Seconds of a step of the generated times: some records are within the days that open must-see items."""

KINDS = ("threat_to_kill", "non_fatal_strangulation", "death", "death", "murder", "custody", "release", "unit_contact")
"""Deaths twice: whom one of the two has met, and who died since, decides what an event opens."""
POLICY = load_policy()

Opened = dict[int, set[tuple[int, str, int | None]]]
"""Triggers by relationship: event, whom it is about, when a stay ends."""


def opened(items: list[Any], event_ids: frozenset[int]) -> Opened:
    out: Opened = {}
    for item in items:
        triggers = {(t.event_id, t.about, t.ends) for t in item.triggers if t.event_id in event_ids}
        if triggers:
            out.setdefault(item.relationship_id, set()).update(triggers)
    return out


def whole(snapshot: Snapshot, as_of: int, event_ids: list[int]) -> list[Any]:
    """What a list of everything has that looks back as far as the oldest of the events that arrived."""
    rows, said = relationships_at(snapshot, as_of), snapshot.table("events", ["event_id", "recorded_at"])
    ages = [as_of - row["recorded_at"] + 1 for row in said.to_pylist() if row["event_id"] in event_ids]
    recorded_days = max(POLICY.must_see_recorded_days, max(ages) / DAY)
    days = {"recorded_days": recorded_days, "release_days": POLICY.must_see_release_days}
    return find(snapshot.sightings(), rows, as_of, stays=POLICY.stays, names=POLICY.must_see_kinds, **days)


@drawn(80)
@given(raw=histories(scale=UNIT, names=KINDS), data=st.data())
def test_they_open_what_a_list_of_everything_opens(raw: RawReader, data: st.DataObject) -> None:
    assume(raw.events)
    numbers = [row["event_id"] for row in raw.events]
    event_ids = data.draw(st.lists(st.sampled_from(numbers), min_size=1, max_size=3, unique=True))
    as_of = data.draw(st.sampled_from([at * UNIT for at in AS_OFS[1:]]))
    with tempfile.TemporaryDirectory() as folder:
        snapshot = stored(raw, Path(folder))
        expected = opened(whole(snapshot, as_of, event_ids), frozenset(event_ids))
        assert opened(find_arrived(snapshot, event_ids, as_of, POLICY), frozenset(event_ids)) == expected


@pytest.mark.parametrize("died", [False, True])
def test_whoever_has_died_is_known_though_the_event_does_not_name_them(tmp_path: Path, died: bool) -> None:
    def row(number: int, **said: Any) -> dict[str, Any]:
        base = {"event_id": number, "record_id": number, "incident_id": number, "occurred_at": UNIT, "domestic": "yes"}
        return events(base | {"recorded_at": UNIT} | said).to_pylist()[0]

    raw = RawReader()
    raw.events = [
        row(11, kind="stalking", subject_id=1, person_at_risk_id=2),
        row(12, kind="release", person_id=1, occurred_at=2 * UNIT, recorded_at=2 * UNIT),
    ]
    if died:
        raw.events.append(row(13, kind="death", person_id=2))
    snapshot = stored(raw, tmp_path)
    found = find_arrived(snapshot, [12], 2 * UNIT + 1, POLICY)
    assert [[t.event_id for t in item.triggers] for item in found] == ([] if died else [[12]])


@pytest.mark.parametrize("days", [1, 9, 400])
def test_a_record_that_arrives_late_opens_as_one_of_today_does(tmp_path: Path, days: int) -> None:
    as_of = 500 * DAY
    at, parties = as_of - days * DAY, {"subject_id": 1, "person_at_risk_id": 2}
    rows = [
        {"event_id": 11, "kind": "non_fatal_strangulation", "occurred_at": at, "recorded_at": at} | parties,
        {"event_id": 12, "kind": "threat_to_kill", "occurred_at": at, "recorded_at": at} | parties,
        {"event_id": 13, "kind": "threat_to_kill", "occurred_at": at, "recorded_at": as_of} | parties,
    ]
    raw = RawReader()
    raw.events = events(*rows).to_pylist()
    found = find_arrived(stored(raw, tmp_path), [11, 13], as_of, POLICY)
    assert [[t.event_id for t in item.triggers] for item in found] == [[11]], "not what was there, nor of tomorrow"


def test_no_event_opens_nothing(tmp_path: Path) -> None:
    assert find_arrived(stored(RawReader(), tmp_path), [], UNIT, POLICY) == []
