"""What a reader chose to see of the rows for review: filters, a sort and a page, as the form of the page sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from serving.relationship.marker_table import marker_definitions
from threat.errors import UsageError
from threat.history.schema import RELATIONSHIP_KIND_TITLES

SORTS = {"order": "Order of the list", "record": "Latest record first", "incident": "Last incident first"}
"""How the rows may be sorted; the order of the list unless another is chosen."""

MARKERS = {definition.name: definition.title for definition in marker_definitions()}
"""Titles of the markers that a filter chooses from, in their fixed order."""

LATEST = {
    "day": "Less than a day before the list",
    "week": "Up to 7 days before the list",
    "quarter": "Up to 90 days before the list",
    "older": "More than 90 days before the list",
}
"""How long before the list the latest record may have been made."""

MOST_ROWS = 25
"""Rows on a page: about what a person reads in one sitting, and what stays on one page of paper or two."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Filters, sort and page. Empty filters choose every row; of several markers or relations any is enough.

    ``markers``: on record either way round or elsewhere; ``relations``: kinds of relationship; ``latest``: a key of
    ``LATEST``; ``new``: a new record, or new on the list, since the list before; ``must_see``: has a must-see trigger;
    ``sort``: a key of ``SORTS``; ``page``: from 1.
    """

    markers: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    latest: str = ""
    new: bool = False
    must_see: bool = False
    sort: str = "order"
    page: int = 1

    @property
    def filters(self) -> bool:
        """True where the choice leaves rows out."""
        return bool(self.markers or self.relations or self.latest or self.new or self.must_see)

    def address(self, **changes: object) -> str:
        """Return the address of the review list by this choice, with changes.

        >>> Choice(relations=("sibling",), page=2).address(page=3, new=True)
        '/?relation=sibling&new=yes&page=3'
        >>> Choice().address()
        '/'
        """
        choice = replace(self, **changes)  # type: ignore[arg-type]
        fields = [("marker", marker) for marker in choice.markers]
        fields += [("relation", relation) for relation in choice.relations]
        fields += [("latest", choice.latest)] if choice.latest else []
        fields += [(name, "yes") for name, chosen in (("new", choice.new), ("must_see", choice.must_see)) if chosen]
        fields += [("sort", choice.sort)] if choice.sort != "order" else []
        fields += [("page", str(choice.page))] if choice.page != 1 else []
        return f"/?{urlencode(fields)}" if fields else "/"

    def rows_by(self, **changes: object) -> str:
        """Return the address of the rows for review by this choice, with changes: past the form above them."""
        return f"{self.address(**changes)}#shown"

    def without_filters(self) -> str:
        """Return the address of the rows for review with no filter, sorted as they are."""
        return Choice(sort=self.sort).rows_by()

    def chosen(self) -> list[tuple[str, str, str]]:
        """Return each filter as its category, the choice in words, and the address of the list without it."""
        first = replace(self, page=1)
        out = [
            (
                "On record",
                MARKERS[marker],
                first.rows_by(markers=tuple(other for other in self.markers if other != marker)),
            )
            for marker in self.markers
        ]
        out += [
            (
                "Relation of the person at risk",
                RELATIONSHIP_KIND_TITLES[relation],
                first.rows_by(relations=tuple(other for other in self.relations if other != relation)),
            )
            for relation in self.relations
        ]
        if self.latest:
            out.append(("Latest record", LATEST[self.latest], first.rows_by(latest="")))
        if self.new:
            out.append(("Since the last list", "New record or new on the list", first.rows_by(new=False)))
        if self.must_see:
            out.append(("Must see", "Only must see", first.rows_by(must_see=False)))
        return out


def choice_of(fields: Sequence[tuple[str, str]]) -> Choice:
    """Read a choice from the fields of an address. Raises UsageError for a value that the form does not offer.

    A field that was left empty, and fields of other names, choose nothing.

    >>> choice_of([("relation", "sibling"), ("latest", ""), ("page", "2"), ("back", "/")])
    Choice(markers=(), relations=('sibling',), latest='', new=False, must_see=False, sort='order', page=2)
    """
    given = [(name, value) for name, value in fields if value]
    last = dict(given)
    return Choice(
        markers=tuple(dict.fromkeys(_offered(given, "marker", MARKERS))),
        relations=tuple(dict.fromkeys(_offered(given, "relation", RELATIONSHIP_KIND_TITLES))),
        latest=_last_offered(given, "latest", LATEST, ""),
        new=_last_offered(given, "new", _YES, "") == "yes",
        must_see=_last_offered(given, "must_see", _YES, "") == "yes",
        sort=_last_offered(given, "sort", SORTS, "order"),
        page=_page(last.get("page", "1")),
    )


_YES = {"yes": "Yes"}


def _offered(fields: Sequence[tuple[str, str]], name: str, offered: Mapping[str, str]) -> list[str]:
    values = [value for field, value in fields if field == name]
    for value in values:
        if value not in offered:
            raise UsageError(
                "The review list has no such filter.",
                value=value,
                where=name,
                way_out="choose from the form of the page",
            )
    return values


def _last_offered(fields: Sequence[tuple[str, str]], name: str, offered: Mapping[str, str], otherwise: str) -> str:
    values = _offered(fields, name, offered)
    return values[-1] if values else otherwise


def _page(text: str) -> int:
    # Digits of ASCII alone and few of them: int() takes other scripts' digits, and numbers of any length.
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) >= 1):
        raise UsageError("The page is not a number from 1.", value=text, where="page")
    return int(text)
