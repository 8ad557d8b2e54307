"""Who is around a person: each two people once, children, and others at risk of the same subject."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import quote

import numpy as np
import pyarrow as pa
from fixtures.desk_browser import Browser
from fixtures.family_force import person, relationship
from hypothesis import given
from hypothesis import strategies as st

from serving.desk.list_view import ListView
from serving.desk.people.around import relationships_of
from threat.history.sightings import NO_PERSON, Rows


def view_of(pairs: list[tuple[int, int]], ranked: set[int], safeguarded: set[int], since: list[int]) -> ListView:
    """A view of relationships 0, 1, ... between persons, of a list that ranks some of them."""
    view = ListView.__new__(ListView)
    ids = np.arange(len(pairs), dtype=np.int64)
    subject, at_risk = (np.array([pair[i] for pair in pairs], dtype=np.int64) for i in (0, 1))
    recorded = SimpleNamespace(relationship_id=ids, since=lambda as_of: np.array(since))
    view.snapshot = cast(Any, SimpleNamespace(relationships=recorded))
    view.listed = cast(
        Any,
        SimpleNamespace(
            rows=pa.table({"relationship_id": pa.array(sorted(ranked), pa.int64())}),
            safeguarding=[SimpleNamespace(relationship_id=number) for number in safeguarded],
            basis=SimpleNamespace(as_of=0),
        ),
    )
    view.in_force = Rows(ids, subject, at_risk, np.zeros(len(pairs), dtype=np.int64))
    return view


PERSONS = st.sampled_from([NO_PERSON, 1, 2, 3])


@given(data=st.data(), pairs=st.lists(st.tuples(PERSONS, PERSONS), min_size=1, max_size=8))
def test_every_relationship_of_a_person_is_there_once_under_its_two_people(
    data: st.DataObject, pairs: list[tuple[int, int]]
) -> None:
    numbers = st.sets(st.integers(0, len(pairs) - 1))
    ranked, safeguarded = data.draw(numbers), data.draw(numbers)
    since = data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)))
    involved = relationships_of(view_of(pairs, ranked, safeguarded, since), 1)
    listed = [number for each in involved for number in (each.relationship_id, *each.merged)]
    assert sorted(listed) == [number for number, pair in enumerate(pairs) if 1 in pair]
    assert len({each.parties for each in involved}) == len(involved)
    for each in involved:
        same = (each.relationship_id, *each.merged)
        assert all(pairs[number] == each.parties for number in same)
        first = min(same, key=lambda number: (number not in ranked, number not in safeguarded, since[number], number))
        assert each.relationship_id == first


def test_nobody_is_in_no_relationship() -> None:
    assert relationships_of(view_of([(1, NO_PERSON)], set(), set(), [0]), NO_PERSON) == []


def test_children_are_those_of_recorded_relationships_either_way_round(reviewer: Browser) -> None:
    body = reviewer.get(f"/api/v1/relationships/{relationship('man', 'ex')}").json()
    assert body["children_of_subject"] == [
        {"person": person("kid"), "age": "aged 8 or 9", "relationship": relationship("man", "kid")}
    ]
    assert body["children_of_person_at_risk"] == [
        {"person": person("teen"), "age": "aged 18 or 19", "relationship": relationship("teen", "ex")}
    ]
    assert (body["subject_age"], body["person_at_risk_age"]) == ("aged 33 or 34", "aged 31 or 32")


def test_others_at_risk_are_the_subject_s_other_relationships_and_no_one_else_s(reviewer: Browser) -> None:
    body = reviewer.get(f"/api/v1/relationships/{relationship('man', 'ex')}").json()
    assert [other["relationship"] for other in body["others_at_risk"]] == [
        relationship("man", "now"),
        relationship("man", "kid"),
        relationship("man", ""),
    ]
    body = reviewer.get(f"/api/v1/relationships/{relationship('teen', 'ex')}").json()
    assert body["others_at_risk"] == []


def test_the_page_of_a_relationship_links_the_people_around_it(reviewer: Browser) -> None:
    text = reviewer.get(f"/relationships/{relationship('man', 'ex')}").text
    back = quote(f"/relationships/{relationship('man', 'ex')}#others", safe="")
    section = text[text.index('id="others"') : text.index('id="unknown"')]
    for said in (
        "The subject is on record in 3 other relationships.",
        *(f'href="/people/{person(who)}?back={back}' for who in ("man", "now", "kid", "teen")),
        *(f'href="/relationships/{relationship("man", other)}?back={back}' for other in ("now", "kid", "")),
        "Aged 8 or 9",
        "Age not recorded",
        "1 Apr",
        "9 weeks ago",
        "Not known",
    ):
        assert said in section, said
    assert f'href="/relationships/{relationship("man", "ex")}' not in section
    head = text[text.index("moj-identity-bar") : text.index('id="others"')]
    assert "Aged 33 or 34" in head
    assert "Aged 31 or 32" in head


def test_where_nothing_is_on_record_nobody_is_reassured(reviewer: Browser) -> None:
    text = reviewer.get(f"/relationships/{relationship('teen', 'ex')}").text
    assert "No other relationship of the subject is on record. Others may be at risk all the same." in text
    assert "No child is on record as a person. Children who were never recorded may still be there." in text
