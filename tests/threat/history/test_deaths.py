"""Who is on record as dead, and whose death nobody had recorded yet."""

from __future__ import annotations

import numpy as np
from fixtures.feature_histories import Happening, Link, sightings
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import DAY
from threat.history.deaths import Deaths
from threat.history.sightings import NO_PERSON

S, V, W = 1, 2, 3


def deaths(*happenings: Happening, links: tuple[Link, ...] = ()) -> Deaths:
    numbered = [Happening(**{**fields(one), "event_id": number}) for number, one in enumerate(happenings, 1)]
    return Deaths.of(sightings(numbered, links))


def fields(happening: Happening) -> dict[str, object]:
    return {name: getattr(happening, name) for name in Happening.__dataclass_fields__}


def happening(kind: str, occurred: int, recorded: int, **more: int) -> Happening:
    return Happening(kind, occurred * DAY, recorded * DAY, **more)


def on_record(found: Deaths, day: int, *persons: int) -> list[bool]:
    return found.on_record(list(persons), day * DAY + 1).tolist()


def test_a_homicide_is_the_death_of_the_person_at_risk_from_its_recording_on() -> None:
    for kind in ("murder", "manslaughter"):
        found = deaths(happening(kind, 10, 12, subject=S, at_risk=V))
        assert found.on_record([S, V, NO_PERSON], 12 * DAY).tolist() == [False, False, False]
        assert on_record(found, 12, S, V, NO_PERSON) == [False, True, False]


def test_an_attempt_and_an_ordinary_record_are_no_death() -> None:
    found = deaths(
        happening("attempted_murder", 10, 10, subject=S, at_risk=V), happening("suicide_attempt", 10, 10, about=S)
    )
    assert on_record(found, 100, S, V) == [False, False]


def test_a_death_by_suicide_or_another_cause_is_of_the_person_it_is_about() -> None:
    for kind in ("suspected_suicide", "death"):
        assert on_record(deaths(happening(kind, 10, 10, about=S)), 10, S, V) == [True, False]


def test_the_dead_are_found_where_a_source_names_them_elsewhere() -> None:
    assert on_record(deaths(happening("murder", 10, 10, subject=S, about=V)), 10, S, V) == [False, True]
    assert on_record(deaths(happening("murder", 10, 10, subject=S, at_risk=V, about=W)), 10, S, V, W) == [
        *(False, True, False)
    ]
    assert on_record(deaths(happening("suspected_suicide", 10, 10, subject=S, at_risk=V)), 10, S, V) == [False, True]
    assert on_record(deaths(happening("suspected_suicide", 10, 10, subject=S)), 10, S) == [True]
    assert on_record(deaths(happening("death", 10, 10, subject=S, at_risk=V, about=W)), 10, S, V, W) == [
        *(False, False, True)
    ]


def test_a_death_recorded_in_error_ends_with_its_withdrawal() -> None:
    found = deaths(happening("death", 10, 20, about=V, withdrawn_at=30 * DAY))
    assert [on_record(found, day, V) for day in (19, 20, 29, 30)] == [[False], [True], [True], [False]]
    assert found.unrecorded([V], 15 * DAY).tolist() == [False]
    assert found.died_within([V], 5 * DAY, 30).tolist() == [False]


def test_a_death_under_another_reference_counts_while_the_merge_is_known() -> None:
    found = deaths(happening("death", 10, 10, about=W), links=(Link(W, V, 20 * DAY, 30 * DAY),))
    # The event is the survivor's while the link is in force, and nobody else's.
    assert [on_record(found, day, V, W) for day in (10, 20, 30)] == [[False, True], [True, False], [False, True]]


def test_died_and_not_yet_recorded() -> None:
    found = deaths(happening("murder", 10, 30, subject=S, at_risk=V))
    as_ofs = np.array([10 * DAY, 10 * DAY + 1, 30 * DAY, 30 * DAY + 1])
    assert found.unrecorded([V] * 4, as_ofs).tolist() == [False, True, True, False]
    assert found.unrecorded([S] * 4, as_ofs).tolist() == [False] * 4
    # Put right on day 40: between the two the first record says it.
    first = happening("death", 10, 30, about=V, withdrawn_at=40 * DAY)
    found = deaths(first, happening("murder", 9, 40, subject=S, at_risk=V))
    assert found.unrecorded([V] * 3, np.array([20, 35, 41]) * DAY).tolist() == [True, False, False]


def test_died_within_a_horizon_whenever_recorded() -> None:
    found = deaths(happening("death", 10, 500, about=V))
    as_ofs = np.array([10 * DAY, 10 * DAY + 1, 5 * DAY, 5 * DAY + 1])
    assert found.died_within([V] * 4, as_ofs, 5).tolist() == [True, False, False, True]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["murder", "death", "suspected_suicide", "stalking"]),
            st.sampled_from([S, V, W]),
            st.integers(0, 20),
            st.integers(0, 20),
            st.integers(1, 20),
        ),
        max_size=6,
    ),
    st.integers(0, 45),
)
def test_the_masks_agree_with_the_rows_one_by_one(rows: list[tuple[str, int, int, int, int]], day: int) -> None:
    happenings = []
    for kind, person, occurred, lag, stays in rows:
        who = {"about": person} if kind in {"death", "suspected_suicide"} else {"subject": 9, "at_risk": person}
        gone = (occurred + lag + stays) * DAY if stays < 15 else 1 << 62
        happenings.append(happening(kind, occurred, occurred + lag, **who, withdrawn_at=gone))
    found, at = deaths(*happenings), day * DAY
    for person in (S, V, W):
        of_person = [row for row in rows if row[1] == person and row[0] != "stalking"]
        seen = [row for row in of_person if row[2] + row[3] < day and (row[4] >= 15 or row[2] + row[3] + row[4] >= day)]
        assert found.on_record([person], at).tolist() == [bool(seen)]
        unknown = [row for row in of_person if row[2] < day <= row[2] + row[3] and row[4] >= 15]
        assert found.unrecorded([person], at).tolist() == [bool(unknown) and not seen]
