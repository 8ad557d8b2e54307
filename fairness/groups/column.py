"""One column of groups over the rows and the events outside together, before it is cut in two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from fairness.characteristics import Characteristic
from threat.release.documents.fairness_policy import Party


@dataclass(frozen=True, slots=True)
class Column:
    """Codes of the rows, then of the events outside; the rest as in ``Characteristic``."""

    name: str
    party: Party
    codes: pd.Series
    titles: Mapping[str, str] | None = None
    note: str = ""

    def cut(self, rows: int) -> Characteristic:
        """The characteristic of the first ``rows`` codes and of the events outside after them."""
        codes = self.codes.to_numpy(dtype=object)
        return Characteristic(self.name, self.party, codes[:rows], codes[rows:], self.titles, self.note)


def combined(first: Column, second: Column, name: str) -> Column:
    """Return the combinations of two columns of one party, such as *Female, 25-34*.

    >>> sex, age = pd.Series(["F", "M", None], dtype=object), pd.Series(["18-24", "18-24", "18-24"], dtype=object)
    >>> both = combined(Column("sex", "subject", sex, {"F": "Female"}), Column("age", "subject", age), "sex_by_age")
    >>> both.codes.fillna("missing").tolist(), both.titles
    (['F, 18-24', 'M, 18-24', 'missing'], {'F, 18-24': 'Female, 18-24', 'M, 18-24': 'M, 18-24'})
    """
    recorded = first.codes.notna() & second.codes.notna()
    codes = (first.codes.astype(str) + ", " + second.codes.astype(str)).where(recorded, None).astype(object)
    pairs = sorted(set(zip(first.codes[recorded].astype(str), second.codes[recorded].astype(str), strict=True)))
    words = [{} if column.titles is None else dict(column.titles) for column in (first, second)]
    titles = {f"{a}, {b}": f"{words[0].get(a, a)}, {words[1].get(b, b)}" for a, b in pairs}
    return Column(name, first.party, codes, titles, "combination of two characteristics")
