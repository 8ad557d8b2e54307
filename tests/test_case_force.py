"""The force that a test writes as rows: what it loads and what it answers."""

from __future__ import annotations

from fixtures.case_force import Force, ev, pid, write


def test_a_force_of_rows_answers_what_a_test_asks(tmp_path):
    first = {
        "persons": [{"person": "anna", "birth_year": 1980, "recorded_at": "2024-01-01"}],
        "events": [ev("stalking", "2024-01-10", "2024-01-11", s="anna", v="ben", event="E1")],
    }
    second = write(tmp_path / "later", {"events": [ev("threat_to_kill", "2024-05-29"), ev("quarrel", "2024-05-21")]})
    force = Force(first, second)
    assert [report["rows_kept"] for report in force.reports] == [2, 1]
    assert (force.reasons(0), force.reasons()) == ({}, {"unknown_code": 1})
    assert force.q("select kind from events order by kind") == [{"kind": "stalking"}, {"kind": "threat_to_kill"}]
    assert force.rows("2024-01-11") == []  # recorded at midnight: visible to an as-of after it
    assert force.rows("2024-02-01") == [(pid("anna"), pid("ben"))]
    assert set(force.rows("2024-06-01")) == {(pid("anna"), pid("ben")), (pid("s"), pid("v"))}
    assert len(force.matrix("2024-06-01").values) == 2
    wanted = ["stalking_incidents_ever"]
    assert force.features("2024-06-01", "anna", "ben", wanted) == {"stalking_incidents_ever": 1.0}
    assert force.features("2024-06-01", "s", only=wanted) == {"stalking_incidents_ever": 0.0}
    assert force.features("2024-06-01", "nobody") is None
    assert [item.triggers[0].kind for item in force.must_see("2024-06-01")] == ["threat_to_kill"]
    assert force.scored("2024-06-01", "days_since_last").rows.column("rank").to_pylist() == [1, 2]


def test_a_row_of_events_leaves_out_who_is_not_there():
    assert ev("self_harm", "2024-03-02", s=None, v=None, person="ben", domestic="no") == {
        "kind": "self_harm",
        "domestic": "no",
        "occurred_at": "2024-03-02",
        "recorded_at": "2024-03-02",
        "person": "ben",
    }
