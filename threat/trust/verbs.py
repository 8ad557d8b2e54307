"""The verbs of a key, from ``verbs.csv``: what a key may sign, which process has the key, what its theft allows."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Verb:
    """A row of ``verbs.csv``, in words for people: the columns after ``name`` decide nothing."""

    name: str
    signs: str
    process: str
    theft: str


@cache
def verbs() -> dict[str, Verb]:
    """Return the verbs by name, in file order.

    >>> list(verbs())
    ['intake', 'list', 'audit', 'evidence', 'promotion', 'governance', 'approval']
    """
    text = files("threat.trust").joinpath("verbs.csv").read_text(encoding="utf-8")
    return {
        row["verb"]: Verb(row["verb"], row["signs"], row["process"], row["theft"])
        for row in csv.DictReader(text.splitlines())
    }
