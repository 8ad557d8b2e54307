"""Retention: whose records are due for a review, by class of what is on record of them.

The classes are a table (``retention.yaml``), and the periods in it are the force's own to fill in: the product ships
none. Nothing is deleted by a date. A person reviews, and ``threat erase`` follows the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import on_record
from threat.errors import ThreatError, UsageError, raise_all
from threat.history.retention_decisions import Decisions, Review
from threat.history.sightings import ROLE_ABOUT, ROLE_AT_RISK, ROLE_SUBJECT
from threat.history.snapshot import Snapshot
from threat.ids import show_id
from threat.vocabulary import kinds, themes
from threat.yaml_text import parse_yaml

TABLE = "retention.yaml"
_ROLES = {"subject": ROLE_SUBJECT, "person_at_risk": ROLE_AT_RISK, "about": ROLE_ABOUT}
_REQUIRED = {"name", "title", "themes", "roles", "review_after_years", "then_every_years"}
_OPTIONAL = {"must_see", "rest"}
_MOST_YEARS = 100
"""No schedule keeps longer than a life: a greater number is a slip."""


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """A class: which kinds in which roles fall in it, and when the records of who is in it are reviewed, in years."""

    name: str
    title: str
    kinds: frozenset[int]
    roles: frozenset[int]
    review_after_years: int
    then_every_years: int


@dataclass(frozen=True, slots=True)
class RetentionTable:
    """The classes, gravest first, with the version, the owner and the source of the periods."""

    version: str
    owner: str
    source: str
    classes: tuple[RetentionClass, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """A person whose records are due: the class, the last record of the class, and when the review fell due (days)."""

    person: int
    retention_class: str
    last_record: np.datetime64
    due: np.datetime64


def load_table(path: Path | None) -> RetentionTable:
    """Read a table of retention classes; None: the one that is shipped, in which no period is filled in.

    Raises UsageError with everything that is missing or wrong in it.
    """
    name = f"threat/history/{TABLE}" if path is None else str(path)
    if path is not None and not path.is_file():
        raise UsageError("There is no retention table here.", value=path, way_out="copy threat/history/retention.yaml")
    shipped = files("threat.history").joinpath(TABLE)
    text = shipped.read_text(encoding="utf-8") if path is None else path.read_text(encoding="utf-8")
    document = parse_yaml(text, "The retention table is no YAML.", name)
    if not isinstance(document, dict) or not isinstance(document.get("classes"), list) or not document["classes"]:
        raise UsageError(
            "The retention table lists no classes.", where=name, way_out="see threat/history/retention.yaml"
        )
    problems: list[ThreatError] = [
        UsageError(f"The retention table does not say its {key}.", where=name, way_out="fill it in")
        for key in ("version", "owner", "source")
        if not str(document.get(key) or "").strip()
    ]
    for row in document["classes"]:
        problems += _problems(row if isinstance(row, dict) else {}, name)
    raise_all(problems)
    return RetentionTable(
        str(document["version"]),
        str(document["owner"]),
        str(document["source"]),
        tuple(_class(row) for row in document["classes"]),
    )


def _problems(row: Mapping[str, Any], where: str) -> list[ThreatError]:
    title = str(row.get("name", "without a name"))
    place = f"{where}, class {title}"
    keys = set(row)
    if not keys >= _REQUIRED or not keys <= _REQUIRED | _OPTIONAL:
        differs = ", ".join(sorted((keys - _OPTIONAL) ^ _REQUIRED))
        return [UsageError("The class lacks a key, or has one too many.", value=differs, where=place)]
    problems: list[ThreatError] = []
    for key in ("review_after_years", "then_every_years"):
        years = row[key]
        if years is None:
            way_out = "copy the table, fill in the force's own periods and name it: --table FILE"
            problems.append(UsageError(f"The force has not filled in {key}.", where=place, way_out=way_out))
        elif type(years) is not int or not 1 <= years <= _MOST_YEARS:
            problems.append(
                UsageError(f"No number of years from 1 to {_MOST_YEARS}.", value=years, where=f"{place}, {key}")
            )
    for key, allowed in (("themes", set(themes())), ("roles", set(_ROLES))):
        unknown = set(row[key] or ()) - allowed
        if unknown:
            unheard = ", ".join(sorted(map(str, unknown)))
            problems.append(
                UsageError(f"Unknown {key}.", value=unheard, where=place, way_out=", ".join(sorted(allowed)))
            )
    return problems


def _class(row: Mapping[str, Any]) -> RetentionClass:
    numbers = frozenset(
        kind.number
        for kind in kinds().values()
        if row.get("rest") or kind.theme in (row["themes"] or ()) or (row.get("must_see") and kind.must_see)
    )
    roles = frozenset(_ROLES[role] for role in row["roles"])
    return RetentionClass(row["name"], row["title"], numbers, roles, row["review_after_years"], row["then_every_years"])


def due(snapshot: Snapshot, table: RetentionTable, as_of: int, decided: Decisions | None = None) -> list[Due]:
    """Return the persons whose records are due for a review at ``as_of`` (UTC seconds), the longest due first.

    A person is in the first class that any record of theirs falls in, as known at the as-of; what the unit did itself
    is no such record. The period runs from the last record of that class, to the same day of the year (29 February: to
    1 March); after it a review is due again every ``then_every_years``, and what is given is the latest of these days.
    A person stays due until the records go, a new record begins the period again, or a review that was held keeps them
    (``decided``; None: nobody asks for reviews).
    """
    seen = snapshot.sightings()
    rows = np.flatnonzero(on_record(seen.recorded_at, as_of) & seen.visible_at(as_of) & ~np.asarray(seen.proactive))
    owner = seen.owners(rows)
    class_of_row = np.full(len(rows), len(table.classes), dtype=np.int64)
    for number in range(len(table.classes) - 1, -1, -1):
        each = table.classes[number]
        of_kind = np.isin(seen.kind[rows], sorted(each.kinds)) & np.isin(seen.role[rows], sorted(each.roles))
        class_of_row[of_kind] = number
    class_of = np.full(len(seen.persons), len(table.classes), dtype=np.int64)
    np.minimum.at(class_of, owner, class_of_row)
    decides = class_of_row == class_of[owner]
    last = np.full(len(seen.persons), np.iinfo(np.int64).min, dtype=np.int64)
    np.maximum.at(last, owner[decides], np.asarray(seen.recorded_at)[rows][decides])
    out = []
    today = np.datetime64(as_of, "s").astype("datetime64[D]")
    for number, each in enumerate(table.classes):
        persons = np.flatnonzero(class_of == number)
        days = last[persons].astype("datetime64[s]").astype("datetime64[D]")
        due_on = latest_review(days, today, each)
        out += [
            Due(int(seen.persons[person]), each.name, day, review)
            for person, day, review in zip(persons, days, due_on, strict=True)
            if review <= today
            and not (decided is not None and decided.reviewed(int(seen.persons[person]), each.name, today.astype(date)))
        ]
    return sorted(out, key=lambda row: (row.due, row.person))


def review_of(rows: Sequence[Due], table: RetentionTable, asked: Review) -> Review:
    """Return the review that a person holds of those who are due in a class.

    ``rows``: who is due. ``asked``: what the person says; without persons it is of all who are due. Raises UsageError,
    with everything that is wrong, for another class, a person who is not due in it, and a day farther off than the
    table reviews that class again.
    """
    by_name = {each.name: each for each in table.classes}
    rule = by_name.get(asked.retention_class)
    if rule is None:
        raise UsageError(
            "The table has no such class.", value=asked.retention_class, way_out=f"classes: {', '.join(by_name)}"
        )
    in_class = frozenset(row.person for row in rows if row.retention_class == rule.name)
    problems: list[ThreatError] = [
        UsageError("The person is not due for a review in this class.", value=show_id("P", person), where=rule.name)
        for person in sorted(asked.persons - in_class)
    ]
    most = later_by(np.array([asked.on], dtype="datetime64[D]"), [rule.then_every_years])[0].astype(date)
    if asked.until > most:
        problems.append(
            UsageError(
                f"The day is too far off: the table reviews this class every {rule.then_every_years} years.",
                value=asked.until,
                where=rule.name,
                way_out=f"--until {most} at the latest",
            )
        )
    raise_all(problems)
    return replace(asked, persons=asked.persons or in_class)


def day_of(text: str) -> date:
    """Return the day that was typed. Raises UsageError for anything but a date such as 2031-01-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError("This is no day.", value=text or "nothing", way_out="--until 2031-01-31") from None


def latest_review(last: NDArray[np.datetime64], today: np.datetime64, each: RetentionClass) -> NDArray[np.datetime64]:
    """Return the latest day on which a review fell due by ``today``; the first such day where none has yet.

    >>> rule = RetentionClass("x", "", frozenset(), frozenset(), 6, 5)
    >>> last = np.array(["2012-02-29", "2019-06-01", "2024-01-01"], dtype="datetime64[D]")
    >>> latest_review(last, np.datetime64("2026-06-01"), rule).astype(str).tolist()
    ['2023-03-01', '2025-06-01', '2030-01-01']
    """
    years = np.full(len(last), each.review_after_years, dtype=np.int64)
    while True:
        later = later_by(last, years + each.then_every_years)
        again = later <= today
        if not again.any():
            return later_by(last, years)
        years[again] += each.then_every_years


def later_by(days: NDArray[np.datetime64], years: NDArray[np.int64] | Sequence[int]) -> NDArray[np.datetime64]:
    """Return the same days of later years; 29 February becomes 1 March where a year has none."""
    months = days.astype("datetime64[M]")
    return (months + 12 * np.asarray(years, dtype=np.int64)).astype("datetime64[D]") + (
        days - months.astype("datetime64[D]")
    )
