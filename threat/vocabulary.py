"""Every kind of event, read from ``vocabulary.csv``. The order of the file is the integer code of a kind in arrays."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from threat.errors import UsageError


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event.

    ``about``: whether its rows name a relationship (subject and person at risk) or one person.
    ``known_in_advance``: its ``occurred_at`` may lie after ``recorded_at`` (release, bail end, order expiry); it never
    enters a look-back window, only *days until*. ``must_see``: opens a must-see item whatever the rank.
    ``lasts``: what its ``until`` ends: a ``course`` of conduct, a ``stay``, an ``order`` or a ``state``; empty: it is a
    moment. ``death_of``: whose death it says (``person_at_risk``, or the one ``person`` it is about); empty: nobody's.
    ``in_incident``: it happens in an incident, so it is counted by incidents.
    ``codes``: allowed values of ``code``, gravest first; empty means the code is free or absent.
    """

    name: str
    number: int
    theme: str
    crime: bool
    about: Literal["relationship", "person"]
    known_in_advance: bool
    must_see: bool
    lasts: Literal["", "course", "stay", "order", "state"]
    death_of: Literal["", "person_at_risk", "person"]
    in_incident: bool
    codes: tuple[str, ...]
    title: str


@cache
def kinds() -> dict[str, Kind]:
    """Return all kinds by name, in file order."""
    text = files("threat").joinpath("vocabulary.csv").read_text(encoding="utf-8")
    out: dict[str, Kind] = {}
    for number, row in enumerate(csv.DictReader(text.splitlines())):
        about: Literal["relationship", "person"] = "relationship" if row["about"] == "relationship" else "person"
        out[row["kind"]] = Kind(
            name=row["kind"],
            number=number,
            theme=row["theme"],
            crime=row["crime"] == "yes",
            about=about,
            known_in_advance=row["known_in_advance"] == "yes",
            must_see=row["must_see"] == "yes",
            lasts=_one_of(row["lasts"], ("", "course", "stay", "order", "state")),
            death_of=_one_of(row["death_of"], ("", "person_at_risk", "person")),
            in_incident=row["in_incident"] == "yes",
            codes=tuple(code for code in row["codes"].split("|") if code),
            title=row["title"],
        )
    return out


def _one_of(word: str, words: tuple[Any, ...]) -> Any:
    """Return a word of a closed list. Raises ValueError for another word: the file ships with the code."""
    if word not in words:
        raise ValueError(f"{word} is not one of {words}")
    return word


@cache
def themes() -> dict[str, tuple[str, ...]]:
    """Return the names of kinds by theme."""
    out: dict[str, list[str]] = {}
    for kind in kinds().values():
        out.setdefault(kind.theme, []).append(kind.name)
    return {theme: tuple(names) for theme, names in out.items()}


def kind(name: str) -> Kind:
    """Return the kind of that name. Raises UsageError, naming near ones, when there is none."""
    match = kinds().get(name)
    if match is None:
        near = get_close_matches(name, kinds(), n=3)
        raise UsageError(
            "Not a kind of the vocabulary.",
            value=name,
            where="threat/vocabulary.csv",
            way_out=f"did you mean {' or '.join(near)}?" if near else "see threat/vocabulary.csv",
        )
    return match
