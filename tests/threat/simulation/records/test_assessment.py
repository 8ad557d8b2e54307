"""Grades, forms and what follows them, of incidents drawn by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
from fixtures.raw_rows import frame, many, raw_rows

from threat.simulation.records import assessment
from threat.simulation.records.event_rows import EventRows
from threat.simulation.world import states

CALL = {"what": states.INCIDENT, "offence": states.OFFENCES.index("assault_with_injury"), "at": 10.0}


def written(n: int, **numbers: Any) -> pd.DataFrame:
    events = EventRows()
    assessment.record(events, raw_rows(*many(n, **CALL), **({"grade_share": 1.0} | numbers)))
    return frame(events)


def test_a_regrade_is_one_step_away_and_supersedes_the_first() -> None:
    rows = written(200, regrade=1.0)
    grades = rows[rows["kind"] == "risk_grade"]
    second = grades[grades["supersedes"] > 0]
    first = grades.set_index("event").loc[second["supersedes"]]
    assert len(second) > 50
    steps = second["value"].to_numpy() - first["value"].to_numpy()
    assert set(steps) == {-1.0, 1.0}
    assert (second["recorded"].to_numpy() > first["recorded"].to_numpy()).all()
    assert [assessment.GRADES[int(v)] for v in second["value"]] == second["code"].tolist()


def test_only_a_high_grade_is_followed_by_a_visit_of_the_unit() -> None:
    rows = written(300, regrade=0.0, unit_contact=1.0, referral_high=1.0, referral_other=0.0, idva=1.0)
    high = set(rows.loc[(rows["kind"] == "risk_grade") & (rows["code"] == "high"), "incident"])
    assert 0 < len(high) < 150
    for kind in ("unit_contact", "marac_referral", "idva_referral"):
        assert set(rows.loc[rows["kind"] == kind, "incident"]) == high
    contacts = rows[rows["kind"] == "unit_contact"]
    assert contacts["proactive"].all()
    assert set(contacts["reported_by"]) == {"police"}
    assert set(contacts["code"]) == {"visit"}
    assert not rows.loc[rows["kind"] == "marac_referral", "proactive"].any()


def test_answers_follow_their_share_and_missing_ones_say_why() -> None:
    every = written(300, form_share=1.0, form_missing=[1.0, 0.0, 0.0, 0.0])
    none = written(300, form_share=1.0, form_missing=[0.0, 0.0, 1.0, 0.0])
    items = every["assessment"] & (every["kind"] != "risk_grade")
    assert set(every.loc[items, "code"]) == {"yes", "no"}
    assert set(none.loc[none["assessment"] & (none["kind"] != "risk_grade"), "code"]) == {"not_asked"}
    assert not (written(50, form_share=0.0)["reported_by"] == "person_at_risk").any()


def test_plans_are_reviewed_and_made_the_same_day() -> None:
    events = EventRows()
    assessment.plans(events, raw_rows({"what": states.PLAN, "at": 10.0, "until": 190.0}))
    rows = frame(events).set_index("kind")
    assert rows.loc["unit_plan", ["occurred", "until"]].tolist() == [10.0, 190.0]
    assert pd.isna(rows.loc["unit_review", "until"])
    assert rows["proactive"].all()
    assert rows["recorded"].nunique() == 1
