"""Which incidents are domestic, and between whom: nobody, and two who are one person, decide nothing."""

from __future__ import annotations

from fixtures.case_force import Force, ev, pid

from threat.outcomes import occurrences

ATTACK = ev("attempted_murder", "2024-03-05T10:00", s="s", v="w", incident="I", event="A")


def outcomes(force: Force) -> list[tuple[int, int]]:
    frame = occurrences(force.snapshot, "Y2")
    return list(zip(frame["subject_id"].tolist(), frame["person_at_risk_id"].tolist(), strict=True))


def stated(subject: str, at_risk: str) -> dict[str, object]:
    return {"subject": subject, "person_at_risk": at_risk, "kind": "ex_partner", "recorded_at": "2024-01-01"}


def test_a_blank_flag_of_a_subject_whom_nobody_knows_makes_no_incident_domestic() -> None:
    tables = {
        "persons": [{"person": "x", "kind": "unknown", "recorded_at": "2024-01-01"}],
        "relationships": [stated("x", "v")],
        "events": [
            ATTACK | {"domestic": "unknown"},
            ev("harassment", "2024-03-05T10:00", s="x", v="v", domestic="unknown", incident="I", event="B"),
        ],
    }
    assert outcomes(Force(tables)) == []
    # Once the subject is somebody, the incident is domestic, and the attack is attributed to those it names.
    known = [{"person": "x", "kind": "person", "recorded_at": "2024-04-01"}]
    assert outcomes(Force(tables, {"persons": known})) == [(pid("s"), pid("w"))]


def test_an_outcome_is_not_moved_to_a_pair_that_is_one_person() -> None:
    tables = {
        "relationships": [stated("s", "t")],
        "events": [ATTACK, ev("harassment", "2024-03-05T10:00", s="s", v="t", incident="I", event="B")],
    }
    assert outcomes(Force(tables)) == [(pid("s"), pid("t"))]
    merge = {"source_person": "t", "person": "s", "recorded_at": "2024-04-01", "method": "found", "score": "1"}
    assert outcomes(Force(tables, {"person_links": [merge]})) == [(pid("s"), pid("w"))]
