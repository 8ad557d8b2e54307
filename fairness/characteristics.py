"""One way to divide the rows of an audit into groups, by codes of any kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from threat.errors import BadInput
from threat.measuring.by_group import Grouping
from threat.measuring.ranked import Labelled
from threat.release.documents.fairness import MISSING
from threat.release.documents.fairness_policy import Party


@dataclass(frozen=True, slots=True)
class Characteristic:
    """One way to divide the rows.

    ``codes``: group of each row, None or NaN where not recorded; ``outside``: of each event outside. ``party``: whose
    characteristic. ``titles``: words for codes. ``note``: what a reader must know about where the codes come from.
    """

    name: str
    party: Party
    codes: ArrayLike
    outside: ArrayLike = ()
    titles: Mapping[str, str] | None = None
    note: str = ""

    def title_of(self, code: str) -> str:
        """Words for a group's code."""
        return code if code == MISSING else (self.titles or {}).get(code, code)

    def grouping(self, rows: Labelled) -> Grouping:
        """Number the groups by sorted code, the group of what is not recorded last.

        Raises BadInput when there are more or fewer codes than rows or events outside.

        >>> sex = Characteristic("sex", "column", ["M", "F", None])
        >>> sex.grouping(Labelled.of(label=[0, 1, 0]))
        Grouping(codes=('F', 'M', 'not recorded'), row=array([1, 0, 2]), outside=array([], dtype=int64))
        """
        raw = [pd.Series(np.asarray(values, dtype=object)) for values in (self.codes, self.outside)]
        given, wanted = (len(raw[0]), len(raw[1])), (len(rows), len(rows.outside_person))
        if given != wanted:
            raise BadInput(
                f"The groups of {self.name} are {given[0]} and {given[1]} outside, but there are {wanted[0]} rows and "
                f"{wanted[1]} events outside."
            )
        # Numbered first, so that words are made of the few distinct codes and not of every row.
        which, distinct = pd.factorize(pd.concat(raw, ignore_index=True), use_na_sentinel=True)
        texts = [str(code) for code in distinct]
        # Blank and the very words "not recorded" say the same: a table handed in may write any of them.
        texts = [MISSING if text.strip() in {"", MISSING} else text for text in texts]
        missing = bool((which < 0).any()) or MISSING in texts
        codes = sorted(set(texts) - {MISSING}) + [MISSING] * missing
        number = {code: place for place, code in enumerate(codes)}
        # The last place of the lookup is that of -1, the number of what is None or NaN.
        lookup = np.array([*(number[text] for text in texts), number.get(MISSING, -1)], np.int64)
        numbers = lookup[which]
        return Grouping(tuple(codes), numbers[: len(rows)], numbers[len(rows) :])
