"""Who is considered at an as-of: drawn cases for each filter and each edge of the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fixtures.history_rows import BATCH, events, links, pair, persons, relationships

from threat.asof import DAY
from threat.eligibility import eligible
from threat.history import Store
from threat.policy import load_policy

AS_OF = 2000 * DAY
OLD = AS_OF - 1000 * DAY
PAIR = {"event_id": 1, "subject_id": 1, "person_at_risk_id": 2, "domestic": "yes"}


def dropped_at(
    folder: Path, rows: list[dict[str, Any]], as_of: int = AS_OF, at_risk: int | None = 2, **tables: pa.Table
) -> str:
    """The step that drops the relationship of person 1 with ``at_risk``, or "" when it is eligible."""
    store = Store.create(folder / "store")
    plain = {"persons": persons(1, 2, 3), "relationships": relationships((9, 1, 2, OLD))}
    if rows:
        plain["events"] = events(*rows)
    store.append(BATCH, plain | tables)
    cohort = eligible(store.snapshot(), as_of, load_policy())
    steps = [step.step for step in cohort.attrition if step.dropped]
    if pair(1, at_risk) in cohort.rows.relationship_id:
        return ""
    assert all(step.kept + step.dropped >= 0 and step.reason for step in cohort.attrition)
    return steps[-1]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        # The look-back window is half-open: 730 days back is in, the as-of itself is not.
        ({"occurred_at": AS_OF - 730 * DAY}, ""),
        ({"occurred_at": AS_OF - 730 * DAY - 1}, "window"),
        ({"occurred_at": AS_OF - 1}, ""),
        ({"occurred_at": AS_OF - 5, "recorded_at": AS_OF}, "window"),
        ({"occurred_at": AS_OF - 5, "domestic": "no"}, "window"),
        # Unflagged between two who stand as a relationship: domestic.
        ({"occurred_at": AS_OF - 5, "domestic": "unknown"}, ""),
        # The unit's own visit, and a release ahead, are no event of the pair.
        ({"occurred_at": AS_OF - 5, "proactive": True}, "window"),
        ({"occurred_at": AS_OF - 5, "kind": "order_expiry"}, "window"),
        # Roles reversed, or another person at risk: another relationship.
        ({"occurred_at": AS_OF - 5, "subject_id": 2, "person_at_risk_id": 1}, "window"),
        ({"occurred_at": AS_OF - 5, "person_at_risk_id": 3}, "window"),
        ({"occurred_at": AS_OF - 5, "person_at_risk_id": None}, "window"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_the_window(tmp_path: Path, change: dict[str, Any], expected: str) -> None:
    assert dropped_at(tmp_path, [PAIR | {"recorded_at": None} | change]) == expected


@pytest.mark.parametrize(
    ("recorded", "rows", "expected"),
    [
        # A relationship that first came to notice within 730 days counts without any domestic event,
        (AS_OF - 730 * DAY, [], ""),
        (AS_OF - 730 * DAY - 1, [], "window"),
        (AS_OF, [], "known"),
        # also when what was told lies far back,
        (AS_OF - 9, [PAIR | {"occurred_at": OLD, "recorded_at": AS_OF - 9}], ""),
        # but not when the pair was known before.
        (AS_OF - 9, [PAIR | {"occurred_at": OLD, "recorded_at": OLD}], "window"),
    ],
)
def test_a_first_signal(tmp_path: Path, recorded: int, rows: list[dict[str, Any]], expected: str) -> None:
    assert dropped_at(tmp_path, rows, relationships=relationships((9, 1, 2, recorded))) == expected


RECENT = [PAIR | {"occurred_at": AS_OF - 5 * DAY}]


def test_a_withdrawn_event_no_longer_counts(tmp_path: Path) -> None:
    gone = {"event_id": 2, "supersedes_event_id": 1, "kind": "withdrawn", "occurred_at": AS_OF - 2 * DAY}
    assert dropped_at(tmp_path / "a", [*RECENT, gone]) == "window"
    assert dropped_at(tmp_path / "b", [*RECENT, gone], AS_OF - 2 * DAY) == ""


def test_unknown_and_organisation_parties(tmp_path: Path) -> None:
    for i, (kind, party, expected) in enumerate(
        [
            ("unknown", 1, "subject"),
            ("organisation", 1, "subject"),
            ("organisation", 2, "person_at_risk"),
            ("unknown", 2, "window"),
        ]
    ):
        people = pa.concat_tables([persons(*({1, 2, 3} - {party})), persons(party, kind=kind)])
        rows = [row | {"person_at_risk_id": 3} for row in RECENT]
        assert dropped_at(tmp_path / str(i), rows, persons=people) == expected


@pytest.mark.parametrize(
    ("kind", "party", "expected"),
    [("organisation", 1, "subject"), ("unknown", 1, "subject"), ("organisation", 2, "person_at_risk")],
)
def test_a_party_found_to_be_no_person_later(tmp_path: Path, kind: str, party: int, expected: str) -> None:
    told = AS_OF - 3 * DAY
    row = {"person_id": party, "kind": kind, "birth_year": None, "recorded_at": told}
    people = pa.concat_tables([persons(1, 2, 3), pa.Table.from_pylist([row], schema=persons(1).schema)])
    steps = [dropped_at(tmp_path / str(at), RECENT, at, persons=people) for at in (told - DAY, told, told + 1, AS_OF)]
    assert steps == ["", "", expected, expected]


def test_an_unknown_person_at_risk_is_a_relationship_too(tmp_path: Path) -> None:
    rows = [PAIR | {"person_at_risk_id": None, "occurred_at": AS_OF - 5}]
    assert dropped_at(tmp_path, rows, at_risk=None, relationships=relationships((9, 1, None, OLD))) == ""


@pytest.mark.parametrize(("as_of", "expected"), [(AS_OF - 100, ""), (AS_OF - 99, "one_person"), (AS_OF + 1, "")])
def test_a_merge_that_makes_both_parties_one(tmp_path: Path, as_of: int, expected: str) -> None:
    merge = links((2, 1, AS_OF - 100, AS_OF))
    assert dropped_at(tmp_path, RECENT, as_of, person_links=merge) == expected


def test_two_relationships_of_one_pair_after_a_merge(tmp_path: Path) -> None:
    both = relationships((9, 1, 2, OLD), (8, 3, 2, OLD - 1))
    merge = links((3, 1, AS_OF - 100, None))
    assert dropped_at(tmp_path / "a", RECENT, relationships=both, person_links=merge) == "twice"
    assert dropped_at(tmp_path / "b", RECENT, AS_OF - 100, relationships=both, person_links=merge) == ""


@pytest.mark.parametrize("old_id", [2, 30])
def test_of_two_recorded_in_one_second_the_one_under_the_ids_known_now_stays(tmp_path: Path, old_id: int) -> None:
    new_id = 32 - old_id
    both = relationships((9, 1, old_id, OLD), (8, 1, new_id, OLD))
    rows = [PAIR | {"person_at_risk_id": new_id, "occurred_at": AS_OF - 5 * DAY}]
    merge = links((old_id, new_id, AS_OF - 100, None))
    assert dropped_at(tmp_path / "a", rows, at_risk=new_id, relationships=both, person_links=merge) == ""
    assert dropped_at(tmp_path / "b", rows, at_risk=old_id, relationships=both, person_links=merge) == "twice"


def test_events_under_a_merged_id_count(tmp_path: Path) -> None:
    rows = [PAIR | {"subject_id": 3, "occurred_at": AS_OF - 5 * DAY}]
    merge = links((3, 1, AS_OF - 100, None))
    assert dropped_at(tmp_path / "a", rows, person_links=merge) == ""
    assert dropped_at(tmp_path / "b", rows, AS_OF - 100, person_links=merge) == "window"
