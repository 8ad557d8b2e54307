"""Time in custody is the union of what was known, and whoever is inside has no days at liberty meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.feature_histories import Happening, Link, sightings
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import DAY, NEVER
from threat.history.custody import Custody
from threat.history.sightings import NO_PERSON

S, T = 1, 2
LASTING = {"custody": NEVER, "hold": 4 * DAY, "mental_health_detention": 36 * 3600}


def stay(start: int, end: int | None, recorded: int | None = None, person: int = S, **more: object) -> Happening:
    until = NEVER if end is None else end * DAY
    known = (start if recorded is None else recorded) * DAY
    return Happening("custody", start * DAY, known, about=person, until=until, **more)  # type: ignore[arg-type]


def custody(day: int, *happenings: Happening, links: tuple[Link, ...] = ()) -> Custody:
    return Custody.at(sightings(happenings, links), day * DAY, LASTING)


def days(found: Custody, since: int, person: int = S) -> float:
    return float(found.seconds_since([person], since * DAY)[0] / DAY)


def test_overlapping_and_adjoining_stays_are_counted_once() -> None:
    found = custody(100, stay(10, 20), stay(15, 30), stay(12, 14), stay(30, 40), stay(50, 51))
    assert (found.start // DAY).tolist() == [10, 50]
    assert (found.end // DAY).tolist() == [40, 51]
    assert [days(found, since) for since in (0, 10, 25, 40, 50, 60)] == [31, 31, 16, 1, 1, 0]


def test_an_open_stay_and_a_sentence_with_a_date_last_to_the_as_of() -> None:
    found = custody(100, stay(90, None), stay(80, 400, person=T))
    assert days(found, 0) == 10
    assert days(found, 0, T) == 20
    assert found.until([S, T, 3, NO_PERSON]).tolist() == [NEVER, 400 * DAY, 0, 0]
    assert found.in_custody([S, T, 3]).tolist() == [True, True, False]


def test_the_last_second_of_a_stay_is_inside_and_its_end_is_not() -> None:
    found = sightings([stay(10, 20)])
    inside = [bool(Custody.at(found, 20 * DAY + seconds, LASTING).in_custody([S])[0]) for seconds in (-1, 0)]
    assert inside == [True, False]


def test_what_was_not_known_then_or_was_withdrawn_does_not_count() -> None:
    late = stay(10, 20, recorded=50)
    assert [days(custody(day, late), 0) for day in (50, 51)] == [0, 10]
    gone = stay(10, 20, withdrawn_at=30 * DAY)
    assert [days(custody(day, gone), 0) for day in (30, 31)] == [10, 0]
    assert days(custody(40, stay(10, 20, proactive=True)), 0) == 0


@pytest.mark.parametrize(("kind", "open_days"), [("hold", 4), ("mental_health_detention", 1.5)])
def test_without_an_end_on_record_a_stay_lasts_as_long_as_its_kind_can(kind: str, open_days: float) -> None:
    def other(start: int, until: int) -> Happening:
        return Happening(kind, start * DAY, start * DAY, about=S, until=until)

    found = custody(100, stay(10, 20), other(20, 40 * DAY), other(60, 120 * DAY))
    assert (days(found, 0), found.until([S]).tolist()) == (70, [120 * DAY])
    an_open_stay = sightings([other(20, NEVER)])
    end = int((20 + open_days) * DAY)
    assert days(Custody.at(an_open_stay, 100 * DAY, LASTING), 0) == open_days
    inside = [bool(Custody.at(an_open_stay, end + second, LASTING).in_custody([S])[0]) for second in (-1, 0)]
    assert inside == [True, False]
    # The end is on no record, and a kind that is not asked for is no stay.
    assert len(Custody.at(an_open_stay, 100 * DAY, LASTING, assume_ends=False).end) == 0
    assert len(Custody.at(an_open_stay, 100 * DAY, {"custody": NEVER}).end) == 0


def test_stays_under_two_references_of_one_person_are_one_union() -> None:
    link = (Link(T, S, 30 * DAY),)
    both = (stay(10, 20), stay(15, 25, person=T))
    assert days(custody(30, *both, links=link), 0) == 10
    assert days(custody(31, *both, links=link), 0) == 15


@given(
    st.lists(
        st.tuples(st.sampled_from([S, T]), st.integers(0, 40), st.one_of(st.none(), st.integers(0, 15))), max_size=8
    ),
    st.integers(1, 60),
    st.integers(0, 60),
)
def test_the_union_agrees_with_counting_day_by_day(
    stays: list[tuple[int, int, int | None]], day: int, since: int
) -> None:
    happenings = [stay(start, None if long is None else start + long, person=who) for who, start, long in stays]
    found = custody(day, *happenings)
    for person in (S, T):
        spans = [
            (start, NEVER if long is None else start + long)
            for who, start, long in stays
            if who == person and start < day
        ]
        inside = [moment for moment in range(since, day) if any(a <= moment < b for a, b in spans)]
        assert days(found, since, person) == len(inside)
        assert found.seconds_at_liberty([person], since * DAY)[0] == (day - since - len(inside)) * DAY
        assert bool(found.in_custody([person])[0]) == any(a <= day < b for a, b in spans)


def test_one_look_up_a_person() -> None:
    found = custody(100, stay(10, 20), stay(30, 50, person=T))
    since = np.array([15, 15, 40, 0]) * DAY
    assert (found.seconds_since([S, T, T, NO_PERSON], since) // DAY).tolist() == [5, 20, 10, 0]
