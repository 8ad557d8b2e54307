"""What each knob does to raw rows drawn by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from fixtures.raw_rows import PEOPLE, frame, many, raw_rows

from threat.simulation.knobs import Knobs
from threat.simulation.records import faults
from threat.simulation.records.event_rows import EventRows
from threat.simulation.world import states
from threat.simulation.world.population import BROAD_ETHNICITIES, broad_ethnicity

AT_RISK_SEX = "male" if PEOPLE.male[PEOPLE.at_risk_person[0]] else "female"
OTHER_SEX = "female" if AT_RISK_SEX == "male" else "male"
ORDINARY, GRAVE, DEADLY = (states.OFFENCES.index(name) for name in ("assault_with_injury", "rape", "murder"))


def remaining(knobs: Knobs, *offences: int) -> list[int]:
    rows = raw_rows(*({"what": states.INCIDENT, "offence": offence, "at": 5.0} for offence in offences))
    return list(faults.before_recording(knobs, PEOPLE, rows.raw)["offence"])


def test_thinning_takes_the_groups_incidents_and_no_others() -> None:
    every: dict[str, Any] = {"thin_history": 1.0}
    assert remaining(Knobs(group=f"sex={AT_RISK_SEX}", **every), ORDINARY, GRAVE, DEADLY) == [GRAVE, DEADLY]
    assert remaining(Knobs(group=f"sex={OTHER_SEX}", **every), ORDINARY, GRAVE) == [ORDINARY, GRAVE]
    assert remaining(Knobs(group=f"sex={AT_RISK_SEX}", thin_labels=1.0), ORDINARY, GRAVE, DEADLY) == [ORDINARY]
    assert remaining(Knobs(group=f"sex={OTHER_SEX}", thin_labels=1.0), ORDINARY, GRAVE) == [ORDINARY, GRAVE]


def test_thinning_leaves_what_is_no_incident() -> None:
    rows = raw_rows({"what": states.CUSTODY, "offence": states.POLICE, "at": 5.0, "until": 6.0})
    left = faults.before_recording(Knobs(group=f"sex={AT_RISK_SEX}", thin_history=1.0), PEOPLE, rows.raw)
    assert len(left) == 1


def test_label_noise_swaps_grave_and_lesser_and_leaves_deadly() -> None:
    armed = states.OFFENCES.index("injury_with_weapon")
    for deadly in (states.FIRST_DEADLY, DEADLY):
        assert remaining(Knobs(label_noise=1.0), GRAVE, deadly, ORDINARY) == [ORDINARY, deadly, armed]
    # One grave incident among many lesser ones: about one of these becomes severe, not all.
    noisy = remaining(Knobs(label_noise=1.0), GRAVE, *[ORDINARY] * 400)
    assert noisy[0] == ORDINARY
    assert noisy[1:].count(armed) < 8


def test_a_fault_never_changes_what_truly_happened() -> None:
    rows = raw_rows({"what": states.INCIDENT, "offence": GRAVE, "at": 5.0})
    faults.before_recording(Knobs(label_noise=1.0), PEOPLE, rows.raw)
    assert rows.raw["offence"].tolist() == [GRAVE]


def test_a_leak_is_dated_before_severe_harm_and_recorded_after() -> None:
    rows = raw_rows(
        *many(2000, what=states.INCIDENT, offence=GRAVE, at=400.0),
        *many(50, what=states.INCIDENT, offence=ORDINARY, at=400.0),
    )
    events = EventRows()
    faults.while_recording(Knobs(leak=1.0), events, rows, 1000.0)
    leaks = frame(events)
    assert leaks["kind"].tolist() == ["social_care_referral"] * 2000
    assert leaks["occurred"].between(400.0 - 181.0, 399.0).all()
    assert (leaks["recorded"] > 400.0).all()


def test_over_policing_adds_about_the_rate_asked_for_and_only_to_the_group() -> None:
    events = EventRows()
    knobs = Knobs(group="sex=male", over_policing=3.0)
    faults.while_recording(knobs, events, raw_rows(), 2 * 365.25)
    rows = frame(events)
    subjects = np.unique(PEOPLE.subject_rows)
    men = subjects[PEOPLE.male[subjects]]
    assert set(rows["person"]) <= set(men)
    assert len(rows) / len(men) == pytest.approx(6.0, rel=0.2)
    assert rows["occurred"].between(0, 2 * 365.25).all()
    assert set(rows["domestic"]) == {"no"}
    assert set(rows["reported_by"]) == {"police"}


@pytest.mark.parametrize("code", BROAD_ETHNICITIES)
def test_a_group_by_ethnicity_is_that_ethnicity(code: str) -> None:
    group = faults.in_group(Knobs(group=f"ethnicity={code}"), PEOPLE)
    assert (group == (broad_ethnicity(PEOPLE) == BROAD_ETHNICITIES.index(code))).all()
    assert not faults.in_group(Knobs(), PEOPLE).any()


def test_knobs_change_only_their_own_parameters() -> None:
    at = datetime(2020, 1, 11, tzinfo=UTC)
    epoch = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())
    changed = Knobs(reviewed=0.5, plan_factor=0.2, drift_at=at, drift=3.0).overrides(epoch)
    assert changed == {"plan_share": 0.5, "plan_factor": 0.2, "drift_day": 10.0, "drift_factor": 3.0}
    assert Knobs(reviewed=0.5, plan_factor=0.2).untreated().overrides(epoch) == {"plan_share": 0.5, "plan_factor": 1.0}
