"""Filters keep the rows they say, sorts lose none, pages share them out, and what is left out is counted."""

from __future__ import annotations

import re

import pytest
from fixtures.desk_browser import client_of
from fixtures.golden_lists import REFERENCE
from fixtures.graded import every_place_of
from hypothesis import given
from hypothesis import strategies as st

from serving.desk.queue.choice import LATEST, MARKERS, MOST_ROWS, SORTS, Choice
from serving.desk.queue.shown import RowFacts, facts_of, shown_rows
from threat.asof import parse_as_of
from threat.history.schema import RELATIONSHIP_KIND_TITLES, RELATIONSHIP_KINDS

pytestmark = pytest.mark.usefixtures("every_place")

FRESHNESS = ("under 1 day", "1 to 7 days", "8 to 90 days", "over 90 days")

FACTS = st.lists(
    st.builds(
        RowFacts,
        markers=st.frozensets(st.sampled_from(list(MARKERS)[:3])),
        relation=st.sampled_from(RELATIONSHIP_KINDS[:3]),
        freshness=st.sampled_from(FRESHNESS),
        changed=st.booleans(),
        must_see=st.booleans(),
        last_recorded_at=st.integers(0, 5),
        last_incident_at=st.integers(0, 5),
    ),
    max_size=80,
)

CHOICES = st.builds(
    Choice,
    markers=st.lists(st.sampled_from(list(MARKERS)[:3]), unique=True, max_size=2).map(tuple),
    relations=st.lists(st.sampled_from(RELATIONSHIP_KINDS[:3]), unique=True, max_size=2).map(tuple),
    latest=st.sampled_from(["", *LATEST]),
    new=st.booleans(),
    must_see=st.booleans(),
    sort=st.sampled_from(list(SORTS)),
)


def kept(choice: Choice, row: RowFacts) -> bool:
    """The rule of the filters, said once more in another way."""
    oldest = {"day": 0, "week": 1, "quarter": 2}.get(choice.latest, 3)
    age = FRESHNESS.index(row.freshness)
    rules = [
        choice.markers == () or bool(set(choice.markers) & row.markers),
        choice.relations == () or row.relation in choice.relations,
        age == 3 if choice.latest == "older" else age <= oldest,
        not choice.new or row.changed,
        not choice.must_see or row.must_see,
    ]
    return all(rules)


@given(FACTS, CHOICES)
def test_the_pages_hold_every_row_that_the_filters_keep_once(facts: list[RowFacts], choice: Choice) -> None:
    pages = [shown_rows(facts, choice)]
    while pages[-1].choice.page < pages[-1].pages:
        pages.append(shown_rows(facts, Choice(**{**fields(choice), "page": pages[-1].choice.page + 1})))
    at = [position for page in pages for position in page.positions]
    assert sorted(at) == [i for i, row in enumerate(facts) if kept(choice, row)]
    assert all(0 < len(page.positions) <= MOST_ROWS for page in pages) or at == []
    assert {page.matching for page in pages} == {len(at)}
    assert {page.total for page in pages} == {len(facts)}
    counts = [sum(name in row.markers for row in facts) for name in MARKERS]
    there = [
        f"{title} ({n})"
        for (name, title), n in zip(MARKERS.items(), counts, strict=True)
        if n or name in choice.markers
    ]
    assert [text for _, text in pages[0].marker_options] == there
    hidden = [row for i, row in enumerate(facts) if i not in at and row.must_see]
    assert pages[0].must_see_left_out == len(hidden)
    if choice.sort == "order":
        assert at == sorted(at)
    else:
        name = {"record": "last_recorded_at", "incident": "last_incident_at"}[choice.sort]
        assert at == sorted(at, key=lambda i: (-getattr(facts[i], name), i))


def fields(choice: Choice) -> dict[str, object]:
    return {name: getattr(choice, name) for name in choice.__slots__}


@given(FACTS, CHOICES, st.integers(1, 9))
def test_no_page_is_beyond_the_last_and_the_links_lead_to_pages_that_are_there(
    facts: list[RowFacts], choice: Choice, page: int
) -> None:
    rows = shown_rows(facts, Choice(**{**fields(choice), "page": page}))
    assert rows.choice.page == min(page, rows.pages)
    links = rows.pagination()
    numbers = [item["number"] for item in links["items"] if "href" in item]
    assert numbers == sorted(set(numbers))
    assert {1, rows.choice.page, rows.pages} <= set(numbers) <= set(range(1, rows.pages + 1))
    assert [item["number"] for item in links["items"] if item.get("current")] == [rows.choice.page]
    assert ("previous" in links, "next" in links) == (rows.choice.page > 1, rows.choice.page < rows.pages)


def rows_of(count: int, **changes: object) -> list[RowFacts]:
    row = {
        "markers": frozenset(),
        "relation": "sibling",
        "freshness": "under 1 day",
        "changed": False,
        "must_see": False,
    }
    return [RowFacts(**{**row, "last_recorded_at": 0, "last_incident_at": 0, **changes})] * count


def test_what_is_shown_is_said_in_words() -> None:
    def said(facts: list[RowFacts], **choice: object) -> str:
        return shown_rows(facts, Choice(**choice)).sentence

    every = {"latest": "older", "new": True, "must_see": True}
    assert " shown (more than 90 days before the list, new record or new on the list, only must see). " in said(
        rows_of(1), **every
    )
    assert said([]) == "None of this list has a grade yet."
    assert said(rows_of(1)) == "Showing 1 relationship with a grade."
    assert said(rows_of(4)) == "Showing 4 relationships with a grade."
    assert said(rows_of(60), page=2) == "Showing 26 to 50 of 60 relationships with a grade."
    assert said(rows_of(60), page=3, sort="record") == (
        "Showing 51 to 60 of 60 relationships with a grade. Sorted by latest record; the rank is the place in the "
        "order."
    )
    assert said(rows_of(51), page=3) == "Showing number 51 of 51 relationships with a grade."
    mixed = rows_of(12) + rows_of(38, relation="parent") + rows_of(3, relation="parent", must_see=True)
    assert said(mixed, relations=("sibling",)) == (
        "12 of 53 relationships with a grade shown (sibling of the subject). 41 not shown, 3 of them must see. Not "
        "being shown here is not a sign of safety; the must-see items above are all there, whatever is chosen."
    )
    assert said(mixed, relations=("parent",), page=2).startswith(
        "41 of 53 relationships with a grade shown (parent of the subject), here 26 to 41. 12 not shown. Not being"
    )
    assert said(mixed, relations=("child",)).startswith(
        "0 of 53 relationships with a grade shown (child of the subject). 53 not shown, 3 of them"
    )


def test_the_facts_are_those_of_the_rows_of_the_list(desk) -> None:
    facts = facts_of(every_place_of(desk.view()))
    rows = client_of(desk).get("/api/v1/queue").json()["rows"]
    for fact, row in zip(facts, rows, strict=True):
        assert fact.markers >= {marker["name"] for marker in row["markers"] if marker["name"] in MARKERS}
        assert RELATIONSHIP_KIND_TITLES[fact.relation] == row["relationship_kind"]
        assert fact.freshness == row["freshness"]
        assert fact.must_see == row["must_see"]
        assert fact.changed == (row["change"]["new_records"] > 0 or row["change"]["kind"] == "new")
        assert parse_as_of(row["last_recorded_at"]) == fact.last_recorded_at
        assert (parse_as_of(row["last_incident_at"]) if row["last_incident_at"] else 0) == fact.last_incident_at


def test_a_filter_leaves_the_must_see_items_where_they_are(desk) -> None:
    client = client_of(desk)
    everything, chosen = client.get("/").text, client.get("/?relation=parent").text
    section = re.compile(r'<section aria-labelledby="must-see">.*?</section>', re.DOTALL)
    without_back = [re.sub(r"(\?|&amp;)back=[^\"]*", "", section.search(text)[0]) for text in (everything, chosen)]
    assert without_back[0] == without_back[1]
    order = chosen[chosen.index('id="graded"') :]
    assert REFERENCE["G01"] not in order
    assert re.search(r'role="status" id="shown">\s*1 of 10 relationships with a grade shown', order)
    assert "Not being shown here is not a sign of safety" in order
