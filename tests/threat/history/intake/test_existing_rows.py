"""Rows that come again: held, a further version, known earlier, or a contradiction; small forces as rows."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures.case_force import Force, ev, pid

from threat.asof import parse_as_of
from threat.history import protected, quarantine
from threat.history.persons import birth_years


def _day(number: int) -> str:
    return f"2024-01-{number:02d}T00:00:00Z"


def _loads(table: str, *days: list[tuple[Any, ...]], columns: str) -> Force:
    """A force of one load a list of rows."""
    names = columns.split()
    return Force(*({table: [dict(zip(names, row, strict=True)) for row in rows]} for rows in days))


def test_a_person_is_what_the_row_recorded_last_says() -> None:
    rows = [("u", "unknown", "", _day(1)), ("u", "person", "", _day(5)), ("u", "unknown", "1990", _day(9))]
    for order in ([[row] for row in rows], [[row] for row in reversed(rows)], [rows]):
        force = _loads("persons", *order, columns="person kind birth_year recorded_at")
        at = [parse_as_of(_day(day)) + 1 for day in (1, 5, 9)]
        assert [force.reports[i]["rows_quarantined"] for i in range(len(order))] == [0] * len(order)
        assert force.snapshot.links.resolve([pid("u")] * 3, at).tolist() == [-1, pid("u"), -1]
        assert str(birth_years(force.snapshot, [pid("u")] * 3, at)) == "[  nan   nan 1990.]"


def test_a_nightly_extract_stamped_with_its_own_time_changes_nothing() -> None:
    def extract(night: int) -> dict[str, list[dict[str, object]]]:
        at = {"recorded_at": _day(night)}
        happened = _day(1)
        return {
            "persons": [{"person": "s", "kind": "person"} | at],
            "relationships": [{"relationship": "R1", "subject": "s", "person_at_risk": "v", "kind": "ex_partner"} | at],
            "person_links": [{"source_person": "x", "person": "s"} | at],
            "protected": [
                {"person": "s", "characteristic": "sex", "code": "male", "scheme": "own", "source": "self"} | at
            ],
            "events": [
                ev("stalking", happened, _day(night), event="E1"),
                ev("threat_to_kill", happened, _day(night)),
                ev("threat_to_kill", happened, _day(night)),
            ],
        }

    force = Force(*(extract(night) for night in (3, 4, 2)))
    for report in force.reports[1:]:
        assert report["rows_quarantined"] == 0
    assert sum(force.reports[1]["new"].values()) == 0
    assert force.reports[1]["held_already"] == {
        "persons": 1, "protected": 1, "person_links": 1, "relationships": 1, "events": 3
    }  # fmt: skip
    # The extract of before the first: each event counts from then, and is still one event.
    assert force.reports[2]["new"]["known_earlier"] == 3
    known = force.q("SELECT kind, recorded_at FROM events")
    assert sorted(row["kind"] for row in known) == ["stalking", "threat_to_kill", "threat_to_kill"]
    assert {row["recorded_at"] for row in known} == {parse_as_of(_day(2))}
    assert force.snapshot.relationships.recorded_at.tolist() == [parse_as_of(_day(2))]


def test_what_is_said_again_counts_once_an_older_export_says_otherwise_in_between() -> None:
    kind = {1: "ex_partner", 3: "ex_partner", 2: "current_partner"}
    force = _loads(
        "relationships",
        *([("R1", "s", "v", kind[day], _day(day))] for day in (1, 3, 2)),
        columns="relationship subject person_at_risk kind recorded_at",
    )
    assert [report["held_already"]["relationships"] for report in force.reports] == [0, 1, 0]
    known = force.snapshot.relationships
    at = [parse_as_of(_day(day)) + 1 for day in (1, 2, 3)]
    ids = known.relationship_id.tolist() * 3
    assert known.kind_at(ids, at).tolist() == ["ex_partner", "current_partner", "ex_partner"]


RELATION = "relationship subject person_at_risk kind recorded_at withdrawn_at"


@pytest.mark.parametrize(
    ("loads", "standing"),
    [
        # Roles swapped: the pair as it was entered stood until the correction.
        ([[("R1", "v", "s", "parent", 1, "")], [("R1", "s", "v", "child", 5, "")]], {2: "v s", 5: "v s", 6: "s v"}),
        # The person at risk named later.
        ([[("R1", "s", "", "unknown", 1, "")], [("R1", "s", "v", "unknown", 5, "")]], {2: "s ", 6: "s v"}),
        # Withdrawn, and reinstated.
        (
            [
                [("R1", "s", "v", "parent", 1, "")],
                [("R1", "s", "v", "parent", 1, 5)],
                [("R1", "s", "v", "parent", 8, "")],
            ],
            {5: "s v", 6: "", 8: "", 9: "s v"},
        ),
        # The withdrawal comes in an extract that stamps every row anew.
        ([[("R1", "s", "v", "parent", 1, "")], [("R1", "s", "v", "parent", 6, 5)]], {5: "s v", 6: "", 9: ""}),
    ],
)
def test_later_versions_of_a_relationship(loads: list[list[tuple[Any, ...]]], standing: dict[int, str]) -> None:
    for order in (loads, loads[::-1]):
        days = [[(*row[:4], _day(row[4]), _day(row[5]) if row[5] else "") for row in rows] for rows in order]
        force = _loads("relationships", *days, columns=RELATION)
        known = force.snapshot.relationships
        name = {pid("s"): "s", pid("v"): "v", -1: ""}
        for day, pairs in standing.items():
            stand = known.standing(parse_as_of(_day(day)))
            parties = zip(known.subject_id[stand].tolist(), known.person_at_risk_id[stand].tolist(), strict=True)
            assert ",".join(f"{name[subject]} {name[at_risk]}" for subject, at_risk in parties) == pairs


def test_a_reference_that_names_two_other_people_is_quarantined() -> None:
    first, other = ("R1", "s", "v", "parent", _day(2), ""), ("R1", "s", "w", "parent", _day(1), "")
    for loads in ([[first], [other]], [[other], [first]]):
        force = _loads("relationships", *loads, columns=RELATION)
        assert force.reasons() == {"key_reused": 1}
    # Within one file, the row recorded first has the reference, wherever it is in the file.
    for rows in ([first, other], [other, first]):
        force = _loads("relationships", rows, columns=RELATION)
        assert force.reasons() == {"key_reused": 1}
        assert force.snapshot.relationships.person_at_risk_id.tolist() == [pid("w")]


def test_a_protected_code_withdrawn_and_given_again() -> None:
    row = {"person": "s", "characteristic": "sex", "code": "male", "scheme": "own", "source": "self"}
    days = [("male", 1, ""), ("female", 3, ""), ("male", 5, ""), ("male", 5, 7), ("male", 9, "")]
    loads = [
        {"protected": [row | {"code": c, "recorded_at": _day(r), "withdrawn_at": _day(w) if w else ""}]}
        for c, r, w in days
    ]
    for order in (loads, loads[::-1]):
        force = Force(*order)
        codes = [
            protected.read(force.snapshot, as_of=parse_as_of(_day(day)))["code"].tolist() for day in (2, 4, 6, 8, 10)
        ]
        assert codes == [["male"], ["female"], ["male"], [], ["male"]]


def test_linked_parted_and_linked_again() -> None:
    steps = [
        ("a", "b", 1, ""),
        ("a", "c", 3, ""),
        ("a", "b", 5, ""),
        ("a", "b", 5, 7),
        ("a", "c", 3, 8),
        ("a", "b", 9, ""),
    ]
    loads = [[(source, person, _day(r), _day(w) if w else "")] for source, person, r, w in steps]
    for order in (loads, loads[::-1]):
        force = _loads("person_links", *order, columns="source_person person recorded_at withdrawn_at")
        at = [parse_as_of(_day(day)) for day in (2, 4, 6, 8, 9, 10)]
        names = {pid(reference): reference for reference in "abc"}
        resolved = force.snapshot.links.resolve([pid("a")] * 6, at).tolist()
        assert "".join(names[person] for person in resolved) == "bcbcab"


def test_an_event_with_other_content_needs_a_reference_of_its_own() -> None:
    first, other = ev("stalking", _day(1), _day(2), event="E1"), ev("rape", _day(1), _day(3), event="E1", v="w")
    force = Force({"events": [first]}, {"events": [other]})
    assert force.reasons() == {"key_reused": 1}
    assert force.reports[1]["severe_quarantined"] == 1
    # The other way round, the history gives the reference to what was recorded first, and says so.
    back = Force({"events": [other]}, {"events": [first]}, {"events": [other, ev("arson", _day(1))]})
    assert [report["exit_code"] for report in back.reports] == [0, 6, 6]
    assert "1 events of the history have the reference" in back.reports[1]["warnings"][0]
    assert back.reasons() == {"key_reused": 1}
    quarantined = quarantine.read(back.snapshot)
    assert quarantined["detail"].tolist()[0] == "of the history: E1"
    sql = "SELECT kind, person_at_risk_id, recorded_at, source_id, domestic FROM events WHERE source_id = 'E1'"
    assert force.q(sql) == back.q(sql)
    assert force.q(sql)[0]["kind"] == "stalking"
    rows = back.snapshot.table("events", ["kind", "person_at_risk_id"]).to_pylist()
    assert {"kind": "stalking", "person_at_risk_id": pid("v")} in rows
    assert force.features("2024-02-01", "s", "v") is not None
    # Known earlier still, with the content that has the reference now.
    earlier = Force({"events": [other]}, {"events": [first]}, {"events": [first | {"recorded_at": _day(1)}]})
    assert earlier.q(sql)[0] == force.q(sql)[0] | {"recorded_at": parse_as_of(_day(1))}
