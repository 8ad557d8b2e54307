"""The published risk factors, from ``factors.yaml``: what was found, by whom, and the trap in the records of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from threat.yaml_text import read_shipped


@dataclass(frozen=True, slots=True)
class Factor:
    """One published risk factor: the finding, by whom, the point-in-time trap, and what no record carries of it."""

    number: int
    title: str
    finding: str
    references: tuple[str, ...]
    trap: str
    beyond: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A cited work: short name, title, address (empty: none)."""

    name: str
    title: str
    address: str


@cache
def _table() -> dict[str, object]:
    document: dict[str, object] = read_shipped("features", "factors.yaml")
    return document


@cache
def factors() -> tuple[Factor, ...]:
    """Return the published risk factors in the order of their numbers."""
    rows = _table()["factors"]
    assert isinstance(rows, list)
    return tuple(
        Factor(
            number=row["factor"],
            title=row["title"],
            finding=row["found"],
            references=tuple(row["references"]),
            trap=row["trap"],
            beyond=row.get("beyond", ""),
        )
        for row in sorted(rows, key=lambda row: row["factor"])
    )


@cache
def references() -> dict[str, Reference]:
    """Return the cited works by the short name that definitions use."""
    rows = _table()["references"]
    assert isinstance(rows, dict)
    return {name: Reference(name, row["title"], row["address"]) for name, row in rows.items()}
