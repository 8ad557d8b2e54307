"""Which records are of one incident, what is said first, where its card stands, and the gaps between."""

from __future__ import annotations

import pytest
from fixtures.case_files import AS_OF, OTHER, P, S, file_of, happening
from fixtures.feature_histories import Happening

from serving.desk.case.gaps import GAP_DAYS, Gap
from threat.asof import DAY


def grouped(*happenings: Happening) -> list[tuple[list[int], list[int], list[int]]]:
    """Events of each incident in order: what happened, what was assessed, what followed."""
    file = file_of(*happenings)
    return [
        tuple([int(file.sightings.event_id[j]) for j in rows] for rows in (i.happened, i.assessed, i.followed))
        for i in file.incidents
    ]  # type: ignore[misc]


def gaps(*happenings: Happening) -> list[tuple[float, float, int]]:
    """Gaps as days before the as-of, with the number of the incident that each is drawn under."""
    return [
        ((AS_OF - gap.began_at) / DAY, (AS_OF - gap.ended_at) / DAY, number)
        for number, drawn in sorted(file_of(*happenings).gaps.items())
        for gap in drawn
    ]


def test_records_of_one_incident_are_one_card_the_gravest_first() -> None:
    damage = happening(1, 5, kind="criminal_damage", incident_id=9)
    strangled = happening(2, 5, kind="non_fatal_strangulation", incident_id=9)
    injured = happening(3, 5, kind="assault_with_injury", incident_id=9)
    assert grouped(damage, strangled, injured, happening(4, 6)) == [([2, 3, 1], [], []), ([4], [], [])]


def test_a_charge_does_not_move_an_incident_and_stands_inside_it() -> None:
    stalking = happening(1, 100, kind="stalking", incident_id=9)
    charge = happening(2, 10, kind="charge", incident_id=9)
    order = happening(3, 5, kind="restraining_order", incident_id=9)
    grade = happening(4, 99, kind="risk_grade", code="high", incident_id=9)
    assert grouped(order, charge, stalking, grade, happening(5, 50)) == [([5], [], []), ([1], [4], [2, 3])]


def test_what_follows_nothing_on_record_is_what_happened() -> None:
    custody = happening(1, 30, kind="custody", code="remand", about=S, incident_id=9)
    release = happening(2, 10, kind="release", code="bail", about=S, incident_id=9)
    assert grouped(custody, release) == [([1, 2], [], [])]
    incident = file_of(custody, release).incidents[0]
    assert (incident.began_at, incident.occurred_at) == (AS_OF - 30 * DAY, AS_OF - 10 * DAY)


def test_an_assessment_alone_is_a_card_in_the_order_of_the_form() -> None:
    sexual = happening(1, 5, kind="item_sexual", code="no", incident_id=9)
    frightened = happening(2, 5, kind="item_frightened", code="yes", incident_id=9)
    grade = happening(3, 5, kind="risk_grade", code="high", incident_id=9)
    assert grouped(sexual, frightened, grade) == [([], [3, 2, 1], [])]


def test_what_is_still_to_come_is_a_card_of_its_own_before_all_others() -> None:
    order = happening(1, 20, kind="restraining_order", incident_id=9)
    expiry = happening(2, -30, recorded=20, kind="order_expiry", incident_id=9)
    file = file_of(order, expiry, happening(3, 1))
    assert [incident.ahead for incident in file.incidents] == [True, False, False]
    assert grouped(order, expiry, happening(3, 1)) == [([2], [], []), ([3], [], []), ([1], [], [])]


def test_latest_first_then_what_was_recorded_later_then_the_graver() -> None:
    late = happening(1, 5, recorded=2)
    graver = happening(2, 5, recorded=4, kind="non_fatal_strangulation")
    lesser = happening(3, 5, recorded=4, kind="harassment")
    assert grouped(lesser, graver, happening(4, 6), late) == [
        ([1], [], []),
        ([2], [], []),
        ([3], [], []),
        ([4], [], []),
    ]


def test_a_course_of_conduct_has_its_place_at_its_end() -> None:
    course = happening(1, 3, kind="stalking", began_at=AS_OF - 900 * DAY)
    file = file_of(happening(2, 2), course, happening(3, 4))
    assert grouped(happening(2, 2), course, happening(3, 4)) == [([2], [], []), ([1], [], []), ([3], [], [])]
    assert (file.incidents[1].began_at, file.incidents[1].occurred_at) == (AS_OF - 900 * DAY, AS_OF - 3 * DAY)


@pytest.mark.parametrize(("days", "drawn"), [(GAP_DAYS, False), (GAP_DAYS + 0.001, True), (365, True)])
def test_more_than_three_months_between_two_records_are_a_gap(days: float, drawn: bool) -> None:
    found = gaps(happening(1, 10), happening(2, 10 + days))
    assert bool(found) is drawn
    assert all(number == 0 for _, _, number in found)  # under the later card


def test_a_gap_up_to_the_list_is_drawn_before_the_first_card() -> None:
    assert gaps(happening(1, 91), happening(2, 400)) == [(91, 0, -1), (400, 91, 0)]


def test_anything_of_either_party_ends_a_gap_and_a_course_fills_it() -> None:
    early, late = happening(1, 400), happening(2, 10)
    elsewhere = happening(3, 200, subject=P, at_risk=OTHER, kind="theft")
    course = happening(4, 20, kind="stalking", began_at=AS_OF - 350 * DAY)
    assert gaps(early, late, elsewhere) == [(200, 10, 0), (400, 200, 1)]
    assert gaps(early, late, course) == []


def test_what_is_ahead_or_of_no_known_date_ends_no_gap() -> None:
    release = happening(3, -2, recorded=5, kind="release", about=S)
    undated = happening(8, 150, kind="murder", at_risk=OTHER)
    assert gaps(happening(1, 300), happening(2, 10), release, undated) == [(300, 10, 1)]


def test_a_gap_that_what_followed_ended_is_drawn_above_the_incident() -> None:
    stalking = happening(1, 400, kind="stalking", incident_id=9)
    charge = happening(2, 50, kind="charge", incident_id=9)
    assert gaps(stalking, charge) == [(400, 50, -1)]


def test_the_days_of_a_gap() -> None:
    assert Gap(0, 100 * DAY - 1).days == 99
    assert file_of().gaps == {}
