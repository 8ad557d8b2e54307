"""What two persons are to each other is read as it was stated at the as-of: from an export to the figures."""

from __future__ import annotations

import math

from fixtures.case_force import Force, ev

NAMES = ["kind_partner", "kind_ex_partner", "kind_adult_family", "days_since_ex_partner", "family_violence_ever"]


def stated(kind: str, recorded: str, at_risk: str = "ben") -> dict[str, object]:
    row = {"relationship": f"r-{at_risk}", "subject": "anna", "person_at_risk": at_risk, "kind": kind}
    return row | {"recorded_at": recorded}


HURT = [ev("assault_with_injury", "2024-01-10", s="anna", v=v, domestic="yes") for v in ("ben", "cara", "dora")]
FORCE = Force(
    {
        "events": HURT,
        "relationships": [
            stated("current_partner", "2024-01-01T00:00+00:00"),
            stated("ex_partner", "2024-03-01T00:00+00:00"),
            stated("parent", "2024-01-01T00:00+00:00", "cara"),
        ],
    }
)


def figures(as_of: str, at_risk: str) -> list[float]:
    return [FORCE.features(as_of, "anna", at_risk, NAMES)[name] for name in NAMES]


def test_a_change_to_former_partners_counts_from_its_recording_and_not_before():
    before, after = figures("2024-02-01", "ben"), figures("2024-03-11", "ben")
    assert before[:3] == [1, 0, 0]
    assert after[:4] == [0, 1, 0, 10]
    assert math.isnan(before[3])
    assert math.isnan(after[4])


def test_figures_of_family_speak_of_family_only():
    assert figures("2024-02-01", "cara")[:3] == [0, 0, 1]
    assert figures("2024-02-01", "cara")[4] == 1
    assert all(math.isnan(value) for value in figures("2024-02-01", "dora"))
