"""The referrals of a list: each once, whatever happens in between, and none that tells the order."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from fixtures.casework_unit import ALL_SEALED, HOUR, MORNING, SAM, Unit, event
from sqlalchemy import func, select

from serving.audit.log import verify
from serving.casework import opening, views
from serving.casework.tables import ACTS, CASES, REFERRAL_EVENTS, REFERRALS
from serving.storage import connect, reading
from serving.storage.address import Address
from threat.ids import show_id


@pytest.fixture
def unit(database: Address) -> Iterator[Unit]:
    """A unit at work, once on each kind of database."""
    engine = connect(database)
    yield Unit(engine)
    engine.dispose()


def waiting(unit: Unit) -> list[tuple[str, int | None, list[int]]]:
    with reading(unit.engine) as connection:
        return sorted(
            (
                (each.kind, each.relationship, [event.event for event in each.events])
                for each in views.must_see_waiting(connection)
            ),
            key=str,
        )


def test_each_must_see_record_opens_one_referral_ever(unit: Unit):
    unit.publish("L-1", must_see={1: [event(7), event(8)], 2: [event(7)]}, for_review=[1, 3])
    assert waiting(unit) == [("must_see", 1, [7, 8]), ("must_see", 2, [7])]
    unit.publish("L-2", must_see={1: [event(8), event(9)], 2: [event(7)]}, for_review=[1, 2, 3])
    assert waiting(unit) == [("must_see", 1, [7, 8]), ("must_see", 1, [9]), ("must_see", 2, [7])]
    with reading(unit.engine) as connection:
        assert views.kinds_waiting(connection) == {"list": 1, "must_see": 3}


def test_a_list_that_is_opened_again_opens_nothing(unit: Unit):
    first = unit.publish("L-1", must_see={1: [event(7)]}, for_review=[2])
    assert first is not None
    assert (first.must_see, first.for_review, first.questions) == (1, 1, 0)
    before = unit.rows()
    assert unit.publish("L-1", must_see={1: [event(7)]}, for_review=[2]) is None
    assert unit.rows() == before


def test_no_look_back_closes_a_referral(unit: Unit):
    unit.publish("L-1", must_see={1: [event(7)]})
    unit.at += 9 * 86_400
    unit.publish("L-2")
    with reading(unit.engine) as connection:
        [referral] = views.must_see_waiting(connection)
    assert (referral.arrived_at, referral.due_at) == (MORNING, MORNING + HOUR)
    assert referral.is_overdue(unit.at)


def test_rows_for_review_open_nothing_where_something_waits(unit: Unit):
    unit.publish("L-1", for_review=[1])
    unit.at += 7 * 86_400
    unit.publish("L-2", for_review=[1, 2])
    with reading(unit.engine) as connection:
        assert [(case.relationship, case.arrived_at) for case in views.triage_waiting(connection)] == [
            (1, MORNING),
            (2, unit.at),
        ]


def test_a_graded_case_is_put_before_the_unit_again_by_the_next_list(unit: Unit):
    case_id = unit.waiting_case()
    unit.grade(case_id, "keep_in_view")
    unit.publish("L-9", for_review=[1])
    case = unit.case(case_id)
    assert (case.state, case.closed_because, [row.kind for row in case.referrals]) == ("watching", "ungraded", ["list"])


def test_an_event_that_no_relationship_covers_is_a_question_until_one_does(unit: Unit):
    unit.publish("L-1", must_see={0: [event(7)]})
    assert waiting(unit) == [("link_question", None, [7])]
    unit.publish("L-2", must_see={0: [event(7)]})
    assert waiting(unit) == [("link_question", None, [7])]
    unit.publish("L-3", must_see={5: [event(7)]})
    assert waiting(unit) == [("must_see", 5, [7])]
    unit.publish("L-4", must_see={0: [event(7)]})  # the link was withdrawn: it was seen in a relationship all the same
    assert waiting(unit) == [("must_see", 5, [7])]


def test_a_severe_row_in_quarantine_is_a_question_once(unit: Unit):
    unit.publish("L-1", quarantined=[event(3, "quarantined")])
    unit.publish("L-2", quarantined=[event(3, "quarantined"), event(4, "quarantined")])
    assert waiting(unit) == [("link_question", None, [3]), ("link_question", None, [4])]


def test_two_cases_of_one_pair_are_asked_about_once(unit: Unit):
    unit.publish("L-1", for_review=[1, 2])
    cases = [unit.case_of(1), unit.case_of(2)]
    for number in (2, 3):
        unit.publish(f"L-{number}", same_pair=[cases])
    first = unit.case(cases[0])
    assert sorted(row.kind for row in first.referrals) == ["link_question", "list"]
    assert first.version == 2
    unit.grade(cases[0])  # the question does not stand in the way, and no grade answers it
    assert [row.kind for row in unit.case(cases[0]).referrals] == ["link_question"]
    assert unit.case(cases[0]).closed_because == ""


@pytest.mark.parametrize(("one_in", "sealed"), [(ALL_SEALED, 20), (10, 3)])
def test_the_sealed_share_is_drawn_when_the_list_is_opened(unit: Unit, one_in: int, sealed: int):
    unit.sealed_one_in = one_in
    unit.publish(must_see={number: [event(number)] for number in range(1, 11)}, for_review=range(11, 21))
    with reading(unit.engine) as connection:
        drawn = connection.execute(select(func.count()).where(REFERRALS.c.sealed)).scalar_one()
    assert drawn == sealed


def test_nothing_follows_the_order_of_the_list(unit: Unit):
    """A list is opened by the ids of its relationships, and read by due time and a random reference."""
    order = [9, 3, 7, 1, 5]
    unit.publish(for_review=order)
    with reading(unit.engine) as connection:
        audit = select(REFERRALS.c.relationship).join(ACTS, ACTS.c.act_id == REFERRALS.c.act_id)
        assert list(connection.execute(audit.order_by(ACTS.c.audit)).scalars()) == sorted(order)
        by_reference = sorted(connection.execute(select(CASES.c.id, CASES.c.relationship)).all())
        shown = [case.relationship for case in views.triage_waiting(connection)]
    assert shown == [row.relationship for row in by_reference]


def test_all_of_a_list_or_nothing(unit: Unit, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object, **__: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(opening._Opening, "note_list", full)
        with pytest.raises(OSError, match="disk full"):
            unit.publish(must_see={1: [event(7)]}, for_review=[2])
    assert unit.rows() == (0, 0)
    assert unit.publish(must_see={1: [event(7)]}, for_review=[2]) is not None
    assert verify(unit.engine).entries == 3


def test_several_at_once_open_a_list_once(unit: Unit):
    opened = []
    threads = [
        threading.Thread(target=lambda: opened.append(unit.publish(must_see={1: [event(7)]}, for_review=range(2, 12))))
        for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in opened if each is not None]) == 1
    assert unit.rows() == (12, 12)
    with reading(unit.engine) as connection:
        assert connection.execute(select(func.count()).select_from(REFERRAL_EVENTS)).scalar_one() == 1


def test_what_a_person_asks_brings_a_case_back_with_the_words_of_why(unit: Unit):
    unit.refer(1, why="He waits outside her work.", person=SAM)
    case_id = unit.case_of(1)
    with reading(unit.engine) as connection:
        [line] = views.history(connection, case_id)
    assert (line.act, line.state_from, line.state_to, line.version) == ("refer", "none", "waiting", 1)
    assert dict(line.texts) == {"why": "He waits outside her work."}
    assert show_id("R", 1) not in line.texts["why"]
