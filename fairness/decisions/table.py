"""A table of recorded decisions: which case, of which list, listed or not, taken up or not; never who decided."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from fairness.groups.parties import Ids
from fairness.tables import read_columns
from threat.asof import parse_as_of
from threat.errors import BadInput, ThreatError, raise_all
from threat.ids import parse_id

NAMES = ("list_as_of", "relationship", "listed", "taken")
"""The columns, all of them: an audit of decisions is no audit of who decided, so no other column is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """One row a case considered for a list. ``as_of``: of the list, int64 UTC seconds.

    ``listed``: the model's list had the case. ``taken``: people took the case up, whether listed or added by them.
    """

    as_of: Ids
    relationship: Ids
    listed: NDArray[np.bool_]
    taken: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.as_of)

    def of_list(self) -> Decisions:
        """The cases that the list had."""
        return Decisions(*(getattr(self, name)[self.listed] for name in ("as_of", "relationship", "listed", "taken")))


def read_decisions(path: Path) -> Decisions | None:
    """Read a CSV file of the columns in NAMES; None where no decision is recorded: no such file, or no row.

    ``list_as_of``: ISO 8601, as the list says it; ``relationship``: the reference, such as R-0123456789abcdef;
    ``listed`` and ``taken``: 1 or 0. Raises BadInput with every problem: another column (such as who decided), a
    value that is neither 1 nor 0, a reference or an as-of that cannot be read, a case twice of one list.
    """
    if not path.exists() or _has_header_alone(path):
        return None
    table = read_columns(path, numbers=["listed", "taken"], words=["list_as_of", "relationship"])
    where = str(path)
    problems: list[ThreatError] = [
        BadInput("The table of decisions has a column that it must not have.", value=name, where=where,
                 way_out=f"leave out all columns but {', '.join(NAMES)}: an audit of decisions never has who decided")
        for name in _header(path) if name not in NAMES
    ]  # fmt: skip
    for name in ("listed", "taken"):
        wrong = ~table[name].isin([0, 1]).to_numpy()
        if wrong.any():
            line = int(wrong.argmax())
            problems.append(BadInput(f"Column {name} has a value that is neither 1 nor 0.", value=table[name][line],
                                     where=f"{where}, line {line + 2}"))  # fmt: skip
    as_of = _parsed(table["list_as_of"], parse_as_of, where, problems)
    relationship = _parsed(table["relationship"], parse_id, where, problems)
    raise_all(problems)
    if (twice := pd.DataFrame({"as_of": as_of, "relationship": relationship}).duplicated().to_numpy()).any():
        line = int(twice.argmax())
        raise BadInput(
            "The table has a case twice for one list.",
            value=f"{table['relationship'][line]} of {table['list_as_of'][line]}",
            where=f"{where}, line {line + 2}",
            way_out="keep the decision in force when the list was closed",
        )
    return Decisions(as_of, relationship, *(table[name].to_numpy() == 1 for name in ("listed", "taken")))


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return file.readline().strip().split(",")


def _has_header_alone(path: Path) -> bool:
    with path.open("rb") as file:
        return not any(line.strip() for line in file.readlines()[1:2])


def _parsed(texts: pd.Series, parse: object, where: str, problems: list[ThreatError]) -> Ids:
    """Return the number that each text stands for; the first text that stands for none is a problem."""
    out = np.full(len(texts), -1, dtype=np.int64)
    for line, text in enumerate(texts):
        try:
            out[line] = parse(text or "")  # type: ignore[operator]
        except ThreatError as error:
            problems.append(
                BadInput(
                    f"Column {texts.name} has a value that cannot be read.",
                    value=text,
                    where=f"{where}, line {line + 2}",
                    way_out=error.way_out,
                )
            )
            break
    return out
