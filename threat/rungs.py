"""The rungs of ``outcomes.csv``: the rules by which an incident counts as an outcome, and the words for each rung.

Only the table is read here, no history: a page or a card that names an outcome needs no database.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from threat.errors import BadInput, ThreatError, UsageError, raise_all
from threat.vocabulary import kinds


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to meet a rung: every kind of ``all_of`` within one incident, domestic where ``domestic``.

    ``title``: the rung in running text, the same on all its rules. ``note``: what this rule counts, in words.
    """

    rung: str
    title: str
    version: int
    all_of: tuple[str, ...]
    domestic: bool
    includes: str
    attributed_to: Literal["relationship", "person_at_risk"]
    note: str


@cache
def all_rules() -> tuple[Rule, ...]:
    """Return the rules of ``outcomes.csv`` in file order. Raises BadInput, with every problem, for a wrong file."""
    text = files("threat").joinpath("outcomes.csv").read_text(encoding="utf-8")
    return read_rules(text)


def read_rules(text: str) -> tuple[Rule, ...]:
    """Read rules from the text of an outcomes file. Raises BadInput, with every problem, for a wrong text."""
    rows = list(csv.DictReader(text.splitlines()))
    titles = {row["rung"]: row.get("title") for row in reversed(rows)}  # the first row of a rung gives its title
    problems: list[ThreatError] = []
    for line, row in enumerate(rows, 2):
        problems += _problems(row, titles, f"outcomes.csv, line {line}")
    raise_all(problems)
    return tuple(
        Rule(
            rung=row["rung"],
            title=row["title"],
            version=int(row["version"]),
            all_of=tuple(row["all_of"].split("+")),
            domestic=row["any_domestic"] == "yes",
            includes=row["includes"],
            attributed_to="person_at_risk" if row["attributed_to"] == "person_at_risk" else "relationship",
            note=row["note"],
        )
        for row in rows
    )


def _problems(row: dict[str, str], titles: Mapping[str, str | None], where: str) -> list[ThreatError]:
    """Everything wrong with a row. ``titles``: the title that each rung has on its first row."""
    out: list[ThreatError] = []
    # Kinds about one person can only be attributed to the person at risk: they name no subject.
    about = "person" if row["attributed_to"] == "person_at_risk" else "relationship"
    for name in row["all_of"].split("+"):
        if name not in kinds():
            out.append(BadInput("The outcome names an unknown kind.", value=name, where=where))
        elif kinds()[name].about != about:
            out.append(BadInput(f"The kind is not about a {about}, as the outcome needs.", value=name, where=where))
    if not row.get("title") or row["title"] != titles[row["rung"]]:
        out.append(BadInput("The rung has no title, or two.", value=row.get("title"), where=where))
    if row["includes"] and row["includes"] not in titles:
        out.append(BadInput("The outcome includes an unknown rung.", value=row["includes"], where=where))
    if row["attributed_to"] not in {"relationship", "person_at_risk"}:
        out.append(BadInput("Not a way to attribute.", value=row["attributed_to"], where=where))
    if row["any_domestic"] not in {"yes", "no"}:
        out.append(BadInput("any_domestic is neither yes nor no.", value=row["any_domestic"], where=where))
    return out


def rules_of(rung: str) -> tuple[Rule, ...]:
    """Return the rules of a rung, then of every rung it includes. Raises UsageError for an unknown rung."""
    rules = tuple(rule for rule in all_rules() if rule.rung == rung)
    if not rules:
        rungs = sorted({rule.rung for rule in all_rules()})
        raise UsageError("Not a rung of the outcomes.", value=rung, way_out=f"use {', '.join(rungs)}")
    included = {rule.includes for rule in rules if rule.includes}
    return rules + tuple(rule for name in sorted(included) for rule in rules_of(name))


def title_of(rung: str) -> str:
    """Return the title of a rung in running text. Raises UsageError for an unknown rung.

    >>> title_of("Y4")
    'further violence'
    """
    return rules_of(rung)[0].title


def meaning_of(rung: str) -> str:
    """Return what counts as an outcome of a rung, from the notes of its rules and of every rung it includes.

    >>> meaning_of("Y1")
    'attempted murder, grievous bodily harm with intent, murder or manslaughter'
    """
    notes = list(dict.fromkeys(rule.note for rule in rules_of(rung)))
    return " or ".join(part for part in (", ".join(notes[:-1]), notes[-1]) if part)
