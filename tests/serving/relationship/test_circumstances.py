"""Custody, bail, orders in force, a coming release and death are stated on each row, whoever ranks."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.case_force import Force, ev, pid
from fixtures.feature_histories import Happening, rows, sightings

from serving.relationship.circumstances import circumstances
from threat.asof import NEVER, parse_as_of

AS_OF = parse_as_of("2024-06-01")
S, V, W = 1, 2, 3


def at(day: str) -> int:
    return parse_as_of(day)


def about(kind: str, since: str, until: str | None = None, person: int = S, **more: object) -> Happening:
    return Happening(kind, at(since), at(since), about=person, until=at(until) if until else NEVER, **more)  # type: ignore[arg-type]


def between(kind: str, since: str, until: str | None = None, at_risk: int = V, **more: object) -> Happening:
    end = at(until) if until else NEVER
    return Happening(kind, at(since), at(since), subject=S, at_risk=at_risk, until=end, **more)  # type: ignore[arg-type]


def stated(*happenings: Happening, as_of: int = AS_OF) -> list[str]:
    numbered = [
        Happening(**{name: getattr(one, name) for name in Happening.__dataclass_fields__} | {"event_id": number})
        for number, one in enumerate(happenings, 1)
    ]
    (of_row,) = circumstances(sightings(numbered), rows([(S, V, as_of)]), as_of, "UTC")
    return [fact.text for fact in of_row]


def test_a_sentence_that_ends_in_sixteen_years() -> None:
    inside = about("custody", "2021-03-02", "2040-05-01", code="sentence")
    assert stated(inside) == ["The subject is in custody (sentence) since 2 March 2021, until 1 May 2040"]
    assert stated(about("custody", "2024-05-20", person=V)) == [
        "The person at risk is in custody since 20 May 2024, no end is recorded"
    ]


@pytest.mark.parametrize(
    ("record", "is_stated"),
    [
        (about("custody", "2024-05-01", "2024-06-02"), True),
        (about("custody", "2024-05-01", "2024-06-01"), False),  # the end is the first instant at liberty
        (about("custody", "2024-06-01", "2024-07-01"), False),
        (about("custody", "2024-05-01", withdrawn_at=at("2024-05-30")), False),
        (about("custody", "2024-05-01", person=W), False),
        (about("custody", "2024-05-01", proactive=True), False),
    ],
)
def test_what_is_in_force(record: Happening, is_stated: bool) -> None:
    assert bool(stated(record)) == is_stated


def test_a_release_that_followed_an_open_stay_is_said_with_it() -> None:
    open_stay = about("custody", "2024-02-01", code="remand")
    assert stated(open_stay, about("release", "2024-05-03", code="bail")) == [
        "The subject is in custody (remand) since 1 February 2024, no end is recorded, but a release is recorded on "
        "3 May 2024"
    ]
    due = Happening("release", at("2024-06-09"), at("2024-05-30"), about=S, code="licence")
    assert stated(open_stay, due) == [
        "The subject is in custody (remand) since 1 February 2024, no end is recorded",
        "The subject is due for release (licence) on 9 June 2024",
    ]


def test_a_hold_is_over_with_the_release_that_follows() -> None:
    hold = about("hold", "2024-05-30")
    assert stated(hold) == ["The subject is held for another authority since 30 May 2024, no end is recorded"]
    assert stated(hold, about("release", "2024-05-31")) == []


def test_an_open_hold_or_detention_is_stated_for_as_long_as_it_stops_the_clock() -> None:
    hold, detention = about("hold", "2024-05-30"), about("mental_health_detention", "2024-05-31")
    assert stated(detention) == [
        "The subject is detained under mental-health powers since 31 May 2024, no end is recorded"
    ]
    for record, seconds in ((hold, 96 * 3600), (detention, 36 * 3600)):
        end = record.occurred_at + seconds
        assert [len(stated(record, as_of=as_of)) for as_of in (end - 1, end)] == [1, 0]
    with_end = about("mental_health_detention", "2024-03-01", "2024-07-01", person=V)
    assert stated(with_end) == [
        "The person at risk is detained under mental-health powers since 1 March 2024, until 1 July 2024"
    ]


def test_bail_is_over_from_its_end_however_it_is_recorded() -> None:
    bail = about("bail_granted", "2024-05-01", code="conditional")
    said = "The subject is on bail (conditional) since 1 May 2024, "
    assert stated(bail) == [f"{said}no end is recorded"]
    assert stated(bail, Happening("bail_end", at("2024-06-20"), at("2024-05-01"), about=S)) == [
        f"{said}until 20 June 2024"
    ]
    assert stated(bail, about("bail_end", "2024-05-20")) == []
    assert stated(about("bail_granted", "2024-05-01", "2024-05-31")) == []


def test_a_recorded_end_before_the_end_that_was_planned_is_said_with_it() -> None:
    stay = about("custody", "2024-02-01", "2024-07-01", code="sentence")
    assert stated(stay, about("release", "2024-05-03", code="licence")) == [
        "The subject is in custody (sentence) since 1 February 2024, until 1 July 2024, but a release is recorded on "
        "3 May 2024"
    ]
    assert stated(stay, about("release", "2024-01-03", code="bail")) == [
        "The subject is in custody (sentence) since 1 February 2024, until 1 July 2024"
    ]
    assert stated(about("bail_granted", "2024-05-01", "2024-07-01"), about("bail_end", "2024-05-20")) == [
        "The subject is on bail since 1 May 2024, until 1 July 2024, but an end of bail is recorded on 20 May 2024"
    ]
    order = between("restraining_order", "2024-01-01", "2025-01-01")
    assert stated(order, between("order_expiry", "2024-05-02")) == [
        "Restraining order towards this person since 1 January 2024, until 1 January 2025, but an expiry is recorded "
        "on 2 May 2024"
    ]
    assert stated(order, between("order_expiry", "2024-05-02", at_risk=W)) == [
        "Restraining order towards this person since 1 January 2024, until 1 January 2025"
    ]


def test_orders_between_the_two_and_no_others() -> None:
    order = between("non_molestation_order", "2024-01-01", "2025-01-01")
    for_another = between("restraining_order", "2024-01-01", at_risk=W)
    ended = between("stalking_order", "2023-01-01")
    expiry = Happening("order_expiry", at("2024-01-01"), at("2023-01-01"), subject=S, at_risk=V)
    assert stated(order, for_another) == [
        "Non-molestation order towards this person since 1 January 2024, until 1 January 2025"
    ]
    assert stated(ended, expiry) == []
    assert stated(between("restraining_order", "2024-01-01", at_risk=-1)) == [
        "Restraining order on the subject since 1 January 2024, no end is recorded"
    ]


def test_the_homicide_of_another_person_stays_on_the_row() -> None:
    assert stated(between("murder", "2019-07-01", at_risk=W)) == [
        "The subject is on record for the homicide of another person on 1 July 2019"
    ]
    assert stated(between("murder", "2024-05-01")) == [
        "The person at risk is on record as dead since 1 May 2024 (murder)"
    ]
    assert stated(about("death", "2024-05-01", proactive=True)) == [
        "The subject is on record as dead since 1 May 2024 (death that is no crime)"
    ]


def test_one_stay_of_two_systems_is_said_once_and_death_comes_first() -> None:
    said = stated(
        between("protection_order", "2024-05-02", code="notice"),
        about("custody", "2024-05-01", source="a"),
        about("custody", "2024-05-01", source="b"),
        between("manslaughter", "2019-07-01", at_risk=W),
    )
    assert said == [
        "The subject is on record for the homicide of another person on 1 July 2019",
        "The subject is in custody since 1 May 2024, no end is recorded",
        "Domestic abuse protection order or notice (notice) towards this person since 2 May 2024, no end is recorded",
    ]


def test_nobody_has_no_circumstances() -> None:
    unknown = sightings([about("custody", "2024-05-01")])
    assert circumstances(unknown, rows([(S, -1, AS_OF), (W, -1, AS_OF)]), AS_OF, "UTC")[1] == ()
    assert circumstances(unknown, rows([]), AS_OF, "UTC") == []


FORCE = {
    "events": [
        ev("attempted_murder", "2024-01-10"),
        ev("stalking", "2024-01-10", s="t", v="w"),
        {"event": "c", "kind": "custody", "person": "s", "code": "sentence", "occurred_at": "2024-01-11"}
        | {"until": "2040-01-01T10:00", "recorded_at": "2024-01-11", "domestic": "unknown"},
    ]
}


@pytest.mark.parametrize("rule", [None, "days_since_last"])
def test_every_ranking_states_them_also_beyond_capacity(rule: str | None) -> None:
    scored = Force(FORCE).scored("2024-06-01", rule)
    by_subject = {row["subject_id"]: row for row in scored.rows.to_pylist()}
    held = by_subject[pid("s")]
    assert [fact["text"] for fact in held["circumstances"]] == [
        "The subject is in custody (sentence) since 11 January 2024, until 1 January 2040"
    ]
    assert [(reason["theme"], reason["contribution"]) for reason in held["reasons"]][-1] == ("in_force", 0.0)
    assert by_subject[pid("t")]["circumstances"] == []
    assert all(reason["theme"] != "in_force" for reason in by_subject[pid("t")]["reasons"])
    fact = held["circumstances"][0]
    assert (fact["what"], fact["code"], fact["whom"], fact["until"]) == (
        *("custody", "sentence", "subject", at("2040-01-01T10:00+00:00")),
    )
    assert np.isfinite(held["score"])
