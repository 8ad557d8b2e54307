"""What anybody knows of how the groups of a report add up, which is what subtraction across tables goes by.

Each characteristic divides the same rows; codes of ethnicity roll up to groups; a combination of two characteristics
has either as its margin; couples are some kinds of relationship. A relation is a sum of cells that is another sum, or
the total of everybody. Cells that no table shows, such as women without a recorded age, are *hidden*: they are in the
relations all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fairness.groups.couples import COUPLES
from fairness.groups.ethnicity import ethnicity_table, group_of
from threat.release.documents.fairness import MISSING, CharacteristicReport


class Cell(NamedTuple):
    """One group of one table, or a hidden cell: rows of ``code`` in the table ``name``."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Relation:
    """Cells whose sum is that of other cells; without other cells, the total of everybody."""

    cells: tuple[Cell, ...]
    others: tuple[Cell, ...] = ()


def relations(tables: Sequence[CharacteristicReport], intersections: Sequence[tuple[str, str, str]]) -> list[Relation]:
    """Return every relation among the groups of these tables.

    ``intersections``: names, as ``CharacteristicReport.name`` has them, of each table of combinations and of the two
    tables it combines.
    """
    by_name = {table.name: [group.code for group in table.groups] for table in tables}
    out = [Relation(_cells(name, codes)) for name, codes in by_name.items() if codes]
    for party in ("person_at_risk", "subject"):
        fine = by_name.get(f"{party}/ethnicity", [])
        for coarse, roll_up in (("ethnicity_group", _group_of), ("white_minority", _white_of)):
            name = f"{party}/{coarse}"
            out += _rolled_up(Cell(f"{party}/ethnicity", ""), fine, Cell(name, ""), by_name.get(name, []), roll_up)
        out += _whites(party, by_name)
    if "relationship/kind" in by_name and "relationship/same_sex" in by_name:
        out += _couples(by_name["relationship/kind"], by_name["relationship/same_sex"])
    for both, first, second in intersections:
        if both in by_name and first in by_name and second in by_name:
            out += _margins((both, by_name[both]), (first, by_name[first]), (second, by_name[second]))
    return out


def _cells(name: str, codes: Sequence[str]) -> tuple[Cell, ...]:
    return tuple(Cell(name, code) for code in codes)


def _rolled_up(
    fine: Cell, fine_codes: list[str], coarse: Cell, coarse_codes: list[str], roll_up: Callable[[str], str]
) -> Iterator[Relation]:
    """Each group of the coarse table is the sum of the codes that roll up to it."""
    # A code of a source's own scheme is a group under its own name.
    groups = {part: part if part in coarse_codes else roll_up(part) for part in fine_codes}
    for code in coarse_codes:
        parts = [part for part, group in groups.items() if group == code]
        if parts:
            yield Relation(_cells(fine.name, parts), (Cell(coarse.name, code),))


def _group_of(code: str) -> str:
    """Group of the 5+1 of a code of ethnicity, of whatever scheme has the code.

    >>> [_group_of(code) for code in ("W1", "O1", "B", "Z9", "not recorded")]
    ['W', 'A', 'B', 'Z9 (not in the roll-up table)', 'not recorded']
    """
    groups = {row["group"] for (_, listed), row in ethnicity_table().items() if listed == code}
    if len(groups) == 1:
        return groups.pop()
    return code if code == MISSING else group_of("5+1", code)


def _white_of(code: str) -> str:
    """Group of the table of White minorities of a code of ethnicity; everybody else is *not recorded* there.

    >>> [_white_of(code) for code in ("W1", "W3", "A1", "not recorded")]
    ['White British', 'White minority', 'not recorded', 'not recorded']
    """
    minority = {row["white_minority"] for (_, listed), row in ethnicity_table().items() if listed == code}
    return {"no": "White British", "yes": "White minority"}.get("".join(sorted(minority)), MISSING)


def _whites(party: str, by_name: dict[str, list[str]]) -> Iterator[Relation]:
    """White British and White minorities are the White, but for those whose code does not say which.

    Both forms are given: where nobody is of such a code the numbers of rows fit the first.
    """
    name, group = f"{party}/white_minority", Cell(f"{party}/ethnicity_group", "W")
    sorts = [code for code in by_name.get(name, []) if code != MISSING]
    if sorts and group.code in by_name.get(group.name, []):
        yield Relation(_cells(name, sorts), (group,))
        yield Relation((*_cells(name, sorts), Cell("hidden", f"{name}: White, which is not said")), (group,))


def _couples(kinds: list[str], couples: list[str]) -> Iterator[Relation]:
    """Family is every kind but partners; partners are couples of either sort, or of a sex that is not recorded."""
    kind, couple = "relationship/kind", "relationship/same_sex"
    family = [code for code in kinds if code not in (*COUPLES, MISSING)]
    if "family" in couples and family:
        yield Relation(_cells(kind, family), (Cell(couple, "family"),))
    partners = [code for code in kinds if code in COUPLES]
    sorts = [code for code in couples if code not in ("family", MISSING)]
    sex_missing = Cell("hidden", "partners whose sexes are not recorded")
    if partners:
        yield Relation(_cells(kind, partners), (*_cells(couple, sorts), sex_missing))
    if MISSING in couples:
        no_kind = _cells(kind, [MISSING]) if MISSING in kinds else ()
        yield Relation(_cells(couple, [MISSING]), (*no_kind, *((sex_missing,) if partners else ())))


def _margins(
    both: tuple[str, list[str]], first: tuple[str, list[str]], second: tuple[str, list[str]]
) -> Iterator[Relation]:
    """A group of either table is the sum of its combinations, and of the rows on which the other is not recorded."""
    name, combinations = both
    lacks_first, lacks_second = MISSING in first[1], MISSING in second[1]

    def hidden(a: str, b: str) -> tuple[Cell, ...]:
        return (Cell("hidden", f"{name}: {a}, {b}"),)

    for a in first[1]:
        parts = _cells(name, [f"{a}, {b}" for b in second[1] if f"{a}, {b}" in combinations])
        if a == MISSING:
            parts = tuple(cell for b in second[1] for cell in hidden(a, b))
        elif lacks_second:
            parts += hidden(a, MISSING)
        yield Relation(parts, (Cell(first[0], a),))
    for b in second[1]:
        parts = _cells(name, [f"{a}, {b}" for a in first[1] if f"{a}, {b}" in combinations])
        if b == MISSING:
            parts = tuple(cell for a in first[1] for cell in hidden(a, b))
        elif lacks_first:
            parts += hidden(MISSING, b)
        yield Relation(parts, (Cell(second[0], b),))
