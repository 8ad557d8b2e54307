"""Which graded rows a choice shows: those that its filters keep, sorted, a page of them at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from serving.desk import words
from serving.desk.answered import change_of
from serving.desk.list_view import ListView
from serving.desk.pagination import pagination
from serving.desk.places import Places
from serving.desk.queue.choice import LATEST, MARKERS, MOST_ROWS, Choice
from serving.lists.freshness import FRESHNESS, OLDER
from threat.history.schema import RELATIONSHIP_KIND_TITLES

_BANDS = (*(title for _, title in FRESHNESS), OLDER)
_KEPT_BY_LATEST = dict(zip(LATEST, (_BANDS[:1], _BANDS[:2], _BANDS[:3], _BANDS[3:]), strict=True))
"""Freshness of the rows that each choice of the latest record keeps."""


_SORTED = {
    "order": "",
    "record": " Sorted by latest record; the rank is the place in the order.",
    "incident": " Sorted by last incident; the rank is the place in the order.",
}


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What filters and sorts read of one row; times in UTC seconds, 0 for none."""

    markers: frozenset[str]
    relation: str
    freshness: str
    changed: bool
    must_see: bool
    last_recorded_at: int
    last_incident_at: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of the graded rows. ``positions``: among the graded rows, of those of this page, in the order shown.

    ``choice``: with its page no further than the last; ``matching``: rows that the filters keep; ``total``: graded
    rows; ``must_see_left_out``: rows with a must-see trigger that the filters leave out; ``marker_options`` and
    ``relation_options``: what the list has to choose from, each with its words and on how many rows it is.
    """

    positions: tuple[int, ...]
    choice: Choice
    pages: int
    matching: int
    total: int
    must_see_left_out: int
    marker_options: tuple[tuple[str, str], ...]
    relation_options: tuple[tuple[str, str], ...]

    @property
    def sentence(self) -> str:
        """Number of rows shown and of rows left out, in words."""
        if not self.total:
            return "None of this list has a grade yet."
        first = (self.choice.page - 1) * MOST_ROWS + 1
        last = first + len(self.positions) - 1
        span = "" if self.pages == 1 else f"{first:,} to {last:,}" if last > first else f"number {last:,}"
        rows = f"{words.counted(self.total, 'relationship')} with a grade"
        if not self.choice.filters:
            return f"Showing {f'{span} of ' if span else ''}{rows}.{_SORTED[self.choice.sort]}"
        filters = ", ".join(words.sentence_part(choice) for _, choice, _ in self.choice.chosen())
        left_out = self.total - self.matching
        must_see = f", {self.must_see_left_out:,} of them must see" if self.must_see_left_out else ""
        return (
            f"{self.matching:,} of {rows} shown ({filters}){f', here {span}' if span else ''}."
            f"{_SORTED[self.choice.sort]} {left_out:,} not shown{must_see}. "
            "Not being shown here is not a sign of safety; the must-see items above are all there, whatever is chosen."
        )

    def pagination(self) -> dict[str, Any]:
        """Return the parameters of the component that leads from page to page."""
        return pagination(
            self.choice.page,
            self.pages,
            lambda number: self.choice.rows_by(page=number),
            "Pages of graded relationships",
        )


def shown_rows(facts: Sequence[RowFacts], choice: Choice) -> Shown:
    """Return the page that is chosen of the graded rows, in the order of the list; the last page at most."""
    kept = [at for at, row in enumerate(facts) if _keeps(choice, row)]
    # Sorting is stable, so rows that are alike stay in the order of the list.
    if choice.sort == "record":
        kept.sort(key=lambda at: -facts[at].last_recorded_at)
    elif choice.sort == "incident":
        kept.sort(key=lambda at: -facts[at].last_incident_at)
    pages = max(1, -(-len(kept) // MOST_ROWS))
    page = min(choice.page, pages)
    kept_at = set(kept)
    return Shown(
        positions=tuple(kept[(page - 1) * MOST_ROWS : page * MOST_ROWS]),
        choice=replace(choice, page=page),
        pages=pages,
        matching=len(kept),
        total=len(facts),
        must_see_left_out=sum(row.must_see for at, row in enumerate(facts) if at not in kept_at),
        marker_options=_options(MARKERS, choice.markers, Counter(name for row in facts for name in row.markers)),
        relation_options=_options(RELATIONSHIP_KIND_TITLES, choice.relations, Counter(row.relation for row in facts)),
    )


def _options(titles: Mapping[str, str], chosen: Sequence[str], rows: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    """Return what a list has of some titles, or what is chosen, each with its words and the number of its rows."""
    return tuple((name, f"{title} ({rows[name]:,})") for name, title in titles.items() if rows[name] or name in chosen)


def _keeps(choice: Choice, row: RowFacts) -> bool:
    return (
        (not choice.markers or not row.markers.isdisjoint(choice.markers))
        and (not choice.relations or row.relation in choice.relations)
        and (not choice.latest or row.freshness in _KEPT_BY_LATEST[choice.latest])
        and (row.changed or not choice.new)
        and (row.must_see or not choice.must_see)
    )


def facts_of(places: Places) -> list[RowFacts]:
    """Return what filters and sorts read of each row that may be shown, in the order of the list; each read once."""
    view = places.view
    facts = _FACTS.setdefault(view, {})
    return [
        facts.get(position) or facts.setdefault(position, _read_facts(view, position))
        for position in places.positions()
    ]


_FACTS: WeakKeyDictionary[ListView, dict[int, RowFacts]] = WeakKeyDictionary()
"""Facts by view and position, since reading them took a quarter of the time of the page. Weak keys: an old list goes
with its snapshot. Two threads that read a row at once come to the same."""


def _read_facts(view: ListView, position: int) -> RowFacts:
    row = view.listed.row_at(position)
    relationship_id, change = row["relationship_id"], change_of(view.listed.basis, row)
    return RowFacts(
        markers=frozenset(marker.name for marker in view.marked(relationship_id).markers if marker.is_yes()),
        relation=view.kind(relationship_id),
        freshness=row["freshness"],
        changed=change.new_records > 0 or change.kind == "new",
        must_see=bool(view.triggers(relationship_id)),
        last_recorded_at=row["last_recorded_at"],
        last_incident_at=view.last_incident_of(relationship_id),
    )
