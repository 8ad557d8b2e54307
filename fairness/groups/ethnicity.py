"""Ethnicity: codes of any scheme rolled up to five groups and *not stated*, White minorities by themselves.

Self-defined and observed ethnicity are never mixed: each is audited by itself, and the gate uses the self-defined one
unless nobody has it.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import pandas as pd

from fairness.groups.column import Column
from fairness.groups.parties import Ids
from fairness.groups.protected import OBSERVED, SELF, Recorded
from threat.release.documents.fairness_policy import Party

GROUPS = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "O": "Other", "NS": "Not stated"}

_FIVE_PLUS_ONE = "5+1"
"""Scheme of codes that are already one of the groups, by letter or by word."""

Key = tuple[str, str]
"""(scheme, code)"""


@cache
def ethnicity_table() -> dict[Key, dict[str, str]]:
    """``ethnicity.csv`` by (scheme, code): group of the 5+1, whether a white minority, title."""
    text = files("fairness").joinpath("ethnicity.csv").read_text(encoding="utf-8")
    return {(row["scheme"], row["code"]): row for row in csv.DictReader(text.splitlines())}


def columns(recorded: Recorded, party: Party, ids: Ids) -> Iterator[Column]:
    """The ways to divide by the ethnicity of one party: as recorded, 5+1, White minorities, and as observed."""
    answered, seen = (recorded.column("ethnicity", source, ids) for source in (SELF, OBSERVED))
    own_answers = bool(answered.notna().any())
    codes, source = (answered, SELF) if own_answers else (seen, OBSERVED)
    keys = list(zip(recorded.column("ethnicity", source, ids, "scheme"), codes, strict=True))
    note = "self-defined" if own_answers else "observed by an officer: nobody's own answer is recorded"
    yield Column("ethnicity", party, codes, _titles(keys), note)
    yield Column("ethnicity_group", party, _rolled_up(keys, codes), GROUPS, f"5+1 groups, {note}")
    yield Column("white_minority", party, _white(keys), note=note)
    if own_answers:
        note = "as an officer saw it; never used in place of a person's own answer"
        yield Column("ethnicity_observed", party, seen, GROUPS, note)


def _titles(keys: list[Key]) -> dict[str, str]:
    table = ethnicity_table()
    return {key[1]: table[key]["title"] for key in set(keys) if key in table}


def _rolled_up(keys: list[Key], codes: pd.Series) -> pd.Series:
    """5+1 group of each code; a code the table does not know keeps a group of its own, named so."""
    table = ethnicity_table()
    group = {key: table[key]["group"] if key in table else group_of(*key) for key in set(keys)}
    return pd.Series([group[key] for key in keys], dtype=object).where(codes.notna(), None)


def group_of(scheme: str, code: str) -> str:
    """Group of a code that ``ethnicity.csv`` does not hold.

    A code recorded as a 5+1 group is that group, by letter or by word; a source's own scheme keeps its groups; an
    unknown code of a scheme of the table is a group of its own, named so:

    >>> group_of("5+1", "Black"), group_of("5+1", "B"), group_of("prison", "Z9")
    ('B', 'B', 'Z9')
    >>> group_of("5+1", "X")
    'X (not in the roll-up table)'
    """
    letters = {title: letter for letter, title in GROUPS.items()}
    if scheme == _FIVE_PLUS_ONE and (code in GROUPS or code in letters):
        return letters.get(code, code)
    if scheme not in {_FIVE_PLUS_ONE, *(scheme_of_table for scheme_of_table, _ in ethnicity_table())}:
        return code
    return f"{code} (not in the roll-up table)"


def _white(keys: list[Key]) -> pd.Series:
    """White British and White minorities: patterns of the latter hide inside one White group."""
    table = ethnicity_table()
    names = {"no": "White British", "yes": "White minority"}
    return pd.Series([names.get(table[key]["white_minority"]) if key in table else None for key in keys], dtype=object)
