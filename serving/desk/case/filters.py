"""Which incidents of a relationship a reader asked for: lane, kind, year, new since the last list, must see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from serving.desk.case.incidents import Incident
from serving.desk.case.lanes import LANES, lanes_of
from serving.desk.case.records import is_new, kind_of
from serving.desk.responses.answer import Direction, Lane
from threat.dates import local
from threat.history.sightings import Sightings

Group = Literal[
    "violence", "threats", "stalking", "control", "sexual", "breach", "suicidality", "children", "separation",
    "other_incidents", "justice", "health", "assessment", "agencies", "unit",
]  # fmt: skip

GROUPS: dict[Group, tuple[str, tuple[str, ...]]] = {
    "violence": ("Violence and weapons", ("homicide", "assault", "strangulation", "weapon", "liberty")),
    "threats": ("Threats to kill", ("threat_to_kill",)),
    "stalking": ("Stalking and harassment", ("stalking",)),
    "control": ("Coercive control", ("coercive_control",)),
    "sexual": ("Sexual violence", ("sexual",)),
    "breach": ("Breaches and orders", ("breach", "order")),
    "suicidality": ("Suicidality and deaths", ("self_harm", "death")),
    "children": ("Children and pregnancy", ("children", "pregnancy")),
    "separation": ("Separation and circumstances",
                   ("separation", "adult_family", "circumstances", "record_keeping")),
    "other_incidents": ("Other incidents and crimes", ("incident", "property", "other_crime")),
    "justice": ("Custody and justice", ("custody", "criminal_justice")),
    "health": ("Alcohol, drugs, mental health", ("substance", "mental_health")),
    "assessment": ("Assessments", ("assessment",)),
    "agencies": ("Other agencies", ("partner_agency",)),
    "unit": ("The unit", ("unit",)),
}  # fmt: skip
"""Kinds by what a reader looks for, as themes of the vocabulary: each theme is in one group."""

Only = Literal["new", "must_see"]

ONLY: dict[Only, str] = {"new": "New since the last list", "must_see": "Must see"}

_GROUP_OF = {theme: group for group, (_, themes) in GROUPS.items() for theme in themes}


class Choice(BaseModel):
    """What a reader chose, as the address of the page has it: values of a field widen, fields narrow.

    ``page``: from 1; a page beyond the last is the last.
    """

    model_config = ConfigDict(frozen=True)

    lane: list[Lane] = Field(default_factory=list, max_length=len(LANES))
    kind: list[Group] = Field(default_factory=list, max_length=len(GROUPS))
    year: list[int] = Field(default_factory=list, max_length=200)
    only: list[Only] = Field(default_factory=list, max_length=len(ONLY))
    page: int = Field(default=1, ge=1, le=1_000_000)

    @property
    def narrows(self) -> bool:
        """True when any field is chosen, so that not every incident is shown."""
        return bool(self.lane or self.kind or self.year or self.only)

    def without(self, field: str, value: object) -> Choice:
        """Return the choice without one value of a field, at its first page."""
        kept = [chosen for chosen in getattr(self, field) if chosen != value]
        return self.model_copy(update={field: kept, "page": 1})

    def query(self, page: int | None = None) -> str:
        """Return the choice as the query of an address, at ``page``; empty for every incident at the first page.

        >>> Choice(lane=["this_way"], year=[2023, 2024]).query(page=2)
        'lane=this_way&year=2023&year=2024&page=2'
        """
        pairs: list[tuple[str, object]] = [
            (field, value) for field in ("lane", "kind", "year", "only") for value in getattr(self, field)
        ]
        number = self.page if page is None else page
        return urlencode([*pairs, ("page", number)] if number > 1 else pairs)


@dataclass(frozen=True, slots=True)
class Facets:
    """What an incident can be chosen by; ``years``: from the first beginning to the latest end, in the local zone."""

    lane: frozenset[Lane]
    kind: frozenset[Group]
    year: frozenset[int]
    only: frozenset[Only]

    def match(self, choice: Choice) -> bool:
        """True for an incident that a choice lets through: one value of each field that is chosen."""
        return all(
            not chosen or not values.isdisjoint(chosen)
            for chosen, values in (
                (choice.lane, self.lane),
                (choice.kind, self.kind),
                (choice.year, self.year),
                (choice.only, self.only),
            )
        )


@dataclass(frozen=True)
class FacetSource:
    """What facets are read from. ``since``: as-of of the list before, 0 for none. ``must_see``: event ids."""

    sightings: Sightings
    directions: Mapping[int, Direction]
    since: int
    must_see: Collection[int]
    zone: str


def facets_of(incident: Incident, source: FacetSource) -> Facets:
    """Return what an incident can be chosen by."""
    sightings, rows = source.sightings, incident.rows
    only: set[Only] = set()
    if any(is_new(sightings, j, source.since) for j in rows):
        only.add("new")
    if any(int(sightings.event_id[j]) in source.must_see for j in rows):
        only.add("must_see")
    years: set[int] = set()
    for j in rows:
        first, last = (local(int(at), source.zone).year for at in (sightings.began_at[j], sightings.occurred_at[j]))
        years.update(range(first, last + 1))
    return Facets(
        lane=lanes_of(source.directions[j] for j in rows),
        kind=frozenset(_GROUP_OF[kind_of(sightings, j).theme] for j in rows),
        year=frozenset(years),
        only=frozenset(only),
    )


@dataclass(frozen=True)
class Options:
    """A field of the filter form: its values that occur here, each with its words and how many incidents have it."""

    name: Literal["lane", "kind", "year", "only"]
    legend: str
    values: list[tuple[Any, str, int]]

    @property
    def counted(self) -> list[tuple[Any, str]]:
        """Values with their words and counts, as a form offers them."""
        return [(value, f"{words} ({number:,})") for value, words, number in self.values]

    def words(self, value: object) -> str:
        """Return the words of a value; of a value that does not occur here, the value."""
        return next((words for occurring, words, _ in self.values if occurring == value), str(value))


def options_of(facets: Sequence[Facets]) -> list[Options]:
    """Return the fields of the filter form of some incidents, without the values that no incident has.

    >>> options_of([Facets(frozenset({"this_way"}), frozenset({"stalking"}), frozenset({2024}), frozenset())])[0].values
    [('this_way', 'Subject towards person at risk', 1)]
    """
    groups = {group: title for group, (title, _) in GROUPS.items()}
    years = {year: str(year) for year in sorted({year for facet in facets for year in facet.year}, reverse=True)}
    return [
        Options("lane", "Who towards whom", _counted(LANES, (facet.lane for facet in facets))),
        Options("kind", "What is on record", _counted(groups, (facet.kind for facet in facets))),
        Options("year", "Year", _counted(years, (facet.year for facet in facets))),
        Options("only", "Only", _counted(ONLY, (facet.only for facet in facets))),
    ]


def _counted(titles: Mapping[Any, str], values: Iterable[Collection[object]]) -> list[tuple[Any, str, int]]:
    counts = Counter(value for of_incident in values for value in of_incident)
    return [(value, title, counts[value]) for value, title in titles.items() if counts[value]]
