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
