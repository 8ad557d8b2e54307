"""Addresses of incident cards: from any section to the card of a record, on whichever page of the incidents it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

import numpy as np

from serving.desk.case.file import CaseFile
from serving.desk.case.filters import Choice, Options, options_of
from serving.desk.case.view import file_of
from serving.desk.list_view import ListView
from serving.desk.pagination import pagination
from serving.desk.responses.incidents import IncidentPage
from threat.history.sightings import ROLE_SUBJECT
from threat.ids import parse_id, show_id

SECTION = "records"
"""Id of the heading of the incidents, where a filter and a page lead."""


@dataclass(frozen=True)
class CaseLinks:
    """The addresses that a page of a relationship leads to.

    ``page``: the incidents that the page shows, by ``choice``. ``back``: what the page carries in ``?back=``, or empty.
    """

    reference: str
    file: CaseFile
    choice: Choice
    page: IncidentPage
    back: str = ""

    def event(self, event: str) -> str:
        """Return where the card of an event is: an anchor on this page, or a page that shows every incident.

        Empty for an event that is on no card: it is not of these two, or not visible.
        """
        number = self.file.pages.get(parse_id(event, "E"))
        if number is None:
            return ""
        if number == self.page.page and not self.choice.narrows:
            return f"#{event}"
        return self._address(Choice(page=number), event)

    def at_page(self, number: int) -> str:
        """Return the address of another page of the same choice."""
        return self._address(self.choice.model_copy(update={"page": number}))

    @property
    def every(self) -> str:
        """Address of the first page without a choice."""
        return self._address(Choice())

    @cached_property
    def options(self) -> list[Options]:
        """Fields of the filter form."""
        return options_of(self.file.facets)

    @cached_property
    def selected(self) -> list[tuple[str, str, str]]:
        """Chosen values: the field, the value in words, and the address without that value."""
        return [
            (field.legend, field.words(value), self._address(self.choice.without(field.name, value)))
            for field in self.options
            for value in getattr(self.choice, field.name)
        ]

    @property
    def pagination(self) -> dict[str, object]:
        """Parameters of the pagination of the GOV.UK design system; empty where there is one page."""
        if self.page.pages == 1:
            return {}
        links = pagination(self.page.page, self.page.pages, self.at_page, "Pages of incidents")
        # Incidents go back in time: "next" alone would not say which way.
        for way, text in (("previous", "Later incidents"), ("next", "Earlier incidents")):
            if way in links:
                links[way]["text"] = text
        return links

    def _address(self, choice: Choice, anchor: str = SECTION) -> str:
        return card_address(self.reference, choice, anchor, self.back)


@dataclass(frozen=True)
class CardLinks:
    """The addresses of cards from a page that shows none of them: each leads to the page of the relationship."""

    reference: str
    file: CaseFile
    back: str = ""

    def event(self, event: str) -> str:
        """Return where the card of an event is; empty for an event that is on no card."""
        number = self.file.pages.get(parse_id(event, "E"))
        return "" if number is None else card_address(self.reference, Choice(page=number), event, self.back)


def card_address(reference: str, choice: Choice, anchor: str, back: str = "") -> str:
    """Return the address of a page of incidents.

    >>> card_address("R-0123456789abcdef", Choice(page=2), "E-0123456789abcdef")
    '/relationships/R-0123456789abcdef?page=2#E-0123456789abcdef'
    """
    query = "&".join(part for part in (choice.query(), urlencode({"back": back}) if back else "") if part)
    return f"/relationships/{reference}{'?' if query else ''}{query}#{anchor}"


def addresses_of_event(view: ListView, event: str) -> list[str]:
    """Return where the card of an event is, on the page of each relationship of which it is a record.

    First the relationship of the event's own two parties, its own way round before the other; then others by their
    references, never by their places: which page a search leads to would tell who is placed before whom. Empty for an
    event that is not visible at the list's as-of, or of whose persons no relationship is recorded.

    Raises UsageError for a malformed reference of an event.
    """
    sightings = view.snapshot.sightings()
    rows = np.flatnonzero(sightings.event_id == parse_id(event, "E"))
    rows = rows[sightings.visible_at(view.as_of, rows)]
    if not len(rows):
        return []
    owners = sightings.persons[sightings.owners(rows)]
    persons, acting = set(owners.tolist()), set(owners[sightings.role[rows] == ROLE_SUBJECT].tolist())
    shown_on = []
    for parties, relationship_id in view.by_parties.items():
        if persons.isdisjoint(parties):
            continue
        of_both, its_way = persons <= set(parties), parties.subject in acting
        shown_on.append((not of_both, not its_way, relationship_id))
    return [
        address
        for *_, relationship_id in sorted(shown_on)
        if (address := _address_in(view, show_id("R", relationship_id), event))
    ]


def _address_in(view: ListView, reference: str, event: str) -> str:
    number = file_of(view, reference).pages.get(parse_id(event, "E"))
    return card_address(reference, Choice(page=number), event) if number else ""
