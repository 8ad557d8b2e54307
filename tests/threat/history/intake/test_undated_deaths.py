"""A death that is recorded ends candidacy from its recording, whatever its date says; other kinds are not kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fixtures.case_force import Force, ev, pid
from fixtures.drawn import drawn
from hypothesis import example, given
from hypothesis import strategies as st

from threat.asof import parse_as_of
from threat.eligibility import eligible
from threat.outcomes import occurrences
from threat.policy import load_policy

STALKING = [ev("stalking", f"2024-03-0{day}T10:00", event=f"E{day}") for day in (1, 2)]
RECORDED = "2024-04-01T09:00+00:00"
PLACEHOLDERS = ("1900-01-01", "1901-01-01T00:00", "", "not known", "00/00/0000", "2024-06-01", "9999-12-31")
DEATHS = {
    "murder": {},
    "manslaughter": {},
    "suspected_suicide": {"s": None, "v": None, "person": "v"},
    "death": {"s": None, "v": None, "person": "v"},
}


def death(kind: str, occurred: str, recorded: str = RECORDED, **more: object) -> dict[str, object]:
    return ev(kind, "x", recorded, **({"event": "D"} | DEATHS[kind] | more)) | {"occurred_at": occurred}  # type: ignore[arg-type]


def is_considered(force: Force, as_of: int) -> bool:
    return len(eligible(force.snapshot, as_of, load_policy()).rows) == 1


def stored(force: Force) -> list[tuple[int, int, str | None]]:
    rows = force.q("SELECT * FROM events WHERE source_id = 'D' OR kind IN ('murder', 'death') ORDER BY recorded_at")
    return [(row["occurred_at"], row["recorded_at"], row["occurred_precision"]) for row in rows]


@pytest.mark.parametrize("kind", DEATHS)
@pytest.mark.parametrize("date", PLACEHOLDERS)
def test_the_dead_are_not_considered_from_the_recording_on(kind: str, date: str) -> None:
    force = Force({"events": [*STALKING, death(kind, date)]})
    at = parse_as_of(RECORDED)
    assert [is_considered(force, at + seconds) for seconds in (0, 1)] == [True, False]
    assert stored(force) == [(at, at, "unknown")]
    report = force.reports[0]
    assert (report["rows_quarantined"], report["exit_code"]) == (0, 6)
    (warning,) = report["warnings"]
    assert warning.startswith("1 death has a date or an end that cannot be (occurred_at")


def test_another_kind_with_such_a_date_is_quarantined() -> None:
    attempt = ev("attempted_murder", "1900-01-01", RECORDED, event="D")
    force = Force({"events": [*STALKING, attempt]})
    assert (force.reasons(), force.reports[0]["warnings"]) == ({"impossible_date": 1}, [])


def test_a_death_that_has_another_fault_stays_quarantined() -> None:
    force = Force({"events": [*STALKING, death("death", "1900-01-01", code="of old age")]})
    assert force.reasons() == {"impossible_date": 1}
    assert force.reports[0]["severe_quarantined"] == 1


def test_a_death_before_a_birth_is_a_death_of_a_day_not_known() -> None:
    persons = [{"person": "v", "birth_year": 1985, "recorded_at": "2024-01-01"}]
    force = Force({"persons": persons, "events": [*STALKING, death("murder", "1931-05-01")]})
    at = parse_as_of(RECORDED)
    assert stored(force) == [(at, at, "unknown")]
    assert "occurred before the birth of a person named" in force.reports[0]["warnings"][0]
    # Also where the year says that the death was recorded before the birth.
    persons[0]["birth_year"] = 2025
    persons[0]["recorded_at"] = "2025-06-01"
    later = Force({"persons": persons, "events": [death("murder", "2024-03-20")]})
    assert stored(later) == [(at, at, "unknown")]


def test_what_is_wrong_with_a_death_is_said_as_it_is() -> None:
    for occurred, until, said in (
        ("", "", "occurred_at is empty"),
        ("2024-03-20", "soon", "until: soon"),
        ("2024-03-20", "2024-03-01", "until lies before occurred_at"),
    ):
        (warning,) = Force({"events": [death("murder", occurred, until=until)]}).reports[0]["warnings"]
        assert warning.startswith(f"1 death has a date or an end that cannot be ({said}). ")
        assert "a date that cannot be is read as not known, an end as none" in warning


def test_an_end_that_cannot_be_is_none() -> None:
    for until in ("1900-01-01", "2024-03-01"):
        force = Force({"events": [*STALKING, death("murder", "2024-03-20T08:00", until=until)]})
        assert stored(force) == [(parse_as_of("2024-03-20T08:00+00:00"), parse_as_of(RECORDED), None)]
        assert "until" in force.reports[0]["warnings"][0]
        assert not is_considered(force, parse_as_of("2024-04-02"))


def test_a_sound_row_of_the_same_file_says_it_all() -> None:
    rows = [death("murder", "1900-01-01"), death("murder", "2024-03-20T08:00")]
    for events in (rows, rows[::-1]):
        force = Force({"events": [*STALKING, *events]})
        assert sum(force.reasons().values()) == 1
        assert stored(force) == [(parse_as_of("2024-03-20T08:00+00:00"), parse_as_of(RECORDED), None)]


def test_a_homicide_without_a_date_is_an_outcome_of_its_recording() -> None:
    force = Force({"events": [*STALKING, death("murder", "1900-01-01")]})
    at = parse_as_of(RECORDED)
    frame = occurrences(force.snapshot, "Y1")
    assert frame[["subject_id", "person_at_risk_id", "occurred_at", "end_at", "recorded_at"]].to_numpy().tolist() == [
        [pid("s"), pid("v"), at, at + 1, at]
    ]


def test_a_death_without_a_reference_that_is_stamped_anew_each_night_is_one_event() -> None:
    nights = [{"events": [death("death", "1900-01-01", f"2024-04-0{day}", event="")]} for day in (3, 1, 2)]
    force = Force(*nights)
    first = parse_as_of("2024-04-01T23:59:59+01:00")
    assert stored(force) == [(first, first, "unknown")]


ROWS = st.lists(
    st.tuples(st.sampled_from([None, "2024-03-20T08:00"]), st.integers(1, 3)), min_size=1, max_size=4, unique=True
)


def _loads(rows: Sequence[tuple[str | None, int]]) -> Force:
    return Force(*({"events": [death("murder", date or "1900-01-01", f"2024-04-0{day}")]} for date, day in rows))


@drawn(20)
@given(ROWS)
@example([(None, 2), ("2024-03-20T08:00", 2), (None, 1)])
def test_no_order_of_loads_changes_which_date_a_death_has(rows: list[tuple[str | None, int]]) -> None:
    """The date is that of any row of its reference, and the death is known from the first of them."""
    recording = min(parse_as_of(f"2024-04-0{day}T23:59:59+01:00") for _, day in rows)
    date = next((date for date, _ in rows if date), None)
    expected = (recording, recording, "unknown") if date is None else (parse_as_of(f"{date}+00:00"), recording, None)
    for force in (_loads(rows), _loads(rows[::-1])):
        assert stored(force) == [expected]
        assert sum(force.reasons(load_number).get("key_reused", 0) for load_number in range(len(rows))) == 0


def test_a_date_after_the_first_recording_is_known_from_when_it_happened_in_any_order_of_loads() -> None:
    undated, dated = death("murder", "1900-01-01"), death("murder", "2024-04-10T08:00", "2024-05-01T00:00+00:00")
    happened = parse_as_of("2024-04-10T08:00+01:00")
    for first, second in ((undated, dated), (dated, undated)):
        assert stored(Force({"events": [first]}, {"events": [second]})) == [(happened, happened, None)]


def test_a_death_takes_no_date_from_a_row_that_names_other_parties() -> None:
    undated = death("murder", "1900-01-01", s="another")
    dated, at = death("murder", "2024-03-20T08:00", "2024-05-01T00:00+00:00"), parse_as_of(RECORDED)
    for first, second in ((undated, dated), (dated, undated)):
        assert stored(Force({"events": [first]}, {"events": [second]})) == [(at, at, "unknown")]


def test_the_date_may_come_as_a_correction_and_the_death_be_withdrawn() -> None:
    dated = death("murder", "2024-03-20T08:00", "2024-05-01T00:00+00:00", event="D2", supersedes="D")
    withdrawn = ev("withdrawn", "2024-06-01T00:00+00:00", event="W", supersedes="D2", s=None, v=None)
    force = Force({"events": [*STALKING, death("murder", "1900-01-01")]}, {"events": [dated]}, {"events": [withdrawn]})
    assert force.reasons(1) == force.reasons(2) == {}
    days = ["2024-04-01", "2024-04-02", "2024-05-02", "2024-06-02"]
    assert [is_considered(force, parse_as_of(day)) for day in days] == [True, False, False, True]
    dates = [
        occurrences(force.snapshot, "Y1", recorded_before=parse_as_of(day))["occurred_at"].tolist() for day in days
    ]
    assert dates == [[], [parse_as_of(RECORDED)], [parse_as_of("2024-03-20T08:00+00:00")], []]


def test_a_death_without_a_date_moves_no_start_of_history() -> None:
    force = Force({"events": [*STALKING, death("murder", "1900-01-01")]})
    assert force.snapshot.sightings().history_start.tolist() == [parse_as_of("2024-03-01T10:00+00:00")]
