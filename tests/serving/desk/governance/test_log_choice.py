"""What the form of the audit log sends: filters, days and a page; what is typed wrong is said and chooses nothing."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.audit.reading import Wanted
from serving.desk.governance.log_choice import OPERATIONS, OUTCOMES, ROLES_LOGGED, log_choice_of

DAY = "Write the day as a year, a month and a day, such as 2026-11-28."
REFERENCE = "A reference has letters, digits, dots, colons and dashes, such as R-0123456789abcdef."

SESSION = "The mark of a session has 16 digits and letters from a to f, as an entry shows it."


def test_each_field_chooses_entries() -> None:
    query = {"role": "admin", "operation": "access", "outcome": "refused", "reference": " R-1 ", "last": "9"}
    query |= {"session": "0123456789abcdef", "since": "2026-11-01", "until": "2026-11-30", "page": "3"}
    choice = log_choice_of(query)
    days = {"since": date(2026, 11, 1), "until": date(2026, 11, 30)}
    assert choice.wanted() == Wanted("admin", "access", "refused", "R-1", "0123456789abcdef", **days, last=9)
    assert (choice.page, choice.errors, choice.is_plain()) == (3, {}, False)


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({"since": "yesterday"}, {"since": DAY}),
        ({"until": "2026-02-30"}, {"until": DAY}),
        ({"until": "9999-12-31"}, {"until": DAY}),
        ({"since": "2026-W01-1"}, {"since": DAY}),
        ({"since": "٢٠٢٦-01-01"}, {"since": DAY}),
        ({"reference": "Sam Example"}, {"reference": REFERENCE}),
        ({"reference": "R" * 81}, {"reference": REFERENCE}),
        ({"session": "0123"}, {"session": SESSION}),
        ({"session": "Sam Example 1234"}, {"session": SESSION}),
        ({"since": "2026-11-02", "until": "2026-11-01"}, {"until": "The last day is before the first."}),
    ],
)
def test_what_is_typed_wrong_is_said_and_chooses_nothing(query: dict[str, str], errors: dict[str, str]) -> None:
    choice = log_choice_of(query)
    assert choice.errors == errors
    right = {name: value for name, value in query.items() if name not in errors}
    assert choice.wanted() == log_choice_of(right).wanted()


@pytest.mark.parametrize(
    "query", [{}, {"role": "spy"}, {"operation": ""}, {"page": "0"}, {"page": "-1"}, {"page": "٣"}, {"last": "x"}]
)
def test_what_the_form_cannot_send_is_left_out(query: dict[str, str]) -> None:
    assert log_choice_of(query).is_plain()


CHOICES = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(list(ROLES_LOGGED)),
        "operation": st.sampled_from(list(OPERATIONS)),
        "outcome": st.sampled_from(list(OUTCOMES)),
        "reference": st.from_regex(r"[A-Z]-[0-9a-f]{16}", fullmatch=True),
        "since": st.dates(date(2020, 1, 1), date(2025, 1, 1)).map(str),
        "until": st.dates(date(2025, 1, 1), date(2030, 1, 1)).map(str),
        "page": st.integers(1, 999).map(str),
        "last": st.integers(1, 10**6).map(str),
    },
)


@given(CHOICES)
def test_an_address_says_all_that_was_chosen(query: dict[str, str]) -> None:
    choice = log_choice_of(query)
    address = urlsplit(choice.address())
    assert address.path == "/audit-log"
    assert log_choice_of(dict(parse_qsl(address.query))) == choice
    for _, _, without in choice.chosen():
        fewer = log_choice_of(dict(parse_qsl(urlsplit(without).query)))
        assert len(fewer.fields) == len(choice.fields) - 1
        assert (fewer.page, fewer.last) == (1, 0)


def test_what_is_chosen_is_said_in_words() -> None:
    choice = log_choice_of({"role": "operator", "outcome": "not found", "since": "2026-11-01"})
    assert [(category, words) for category, words, _ in choice.chosen()] == [
        ("Role", "Operator"),
        ("Outcome", "Not found"),
        ("From", "2026-11-01"),
    ]
