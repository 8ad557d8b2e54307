"""For any history: every visible record of both parties is on exactly one card of exactly one page."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from fixtures.case_files import inexact, page_of
from fixtures.drawn import drawn
from fixtures.feature_histories import AS_OF, histories, hit, sightings
from fixtures.incident_records import records_in
from hypothesis import given
from hypothesis import strategies as st

from serving.desk.case.file import PER_PAGE, CaseFile
from serving.desk.case.filters import GROUPS, ONLY, Choice, Group, Only
from serving.desk.case.gaps import GAP_DAYS
from serving.desk.case.lanes import LANES, Lane
from serving.desk.parties import Parties
from threat.asof import DAY
from threat.history.sightings import NO_PERSON
from threat.ids import parse_id, show_id

PARTIES = st.sampled_from([Parties(11, 12), Parties(12, 11), Parties(11, 13), Parties(11, NO_PERSON), Parties(99, 98)])


@st.composite
def files(draw: st.DrawFn) -> CaseFile:
    """A file of any history, sometimes with so many incidents more that it has several pages."""
    happenings, links = draw(histories())
    if draw(st.booleans()):
        happenings = [replace(h, incident_id=h.event_id) for h in happenings]
    happenings += [hit(100_000 + number, 10 + 40 * number) for number in range(draw(st.sampled_from([0, 0, 24, 60])))]
    made = sightings(happenings, links)
    must_see = {h.event_id for h in happenings[::5]}
    since = draw(st.sampled_from([0, AS_OF - 7 * DAY]))
    return CaseFile(made, draw(PARTIES), AS_OF, since, must_see, "Europe/London", inexact)


def visible(file: CaseFile) -> set[str]:
    """References of the events that either party has a sighting of at the as-of."""
    made = file.sightings
    owner = made.persons[made.owners()]
    of_party = np.isin(owner, [person for person in file.parties if person != NO_PERSON])
    return {show_id("E", int(event)) for event in made.event_id[of_party & made.visible_at(file.as_of)]}


def on_pages(file: CaseFile, choice: Choice) -> list[str]:
    """Events on all pages of a choice, as often as they are on a card."""
    pages = page_of(file, choice).pages
    shown = [records_in(page_of(file, choice.model_copy(update={"page": n + 1})).model_dump()) for n in range(pages)]
    return [event for page in shown for event in page]


@drawn(100)
@given(files())
def test_every_visible_record_is_on_exactly_one_card_of_exactly_one_page(file: CaseFile) -> None:
    assert Counter(on_pages(file, Choice())) == Counter(visible(file))
    first = page_of(file)
    assert first.records == len(visible(file))
    assert first.recorded == first.shown == len(file.incidents)
    assert first.pages == max(1, -(-first.recorded // PER_PAGE))


@drawn(100)
@given(files())
def test_the_page_of_an_event_is_where_its_card_is(file: CaseFile) -> None:
    for event_id, page in file.pages.items():
        assert show_id("E", event_id) in records_in(page_of(file, Choice(page=page)).model_dump())
    assert {show_id("E", event_id) for event_id in file.pages} == visible(file)


@given(
    files(),
    st.lists(st.sampled_from(list(LANES)), unique=True, max_size=2),
    st.lists(st.sampled_from(list(GROUPS)), unique=True, max_size=3),
    st.lists(st.sampled_from([2023, 2022, 2015]), unique=True, max_size=2),
    st.lists(st.sampled_from(list(ONLY)), unique=True),
)
def test_a_filter_shows_whole_incidents_and_counts_what_it_hides(
    file: CaseFile, lane: list[Lane], group: list[Group], year: list[int], only: list[Only]
) -> None:
    choice = Choice(lane=lane, kind=group, year=year, only=only)
    shown = on_pages(file, choice)
    assert len(shown) == len(set(shown))
    assert set(shown) <= visible(file)
    hidden = [file.incidents[number] for number in set(range(len(file.incidents))) - set(file.chosen(choice))]
    rows = [j for incident in hidden for j in incident.rows]
    assert set(shown) == visible(file) - {show_id("E", int(file.sightings.event_id[j])) for j in rows}
    page = page_of(file, choice)
    assert page.shown == page.recorded - len(hidden)
    if not choice.narrows:
        assert not hidden


@drawn(100)
@given(files())
def test_nothing_on_record_happened_in_a_gap(file: CaseFile) -> None:
    made = file.sightings
    spans = [
        (int(made.began_at[j]), int(made.occurred_at[j]))
        for j in file.directions
        if made.occurred_at[j] < AS_OF and made.event_id[j] != 8  # nobody knows the date of event 8
    ]
    for gap in [gap for gaps in file.gaps.values() for gap in gaps]:
        assert gap.ended_at - gap.began_at > GAP_DAYS * DAY
        assert not [span for span in spans if span[1] > gap.began_at and span[0] < gap.ended_at]


@drawn(30)
@given(files(), st.integers(0, 2**31))
def test_the_numbers_of_events_do_not_order_incidents_that_differ(file: CaseFile, key: int) -> None:
    order = [(i.ahead, i.occurred_at, i.recorded_at) for i in file.incidents]
    made = file.sightings
    renumbered = replace(made, event_id=made.event_id ^ key)
    again = CaseFile(renumbered, file.parties, AS_OF, 0, (), "UTC", lambda ids: inexact(ids ^ key))
    assert [(i.ahead, i.occurred_at, i.recorded_at) for i in again.incidents] == order == sorted(order, reverse=True)
    assert {parse_id(event, "E") ^ key for event in visible(file)} == set(again.pages)
