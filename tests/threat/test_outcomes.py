"""Outcome rules as drawn cases: all-of kinds, domestic, attribution, withdrawal, merges, windows; and harm after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, events, links, pair, persons, relationships

from threat.asof import DAY
from threat.history import Rows, Snapshot, Store
from threat.history.sightings import NO_PERSON
from threat.outcomes import label, occurrences
from threat.rungs import rules_of

S, P, CHILD, OTHER = 1, 2, 3, 4
PAIR = {"subject_id": S, "person_at_risk_id": P}


def history(folder: Path, *rows: dict[str, Any], **more: pa.Table) -> Snapshot:
    store = Store.create(folder / "store")
    tables = {
        "persons": persons(S, P, CHILD, OTHER),
        "relationships": relationships((9, S, P), (8, P, S), (7, OTHER, None)),
        "events": events(*({"occurred_at": 100, "incident_id": 50} | row for row in rows)),
    }
    store.append(BATCH, tables | more)
    return store.snapshot()


def found(snapshot: Snapshot, rung: str, before: int | None = None) -> list[tuple[int, ...]]:
    """The occurrences of a rung, without their end."""
    frame = occurrences(snapshot, rung, before)
    assert list(frame.columns) == [
        "incident_id",
        "subject_id",
        "person_at_risk_id",
        "occurred_at",
        "end_at",
        "recorded_at",
    ]
    return list(frame.drop(columns="end_at").itertuples(index=False, name=None))


INJURY = {"event_id": 2, **PAIR, "kind": "assault_with_injury"}
STRANGLED = {"event_id": 1, **PAIR, "kind": "non_fatal_strangulation"}


@pytest.mark.parametrize(
    ("rows", "rungs"),
    [
        ([{"event_id": 1, **PAIR, "kind": "murder"}], "Y0 Y1 Y2 Y4"),
        ([{"event_id": 1, **PAIR, "kind": "manslaughter"}], "Y0 Y1 Y2 Y4"),
        ([{"event_id": 1, **PAIR, "kind": "attempted_murder"}], "Y1 Y2 Y4"),
        ([{"event_id": 1, **PAIR, "kind": "gbh_with_intent"}], "Y1 Y2 Y4"),
        ([{"event_id": 1, **PAIR, "kind": "rape"}], "Y2 Y4"),
        ([{"event_id": 1, **PAIR, "kind": "kidnap"}], "Y2 Y4"),
        # Strangulation alone is a violent repeat; with an injury in the same incident it is near-lethal.
        ([STRANGLED], "Y4"),
        ([STRANGLED, INJURY], "Y2 Y4"),
        ([STRANGLED, INJURY | {"incident_id": 51}], "Y4"),
        ([INJURY], "Y4"),
        ([INJURY, {"event_id": 1, **PAIR, "kind": "weapon_used"}], "Y2 Y4"),
        ([{"event_id": 2, **PAIR, "kind": "wounding"}, {"event_id": 1, **PAIR, "kind": "weapon_used"}], "Y2 Y4"),
        ([{"event_id": 1, **PAIR, "kind": "weapon_threatened"}], ""),
        ([{"event_id": 1, **PAIR, "kind": "breach_non_molestation"}], "Y4"),
        ([{"event_id": 1, **PAIR, "kind": "harassment"}], ""),
        # Not domestic: no outcome, unless some event of the incident is.
        ([{"event_id": 1, **PAIR, "kind": "murder", "domestic": "no"}], ""),
        # A blank flag is domestic between the parties of a relationship on record, and between no others.
        ([{"event_id": 1, **PAIR, "kind": "murder", "domestic": "unknown"}], "Y0 Y1 Y2 Y4"),
        ([{"event_id": 1, "subject_id": S, "person_at_risk_id": CHILD, "kind": "murder", "domestic": "unknown"}], ""),
        ([{"event_id": 1, "subject_id": OTHER, "kind": "rape", "domestic": "unknown"}], ""),
        (
            [
                {"event_id": 1, **PAIR, "kind": "murder", "domestic": "no"},
                {"event_id": 2, **PAIR, "kind": "harassment"},
            ],
            "Y0 Y1 Y2 Y4",
        ),
        # A marker without parties counts for the pair of its incident; one of another pair does not.
        ([INJURY, {"event_id": 1, "subject_id": S, "kind": "weapon_used"}], "Y2 Y4"),
        ([INJURY, {"event_id": 1, "subject_id": OTHER, "kind": "weapon_used"}], "Y4"),
        # About the person at risk, never about the subject of a relationship in which nobody else is at risk.
        ([{"event_id": 1, "person_id": P, "kind": "suicide_attempt"}], "Y5"),
        ([{"event_id": 1, "person_id": OTHER, "kind": "suspected_suicide"}], ""),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(row["kind"] for row in value),
)
def test_rungs(tmp_path: Path, rows: list[dict[str, Any]], rungs: str) -> None:
    snapshot = history(tmp_path, *rows)
    assert [rung for rung in ("Y0", "Y1", "Y2", "Y4", "Y5") if found(snapshot, rung)] == rungs.split()


def test_each_incident_counts_once(tmp_path: Path) -> None:
    rows = [STRANGLED, INJURY, {"event_id": 3, **PAIR, "kind": "rape"}, {"event_id": 4, **PAIR, "kind": "rape"}]
    assert found(history(tmp_path, *rows), "Y2") == [(50, S, P, 100, 100)]


def test_two_victims_are_two_rows_of_one_incident(tmp_path: Path) -> None:
    snapshot = history(
        tmp_path,
        {"event_id": 1, **PAIR, "kind": "murder"},
        {"event_id": 2, "subject_id": S, "person_at_risk_id": CHILD, "kind": "murder"},
        relationships=relationships((9, S, P), (8, S, CHILD)),
    )
    assert found(snapshot, "Y0") == [(50, S, P, 100, 100), (50, S, CHILD, 100, 100)]


@pytest.mark.parametrize(
    ("also_named", "expected"),
    [
        # A child without a relationship of its own: the relationship the incident also names.
        ([{"event_id": 2, **PAIR, "kind": "harassment"}], (50, S, P, 100, 100)),
        # Nothing else named: the pair as recorded, outside every relationship.
        ([], (50, S, CHILD, 100, 100)),
    ],
)
def test_children_and_corollary_victims(
    tmp_path: Path, also_named: list[dict[str, Any]], expected: tuple[int, ...]
) -> None:
    killed = {"event_id": 1, "subject_id": S, "person_at_risk_id": CHILD, "kind": "murder"}
    snapshot = history(tmp_path, killed, *also_named)
    assert found(snapshot, "Y0") == [expected]
    labels = label(occurrences(snapshot, "Y0"), snapshot.rows([pair(S, P)], 100), 1)
    assert labels.tolist() == [1 if also_named else 0]


def test_of_two_relationships_that_first_stood_in_one_second_each_has_the_corollary_victims_outcome(
    tmp_path: Path,
) -> None:
    killed = {"event_id": 1, "subject_id": S, "person_at_risk_id": CHILD, "kind": "murder"}
    named = [
        {"event_id": i, "subject_id": S, "person_at_risk_id": who, "kind": "harassment"}
        for i, who in ((2, P), (3, OTHER))
    ]
    for later, expected in ((1, [P, OTHER]), (2, [P])):
        stated = relationships((9, S, P, 1), (8, S, OTHER, later))
        snapshot = history(tmp_path / str(later), killed, *named, relationships=stated)
        assert [row[2] for row in found(snapshot, "Y0")] == expected


@pytest.mark.parametrize(("before", "victim"), [(500, P), (501, CHILD), (None, CHILD)])
def test_a_relationship_recorded_later_does_not_move_what_was_known(
    tmp_path: Path, before: int | None, victim: int
) -> None:
    snapshot = history(
        tmp_path,
        {"event_id": 1, "subject_id": S, "person_at_risk_id": CHILD, "kind": "murder"},
        {"event_id": 2, **PAIR, "kind": "harassment"},
        relationships=relationships((9, S, P), (6, S, CHILD, 500)),
    )
    assert found(snapshot, "Y0", before) == [(50, S, victim, 100, 100)]


def test_an_unknown_person_at_risk(tmp_path: Path) -> None:
    snapshot = history(tmp_path, {"event_id": 1, "subject_id": OTHER, "kind": "rape"})
    assert found(snapshot, "Y2") == [(50, OTHER, NO_PERSON, 100, 100)]
    assert label(occurrences(snapshot, "Y2"), snapshot.rows([pair(OTHER), pair(S, P)], 100), 1).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("before", "rung", "expected"),
    [
        (100, "Y4", []),
        (101, "Y4", [(50, S, P, 100, 100)]),
        (120, "Y2", []),
        # The rule is met when its last kind is recorded ...
        (121, "Y2", [(50, S, P, 100, 120)]),
        (130, "Y2", [(50, S, P, 100, 120)]),
        # ... and no longer once one of them is withdrawn.
        (131, "Y2", []),
        (131, "Y4", [(50, S, P, 100, 100)]),
        (None, "Y2", []),
    ],
)
def test_what_was_known_at_the_cut(
    tmp_path: Path, before: int | None, rung: str, expected: list[tuple[int, ...]]
) -> None:
    snapshot = history(
        tmp_path,
        STRANGLED,
        INJURY | {"recorded_at": 120},
        {"event_id": 3, "supersedes_event_id": 2, "kind": "withdrawn", "occurred_at": 130},
    )
    assert found(snapshot, rung, before) == expected


def test_a_correction_replaces_the_kind(tmp_path: Path) -> None:
    worse = {"event_id": 3, **PAIR, "supersedes_event_id": 2, "kind": "gbh_with_intent", "recorded_at": 140}
    snapshot = history(tmp_path, INJURY, worse)
    assert (found(snapshot, "Y1", 140), found(snapshot, "Y1", 141)) == ([], [(50, S, P, 100, 140)])


def test_domestic_known_later(tmp_path: Path) -> None:
    rows = [INJURY | {"domestic": "no"}, {"event_id": 3, **PAIR, "kind": "harassment", "recorded_at": 150}]
    snapshot = history(tmp_path, *rows)
    assert (found(snapshot, "Y4", 150), found(snapshot, "Y4", 151)) == ([], [(50, S, P, 100, 150)])


@pytest.mark.parametrize(
    ("as_of", "horizon", "expected"),
    [(100, 1, 1), (101, 1, 0), (100 - DAY, 1, 0), (101 - DAY, 1, 1), (100 - 30 * DAY, 30, 0), (101 - 30 * DAY, 30, 1)],
)
def test_the_label_window_is_half_open(tmp_path: Path, as_of: int, horizon: float, expected: int) -> None:
    snapshot = history(tmp_path, STRANGLED, INJURY)
    labels = label(occurrences(snapshot, "Y2"), snapshot.rows([pair(S, P), pair(P, S)], as_of), horizon)
    assert labels.dtype == np.uint8
    assert labels.tolist() == [expected, 0]


def test_y5_counts_wherever_the_person_is_at_risk(tmp_path: Path) -> None:
    snapshot = history(
        tmp_path,
        {"event_id": 1, "person_id": P, "kind": "suspected_suicide"},
        relationships=relationships((9, S, P), (8, P, S), (7, OTHER, None), (6, OTHER, P)),
    )
    labels = label(
        occurrences(snapshot, "Y5"), snapshot.rows([pair(S, P), pair(P, S), pair(OTHER), pair(OTHER, P)], 50), 1
    )
    assert labels.tolist() == [1, 0, 0, 1]


@pytest.mark.parametrize("recorded_under", [S, OTHER])
@pytest.mark.parametrize("as_of", [80, 95])
def test_labels_follow_merges(tmp_path: Path, recorded_under: int, as_of: int) -> None:
    # S is found at 90 to be OTHER: a row before or after sees the outcome under either id.
    row = {"event_id": 1, "subject_id": recorded_under, "person_at_risk_id": P, "kind": "rape"}
    snapshot = history(tmp_path, row, person_links=links((S, OTHER, 90, None)))
    assert found(snapshot, "Y2") == [(50, OTHER, P, 100, 100)]
    frame = occurrences(snapshot, "Y2")
    assert label(frame, snapshot.rows(pair(S, P), as_of), 1).tolist() == [1]
    assert label(frame[frame["occurred_at"] > 0], snapshot.rows(pair(S, P), as_of), 1).tolist() == [1]


def test_labels_follow_unmerges(tmp_path: Path) -> None:
    row = {"event_id": 1, **PAIR, "kind": "rape"}
    snapshot = history(tmp_path, row, person_links=links((S, OTHER, 50, 90)))
    rows = snapshot.rows(pair(S, P), 80)
    assert rows.subject.tolist() == [OTHER]
    assert label(occurrences(snapshot, "Y2"), rows, 1).tolist() == [1]


def test_a_frame_from_a_file_compares_ids(tmp_path: Path) -> None:
    snapshot = history(tmp_path, {"event_id": 1, **PAIR, "kind": "rape"})
    frame = occurrences(snapshot, "Y2")
    frame.to_parquet(tmp_path / "o.parquet")
    again = pd.read_parquet(tmp_path / "o.parquet")
    one = np.array([1], dtype=np.int64)
    rows = Rows(one * 12345, one * S, one * P, one * 100)
    assert label(again, rows, 1).tolist() == [1]


def test_against_a_plain_recomputation(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    names = ["wounding", "weapon_used", "assault_with_injury", "non_fatal_strangulation", "injury", "harassment"]
    rows: list[dict[str, Any]] = [
        {
            "event_id": i,
            "incident_id": int(rng.integers(1000, 1080)),
            "subject_id": int(rng.integers(1, 4)),
            "person_at_risk_id": int(rng.integers(5, 8)),
            "kind": str(rng.choice(names)),
            "domestic": "yes" if rng.random() < 0.3 else "no",
            "occurred_at": 100,
            "recorded_at": int(rng.integers(100, 200)),
        }
        for i in range(1, 400)
    ]
    store = Store.create(tmp_path / "store")
    store.append(BATCH, {"events": events(*rows)})
    for cut in (120, 150, 200):
        expected = set()
        seen = [row for row in rows if row["recorded_at"] < cut]
        for row in seen:
            key = (row["incident_id"], row["subject_id"], row["person_at_risk_id"])
            same = [r for r in seen if (r["incident_id"], r["subject_id"], r["person_at_risk_id"]) == key]
            kinds = {r["kind"] for r in same}
            domestic = any(r["domestic"] == "yes" for r in seen if r["incident_id"] == row["incident_id"])
            if domestic and any(set(rule.all_of) <= kinds for rule in rules_of("Y2")):
                expected.add(key)
        assert {row[:3] for row in found(store.snapshot(), "Y2", cut)} == expected
