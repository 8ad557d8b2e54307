"""The audit of a table somebody hands in: which columns hold what, and every problem at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from fairness.audit import audit
from fairness.groups.column import Column, combined
from fairness.policy import Policy
from fairness.tables import read_columns
from threat.errors import BadInput, ThreatError, UsageError, raise_all
from threat.measuring.counts import plural
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.release.documents.fairness import Fairness


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names of the columns of a table; None where it has no such column.

    ``groups``: one or more; ``a*b`` is the columns a and b and each combination of both.
    """

    score: str | None = None
    label: str | None = None
    groups: tuple[str, ...] = ()
    cluster: str | None = None
    cycle: str | None = None
    probability: str | None = None

    def given(self) -> list[str]:
        """Names of the options that were given."""
        named = [field.name for field in fields(self) if field.name != "groups"]
        return [name for name in named if getattr(self, name) is not None] + ["group"] * bool(self.groups)


def audit_table(
    path: Path, columns: Columns, *, capacity: float | None, threshold: float | None, policy: Policy
) -> Fairness:
    """Return the audit of a CSV file by its columns, and by the combinations declared here or in the policy.

    Raises UsageError for options that cannot go together, BadInput for its rows.
    """
    problems: list[ThreatError] = [
        UsageError(f"No column is named as the {name}.", way_out=f"--{name} COLUMN")
        for name, column in (("score", columns.score), ("label", columns.label))
        if column is None
    ]
    if not columns.groups:
        problems.append(UsageError("No column is named as a group.", way_out="--group COLUMN"))
    problems += [
        UsageError(
            f"The combination {asked} has {plural(len(set(_parts(asked)) - {''}), 'different column')}, not two.",
            way_out="--group 'a*b'",
        )
        for asked in columns.groups
        if "*" in asked and len(set(_parts(asked)) - {""}) != _PAIR
    ]
    cut = None
    try:
        cut = Cut(capacity=capacity, threshold=threshold)
    except UsageError as problem:
        problems.append(problem)
    raise_all(problems)
    assert cut is not None
    numbers = [name for name in (columns.score, columns.label, columns.probability) if name is not None]
    groups, combinations = declared(columns.groups, policy)
    words = [*groups, *(name for name in (columns.cluster, columns.cycle) if name is not None)]
    table = read_columns(path, numbers=numbers, words=words)
    rows = Labelled.of(
        label=table[columns.label],
        person=None if columns.cluster is None else table[columns.cluster],
        # Rows without a cycle compete with each other.
        cycle=None if columns.cycle is None else table[columns.cycle].fillna("").to_numpy(dtype=str),
    )
    ranked = Ranked(
        rows=rows,
        score=table[columns.score].to_numpy(dtype=float),
        probability=None if columns.probability is None else table[columns.probability].to_numpy(dtype=float),
    )
    of_column = {name: Column(name, "column", table[name]) for name in groups}
    made = [*of_column.values(), *(_combined(of_column, pair, path) for pair in combinations)]
    characteristics = [column.cut(len(table)) for column in made]
    return audit(ranked, characteristics, cut=cut, policy=policy, ranking=str(columns.score), dataset=path.name)


_PAIR = 2
"""Columns of a combination: of three, hardly a group has the cases that any verdict needs."""


def declared(groups: Sequence[str], policy: Policy) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the columns to audit by, and the pairs of columns whose combinations are groups too.

    As in a formula of statistics, ``a*b`` stands for a, b and their combinations: without the columns themselves a
    published count of a combination could be had by subtraction unnoticed. Pairs of the policy count where the table is
    audited by both columns.

    >>> declared(["sex*age", "town"], Policy(version="test"))
    (['sex', 'age', 'town'], [('sex', 'age')])
    """
    names = list(dict.fromkeys(name for asked in groups for name in _parts(asked)))
    pairs = [(first, second) for asked in groups if "*" in asked for first, second in [_parts(asked)]]
    of_policy = [part.of for part in policy.intersections if part.party == "column" and set(part.of) <= set(names)]
    distinct = {frozenset(pair): pair for pair in reversed([*pairs, *of_policy])}
    return names, list(reversed(distinct.values()))


def _parts(asked: str) -> list[str]:
    return [part.strip() for part in asked.split("*")] if "*" in asked else [asked]


def _combined(of_column: Mapping[str, Column], pair: tuple[str, str], path: Path) -> Column:
    """Return the combinations of two columns. Raises BadInput where two combinations would read alike."""
    first, second = (of_column[name] for name in pair)
    both = combined(first, second, "_by_".join(pair))
    distinct = pd.DataFrame({"first": first.codes, "second": second.codes}).dropna().drop_duplicates()
    if len(distinct) > both.codes.nunique():
        raise BadInput(
            "Two different combinations of groups would have one and the same name.",
            value=" and ".join(pair),
            where=str(path),
            way_out="leave commas out of the names of the groups",
        )
    return both
