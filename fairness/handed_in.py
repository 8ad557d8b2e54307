"""The audit of a table somebody hands in: which columns hold what, and every problem at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from fairness.audit import audit
from fairness.characteristics import Characteristic
from fairness.policy import Policy
from fairness.tables import read_columns
from threat.errors import ThreatError, UsageError, raise_all
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.release.documents.fairness import Fairness


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Names of the columns of a table; None where it has no such column. ``groups``: one or more."""

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
    """Return the audit of a CSV file. Raises UsageError for options that cannot go together, BadInput for its rows."""
    problems: list[ThreatError] = [
        UsageError(f"No column is named as the {name}.", way_out=f"--{name} COLUMN")
        for name, column in (("score", columns.score), ("label", columns.label))
        if column is None
    ]
    if not columns.groups:
        problems.append(UsageError("No column is named as a group.", way_out="--group COLUMN"))
    cut = None
    try:
        cut = Cut(capacity=capacity, threshold=threshold)
    except UsageError as problem:
        problems.append(problem)
    raise_all(problems)
    assert cut is not None
    numbers = [name for name in (columns.score, columns.label, columns.probability) if name is not None]
    words = [*columns.groups, *(name for name in (columns.cluster, columns.cycle) if name is not None)]
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
    characteristics = [Characteristic(name, "column", table[name]) for name in dict.fromkeys(columns.groups)]
    return audit(ranked, characteristics, cut=cut, policy=policy, ranking=str(columns.score), dataset=path.name)
