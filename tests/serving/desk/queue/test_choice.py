"""Filters, a sort and a page of the review list are read from its address and written to it."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from fixtures.desk_browser import client_of
from hypothesis import given
from hypothesis import strategies as st

from serving.desk.back import own_address
from serving.desk.queue.choice import LATEST, MARKERS, SORTS, Choice, choice_of
from threat.errors import UsageError
from threat.history.schema import RELATIONSHIP_KINDS

CHOICES = st.builds(
    Choice,
    markers=st.lists(st.sampled_from(list(MARKERS)), unique=True).map(tuple),
    relations=st.lists(st.sampled_from(RELATIONSHIP_KINDS), unique=True).map(tuple),
    latest=st.sampled_from(["", *LATEST]),
    new=st.booleans(),
    must_see=st.booleans(),
    sort=st.sampled_from(list(SORTS)),
    page=st.integers(1, 999_999),
)


@given(CHOICES)
def test_an_address_says_the_whole_choice(choice: Choice) -> None:
    address = choice.address()
    assert choice_of(parse_qsl(urlsplit(address).query)) == choice
    assert own_address(address) == address  # so a relationship leads back to it


@given(CHOICES)
def test_each_filter_can_be_taken_away_by_its_own_address(choice: Choice) -> None:
    chosen = choice.chosen()
    assert (
        len(chosen) == len(choice.markers) + len(choice.relations) + bool(choice.latest) + choice.new + choice.must_see
    )
    assert choice.filters == bool(chosen)
    for _, _, address in chosen:
        left = choice_of(parse_qsl(urlsplit(address).query))
        assert len(left.chosen()) == len(chosen) - 1
        assert (left.sort, left.page) == (choice.sort, 1)
    assert choice_of(parse_qsl(urlsplit(choice.without_filters()).query)) == Choice(sort=choice.sort)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("marker", "murder"),
        ("relation", "neighbour"),
        ("latest", "1"),
        ("new", "no"),
        ("must_see", "1"),
        ("sort", "name"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "2.5"),
        ("page", "two"),
        ("page", "\u0662"),  # a digit of another script
        ("page", "1" * 5000),
    ],
)
def test_a_value_that_the_form_does_not_offer_is_refused_and_named(desk, name: str, value: str) -> None:
    with pytest.raises(UsageError) as error:
        choice_of([(name, value)])
    assert error.value.value == value
    assert error.value.where == name
    answer = client_of(desk).get("/", params={name: value})
    assert answer.status_code == 422
    assert value[:100] in answer.text


def test_what_was_left_empty_and_other_names_choose_nothing() -> None:
    fields = [
        ("marker", ""),
        ("relation", ""),
        ("latest", ""),
        ("sort", ""),
        ("page", ""),
        ("back", "/"),
        ("colour", "red"),
    ]
    assert choice_of(fields) == Choice()
