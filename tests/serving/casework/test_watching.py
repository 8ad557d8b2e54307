"""A case leaves and returns: by its date, by a record of either party, or the system rolls its date on and says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fixtures.casework_decisions import PLAN, WATCH
from fixtures.casework_nights import DAY, LATE
from fixtures.casework_unit import BEN, HOUR, MORNING
from sqlalchemy import select

from serving.casework.act import Conflict, Work
from serving.casework.case import begin
from serving.casework.refer import RecordedEvent
from serving.casework.tables import ACTS, REFERRAL_EVENTS
from serving.casework.watched import Arrived, Look
from serving.casework.watching_tables import ROLLS
from serving.storage import reading
from threat.errors import UsageError

MIDNIGHT = MORNING + 15 * HOUR
"""The end of Monday 1 June 2026 in London."""


def test_a_case_leaves_and_returns(watching):
    """Scenario 6: kept in view, looked at once after 28 days, rolled on by the system, and back by a new partner."""
    case_id = watching.kept_in_view()
    watching.wait(27)
    assert watching.night().review_due == 0
    watching.wait(1)
    assert watching.night().review_due == 1
    [referral] = watching.case(case_id).referrals
    assert (referral.kind, referral.due_at, referral.due_rule) == ("review_due", MIDNIGHT + 28 * DAY, "review_watching")
    watching.grade(case_id, "keep_in_view", person=BEN)

    watching.wait(28)
    night = watching.night()
    assert (night.rolled, night.review_due) == (1, 0)
    case = watching.case(case_id)
    assert (case.state, case.referrals, case.next_due) == ("watching", (), MIDNIGHT + 84 * DAY)
    with reading(watching.engine) as connection:
        [roll] = connection.execute(select(ROLLS)).all()
        [act] = connection.execute(select(ACTS).where(ACTS.c.act == "roll")).all()
    assert (roll.looked_at, roll.snapshot) == (MORNING + 28 * DAY, "S-1")
    assert (act.by, act.who, act.role) == ("engine", "the desk", "engine")

    watching.wait(4)
    assert watching.night(r1=[watching.recorded(7)]).new_record == 1
    [referral] = watching.case(case_id).referrals
    assert (referral.kind, referral.arrived_at, [each.kind for each in referral.events]) == (
        "new_record",
        MORNING + 60 * DAY,
        ["new_partner"],
    )


def test_a_night_that_runs_again_does_nothing_again(watching):
    watching.kept_in_view(1)
    watching.kept_in_view(2)
    watching.wait(28)
    news = {"r2": [watching.recorded(7)]}
    first = watching.night(**news)
    assert (first.review_due, first.new_record) == (2, 1)
    rows = watching.rows()
    second = watching.night(**news)
    assert (second.cases, second.review_due, second.new_record, second.collected, second.rolled) == (2, 0, 0, 0, 0)
    assert watching.rows() == rows


def test_the_date_that_a_person_set_is_the_date(watching):
    case_id = watching.waiting_case()
    watching.grade(case_id, "keep_in_view", look_again_at=MIDNIGHT + 3 * DAY)
    watching.wait(3)
    assert watching.night().review_due == 1
    watching.grade(case_id, "keep_in_view")
    watching.wait(28)
    night = watching.night()
    assert (night.rolled, night.not_rolled) == (0, {"looked_late_enough": 1}), "so far a person looked on day 3 alone"


def test_a_date_that_is_set_again_brings_the_case_back_again(watching):
    case_id = watching.waiting_case()
    date = MIDNIGHT + 3 * DAY
    watching.grade(case_id, "keep_in_view", look_again_at=date)
    watching.at = date - 20 * HOUR
    assert watching.night().review_due == 1
    watching.at += HOUR
    watching.grade(case_id, "keep_in_view", look_again_at=date)
    assert watching.kinds_waiting(case_id) == []
    watching.at = date - HOUR
    assert (watching.night().review_due, watching.night().review_due) == (1, 0)
    assert watching.kinds_waiting(case_id) == ["review_due"]


def test_a_case_that_fails_is_named_and_stops_no_other(watching, monkeypatch):
    bad, good = watching.kept_in_view(1), watching.kept_in_view(2)
    watching.wait(28)

    def fails_for_one(work: Work, name: str, case_id: str, version: int) -> object:
        if case_id == bad:
            raise UsageError("This act is written already, by somebody else.")
        return begin(work, name, case_id, version)

    with monkeypatch.context() as patched:
        patched.setattr("serving.casework.watching.begin", fails_for_one)
        night = watching.night()
    assert night.failed == {bad: "This act is written already, by somebody else."}
    assert (night.review_due, watching.kinds_waiting(bad), watching.kinds_waiting(good)) == (1, [], ["review_due"])
    assert watching.night().review_due == 1


def test_one_referral_collects_records_until_it_is_answered(watching):
    case_id = watching.kept_in_view()
    watching.wait(2)
    first = watching.recorded(7)
    watching.night(r1=[first])
    watching.wait(1)
    night = watching.night(r1=[first, watching.recorded(8, "separation", about="pair")])
    assert (night.new_record, night.collected) == (0, 1)
    [referral] = watching.case(case_id).referrals
    assert [(each.event, each.about) for each in referral.events] == [(8, "pair"), (7, "subject")]
    watching.grade(case_id, "keep_in_view")
    assert watching.night(r1=[first]).new_record == 0
    watching.wait(1)
    assert watching.night(r1=[first, watching.recorded(9)]).new_record == 1
    with reading(watching.engine) as connection:
        assert sorted(connection.execute(select(REFERRAL_EVENTS.c.event)).scalars()) == [7, 8, 9]


def test_a_kind_that_brings_nothing_back_keeps_the_date_from_being_rolled_on(watching):
    case_id = watching.kept_in_view()
    watching.wait(28)
    watching.night()
    watching.grade(case_id, "keep_in_view")
    watching.wait(28)
    night = watching.night(r1=[watching.recorded(7, "domestic_incident")])
    assert (night.new_record, night.rolled, night.not_rolled) == (0, 0, {"nothing_new": 1})
    assert watching.kinds_waiting(case_id) == ["review_due"]


def test_a_late_feed_stops_every_roll_and_is_counted(watching):
    cases = [watching.kept_in_view(relationship) for relationship in (1, 2)]
    watching.wait(28)
    watching.night()
    for case_id in cases:
        watching.grade(case_id, "keep_in_view")
    watching.wait(28)
    night = watching.night(late=[LATE])
    assert (night.rolled, night.review_due, night.not_rolled) == (0, 2, {"feeds_in_time": 2})


def test_a_record_begins_the_days_in_view_again(watching):
    case_id = watching.kept_in_view()
    watching.wait(27)
    watching.night(r1=[watching.recorded(7)])
    watching.wait(1)
    watching.grade(case_id, "keep_in_view")
    watching.wait(28)
    assert watching.night().not_rolled == {"looked_late_enough": 1}


def test_half_a_year_after_a_person_looked_a_person_looks(watching):
    case_id = watching.kept_in_view()
    watching.wait(28)
    watching.night()
    watching.grade(case_id, "keep_in_view")
    dates = []
    for _ in range(7):
        watching.at = watching.case(case_id).next_due - HOUR
        watching.night()
        dates.append((watching.case(case_id).next_due - MIDNIGHT) / DAY - 28)
    # The sixth date is the last that may be set; when it comes a person looks. One hour is the end of summer time.
    assert [int(days) for days in dates] == [56, 84, 112, 140, 168, 183, 183]
    assert watching.kinds_waiting(case_id) == ["review_due"]
    assert watching.acts_of(case_id)["roll"] == 6


def test_a_decision_to_watch_comes_back_by_its_date(watching):
    case_id = watching.graded_case()
    watching.decide(case_id, WATCH)
    watching.at = WATCH.review_at - HOUR
    assert watching.night().review_due == 1
    assert watching.kinds_waiting(case_id) == ["review_due"]


def test_a_case_that_is_planned_takes_records_and_keeps_its_state(watching):
    case_id = watching.graded_case()
    watching.decide(case_id)
    watching.wait(1)
    assert watching.night(r1=[watching.recorded(7)]).new_record == 1
    assert (watching.case(case_id).state, watching.kinds_waiting(case_id)) == ("planning", ["new_record"])
    watching.decide(case_id, replace(PLAN, review_at=watching.at + DAY))
    assert (watching.case(case_id).state, watching.kinds_waiting(case_id)) == ("planning", [])


def test_a_case_that_waits_is_left_to_who_reads_it(watching):
    case_id = watching.waiting_case()
    watching.wait(30)
    assert watching.night(r1=[watching.recorded(7)]).cases == 0
    assert watching.kinds_waiting(case_id) == ["list"]


@pytest.mark.parametrize(
    ("recorded_at", "batch", "loaded_at", "seen", "new"),
    [
        (99, "", 0, {}, False),
        (100, "", 0, {}, True),
        (99, "B1", 50, {"L-1": frozenset({"B1"})}, False),
        (99, "B2", 50, {"L-1": frozenset({"B1"})}, True),  # recorded long before, and came in late
        (99, "B2", 120, {}, False),  # the list is gone: what was loaded before the look
        (99, "B2", 121, {}, True),
    ],
)
def test_what_is_new_to_who_looked(recorded_at, batch, loaded_at, seen, new):
    look = Look(at=120, list_id="L-1", as_of=100)
    arrived = Arrived(RecordedEvent(1, "new_partner", "subject", 1, recorded_at), batch, loaded_at)
    assert arrived.is_new(look, seen) is new


def test_a_case_that_somebody_acts_on_meanwhile_is_read_again_the_next_night(watching, monkeypatch):
    case_id = watching.kept_in_view()
    watching.wait(28)

    def act_first(*_: object, **__: object) -> None:
        raise Conflict(case_id, (), 3)

    with monkeypatch.context() as patched:
        patched.setattr("serving.casework.watching.begin", act_first)
        night = watching.night()
    assert (night.in_use, night.review_due) == (1, 0)
    assert watching.night().review_due == 1
