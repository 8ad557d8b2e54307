"""How much is on record: against a recount by hand, over ids of 63 bits that float64 could not tell apart."""

from __future__ import annotations

import tempfile
from typing import Any

import numpy as np
from fixtures.history_rows import BATCH, events, links, persons
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.groups.parties import resolve
from fairness.groups.records import record_bands, visible_records
from threat.history.snapshot import Snapshot
from threat.history.store import Store

PEOPLE = tuple(range(2**62 + 1, 2**62 + 6))
"""Next to one another: as float64 all five would be one person."""

MERGED = (PEOPLE[4], PEOPLE[0])
"""The fifth was found to be the first, before everything."""

PERSON = st.sampled_from(PEOPLE)
PAIR = st.tuples(PERSON, st.one_of(st.none(), PERSON)).filter(lambda pair: pair[0] != pair[1])
PARTIES = st.one_of(
    PAIR.map(lambda pair: {"subject_id": pair[0], "person_at_risk_id": pair[1]}),
    PERSON.map(lambda person: {"person_id": person, "kind": "suicide_attempt"}),
)
NAMES = ("subject_id", "person_at_risk_id", "person_id")


@st.composite
def drawn_events(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Events in few records at few times, some corrected or withdrawn by another."""
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 8))):
        row = {
            "event_id": 2**61 + number, "record_id": 2**62 + draw(st.integers(0, 2)), "occurred_at": 0,
            "recorded_at": draw(st.integers(1, 9)), **draw(PARTIES),
        }  # fmt: skip
        if rows and draw(st.booleans()):
            before = draw(st.sampled_from(rows))
            row |= {"supersedes_event_id": before["event_id"], "record_id": before["record_id"]}
            if draw(st.booleans()):
                row |= {"kind": "withdrawn"} | dict.fromkeys(NAMES)
        rows.append(row)
    return rows


def snapshot_of(folder: str, rows: list[dict[str, Any]]) -> Snapshot:
    store = Store.create(f"{folder}/store")
    store.append(
        BATCH, {"persons": persons(*PEOPLE), "person_links": links((*MERGED, 0, None)), "events": events(*rows)}
    )
    return store.snapshot()


def recounted(snapshot: Snapshot, rows: list[dict[str, Any]], person: int, as_of: int) -> int:
    """Records with an event about the person that was visible, counted one by one with Python's whole numbers."""
    known = {MERGED[0]: MERGED[1]}
    hidden = snapshot.hidden_at(np.array([row["event_id"] for row in rows], dtype=np.int64)).tolist()
    return len(
        {
            row["record_id"]
            for row, end in zip(rows, hidden, strict=True)
            if row["recorded_at"] < as_of <= end
            for name in NAMES
            if row.get(name) is not None and known.get(row[name], row[name]) == known.get(person, person)
        }
    )


@settings(max_examples=40)
@given(drawn_events())
def test_the_count_is_that_of_a_recount(rows: list[dict[str, Any]]) -> None:
    ids = np.repeat(np.array(PEOPLE, dtype=np.int64), 11)
    as_of = np.tile(np.arange(11, dtype=np.int64), len(PEOPLE))
    with tempfile.TemporaryDirectory() as folder:
        snapshot = snapshot_of(folder, rows)
        counted = visible_records(snapshot, resolve(snapshot, ids), as_of)
        expected = [recounted(snapshot, rows, int(i), int(at)) for i, at in zip(ids, as_of, strict=True)]
    assert counted.tolist() == expected


def test_bands_of_the_count_and_who_is_not_known(tmp_path: Any) -> None:
    rows = [
        {"event_id": n, "record_id": n, "subject_id": PEOPLE[0], "person_at_risk_id": PEOPLE[1], "recorded_at": n}
        for n in range(1, 5)
    ] + [{"event_id": 9, "record_id": 9, "person_id": PEOPLE[2], "kind": "suicide_attempt", "recorded_at": 1}]
    snapshot = snapshot_of(str(tmp_path), rows)
    ids = np.array([PEOPLE[0], PEOPLE[1], PEOPLE[2], PEOPLE[3], -1], dtype=np.int64)
    for at, expected in (
        (1, ["none"] * 4),
        (4, ["2-3", "2-3", "1", "none"]),
        (9, ["4 or over", "4 or over", "1", "none"]),
    ):
        bands = record_bands(snapshot, ids, np.full(5, at, dtype=np.int64), (1, 2, 4))
        assert bands[:4].tolist() == expected
        assert bands.isna().tolist() == [False] * 4 + [True]


def test_a_history_without_events(tmp_path: Any) -> None:
    ids = np.array([PEOPLE[0], -1], dtype=np.int64)
    assert visible_records(snapshot_of(str(tmp_path), []), ids, np.array([5, 5])).tolist() == [0, 0]
