"""Records as answers: under which direction, how exactly dated, what is new, ahead or late."""

from __future__ import annotations

import pytest
from fixtures.case_files import AS_OF, OTHER, P, S, events, happening, shown

from threat.asof import DAY, instant
from threat.history.sightings import NO_PERSON
from threat.ids import show_id


@pytest.mark.parametrize(
    ("parts", "direction", "title"),
    [
        ({}, "this_way", "Subject towards person at risk"),
        ({"subject": P, "at_risk": S}, "other_way", "Person at risk towards subject"),
        ({"about": S, "kind": "suicidal_ideation"}, "subject", "About the subject"),
        ({"about": P, "kind": "suicidal_ideation"}, "person_at_risk", "About the person at risk"),
        ({"at_risk": OTHER}, "subject_elsewhere", "Subject towards someone else"),
        ({"subject": OTHER, "at_risk": S}, "subject_elsewhere", "Someone else towards the subject"),
        ({"subject": OTHER}, "person_at_risk_elsewhere", "Someone else towards the person at risk"),
        ({"subject": P, "at_risk": OTHER}, "person_at_risk_elsewhere", "Person at risk towards someone else"),
        ({"kind": "risk_grade", "code": "high"}, "this_way", "About this relationship"),
        ({"kind": "relationship_recorded", "code": "ex_partner"}, "this_way", "About this relationship"),
    ],
)
def test_the_direction_of_a_record(parts: dict[str, object], direction: str, title: str) -> None:
    record = shown(happening(1, **parts))[0]
    assert (record.direction, record.direction_title) == (direction, title)


def test_an_event_between_the_two_is_shown_once_and_the_latest_first() -> None:
    timeline = shown(happening(1, 3), happening(2, 1), happening(3, 2), happening(4, 2))
    assert [record.event for record in timeline] == events(2, 4, 3, 1)
    assert [record.must_see for record in timeline] == [True, False, False, False]
    assert [record.behind for record in timeline] == [[], [], [], ["Threats"]]


def test_what_was_recorded_at_the_as_of_or_withdrawn_is_not_shown() -> None:
    late, gone = happening(1, 1, recorded=0), happening(2, 2, withdrawn_at=AS_OF - 1)
    still_known = happening(3, 2, withdrawn_at=AS_OF)
    assert [record.event for record in shown(late, gone, still_known)] == [show_id("E", 3)]


def test_an_unknown_person_at_risk_has_no_records_of_its_own() -> None:
    timeline = shown(happening(1, at_risk=NO_PERSON), happening(2, subject=OTHER), at_risk=NO_PERSON)
    assert [(record.event, record.direction) for record in timeline] == [(show_id("E", 1), "this_way")]


@pytest.mark.parametrize(("recorded", "is_new"), [(7.0, True), (7.001, False), (6.0, True)])
def test_what_is_new_since_the_list_before(recorded: float, is_new: bool) -> None:
    assert shown(happening(1, 30, recorded=recorded), since=AS_OF - 7 * DAY)[0].is_new is is_new
    assert shown(happening(1, 30, recorded=recorded))[0].is_new is False  # there was no list before


@pytest.mark.parametrize(("days", "ahead"), [(-3, True), (0, True), (1, False)])
def test_a_release_ahead_is_still_to_come(days: float, ahead: bool) -> None:
    record = shown(happening(1, days, recorded=10, about=S, kind="release", code="bail"))[0]
    assert (record.ahead, record.detail) == (ahead, "bail")


def test_days_to_record_and_detail() -> None:
    late, visit, scored = (
        happening(1, 9, recorded=1.5),
        happening(2, 2, kind="assault_with_injury", proactive=True),
        happening(3, 3, value=4.0),
    )
    by_event = {record.event: record for record in shown(late, visit, scored)}
    assert by_event[show_id("E", 1)].days_to_record == 7
    assert by_event[show_id("E", 2)].detail == "by the unit"
    assert by_event[show_id("E", 3)].detail == "4"


def test_the_other_person_of_a_record_elsewhere_is_given_by_reference() -> None:
    by_event = {
        record.event: record.other
        for record in shown(happening(1), happening(2, at_risk=OTHER), happening(3, at_risk=NO_PERSON))
    }
    assert by_event == {show_id("E", 1): "", show_id("E", 2): show_id("P", OTHER), show_id("E", 3): ""}


def test_a_record_is_said_by_its_kind_and_code_and_an_answer_by_its_question() -> None:
    knife = happening(1, 2, kind="weapon_used", code="knife")
    answer = happening(2, 3, kind="item_strangled", code="yes")
    assert [(record.said, record.code) for record in shown(knife, answer)] == [
        ("knife used", "knife"),
        ("strangled or choked", "yes"),
    ]


def test_how_exactly_each_record_is_dated() -> None:
    stated = happening(5, 4, kind="relationship_recorded", code="partner")
    precisions = {
        record.event: (record.occurred_precision, record.recorded_precision)
        for record in shown(stated, happening(6, 3), happening(7, 2), happening(8, 1), happening(9, 1))
    }
    assert precisions == {
        show_id("E", 5): ("day", "day"),
        show_id("E", 6): ("day", "second"),
        show_id("E", 7): ("day", "day"),
        show_id("E", 8): ("unknown", "second"),
        show_id("E", 9): ("second", "second"),
    }


def test_a_course_of_conduct_has_its_place_at_its_end_and_says_when_it_began() -> None:
    began = AS_OF - 900 * DAY
    course = happening(1, 3, kind="stalking", began_at=began)
    timeline = shown(happening(2, 2), course, happening(3, 4), happening(4, 800))
    assert [record.event for record in timeline] == [show_id("E", event) for event in (2, 1, 3, 4)]
    assert [record.began_at == record.occurred_at for record in timeline] == [True, False, True, True]
    assert (timeline[1].began_at, timeline[1].occurred_at) == (instant(began), instant(AS_OF - 3 * DAY))
