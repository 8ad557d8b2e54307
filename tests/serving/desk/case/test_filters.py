"""What an incident can be chosen by, and what a choice lets through."""

from __future__ import annotations

import pytest
from fixtures.case_files import AS_OF, OTHER, P, S, file_of, happening
from pydantic import ValidationError

from serving.desk.case.filters import GROUPS, Choice, options_of
from threat.asof import DAY, parse_as_of
from threat.vocabulary import themes

FILE = file_of(
    happening(1, 3, kind="stalking", began_at=parse_as_of("2022-06-01")),
    happening(2, 5, recorded=2, kind="non_fatal_strangulation", incident_id=9),
    happening(3, 4, kind="item_strangled", code="yes", incident_id=9),
    happening(4, 400, subject=P, at_risk=S, kind="assault_without_injury"),
    happening(5, 500, at_risk=OTHER, kind="theft"),
    happening(6, 600, about=P, kind="self_harm"),
    since=AS_OF - 2 * DAY,
)


def chosen(**fields: object) -> list[int]:
    """Numbers of the incidents that a choice lets through, latest first from 0."""
    return FILE.chosen(Choice(**fields))  # type: ignore[arg-type]


def test_each_theme_of_the_vocabulary_is_in_one_group() -> None:
    grouped = [theme for _, of_group in GROUPS.values() for theme in of_group]
    assert sorted(grouped) == sorted(themes())


@pytest.mark.parametrize(
    ("fields", "numbers"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"lane": ["this_way"]}, [0, 1]),
        ({"lane": ["other_way", "subject_elsewhere"]}, [2, 3]),
        ({"lane": ["one_person"]}, [4]),
        ({"kind": ["violence"]}, [1, 2]),
        ({"kind": ["assessment"]}, [1]),
        ({"kind": ["suicidality", "stalking"]}, [0, 4]),
        ({"year": [2024]}, [0, 1]),
        ({"year": [2023]}, [0, 2, 3]),  # the course of conduct went on all that year
        ({"year": [2022]}, [0, 4]),
        ({"year": [1999]}, []),
        ({"only": ["new"]}, [1]),
        ({"only": ["must_see"]}, [1]),
        ({"lane": ["this_way"], "kind": ["stalking"], "year": [2022]}, [0]),
        ({"lane": ["other_way"], "kind": ["stalking"]}, []),
    ],
)
def test_values_of_a_field_widen_and_fields_narrow(fields: dict[str, object], numbers: list[int]) -> None:
    assert chosen(**fields) == numbers
    assert Choice(**fields).narrows is bool(fields)  # type: ignore[arg-type]


def test_only_what_occurs_is_offered_with_how_many_incidents_have_it() -> None:
    offered = {field.name: field.counted for field in options_of(FILE.facets)}
    assert offered["lane"] == [
        ("this_way", "Subject towards person at risk (2)"),
        ("other_way", "Person at risk towards subject (1)"),
        ("subject_elsewhere", "The subject and someone else (1)"),
        ("one_person", "About one of the two (1)"),
    ]
    assert offered["year"] == [(2024, "2024 (2)"), (2023, "2023 (3)"), (2022, "2022 (2)")]
    assert offered["only"] == [("new", "New since the last list (1)"), ("must_see", "Must see (1)")]
    assert offered["kind"][0] == ("violence", "Violence and weapons (2)")


def test_a_choice_is_taken_back_value_by_value_and_starts_at_its_first_page() -> None:
    choice = Choice(lane=["this_way"], year=[2023, 2024], page=3)
    assert choice.query() == "lane=this_way&year=2023&year=2024&page=3"
    assert choice.without("year", 2023).query() == "lane=this_way&year=2024"
    assert Choice().query() == ""


@pytest.mark.parametrize("fields", [{"lane": ["north"]}, {"kind": ["x"]}, {"page": 0}, {"only": ["new"] * 3}])
def test_what_no_form_offers_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Choice(**fields)  # type: ignore[arg-type]
