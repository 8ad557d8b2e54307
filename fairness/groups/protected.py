"""Protected characteristics as recorded: a person's own answer before an officer's observation.

Only this package reads the protected table. For ethnicity the two are never mixed (``ethnicity.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairness.groups.parties import Ids, resolve
from threat import protected_codes
from threat.history import protected
from threat.history.snapshot import Snapshot

SELF, OBSERVED = "self", "observed"
"""Sources of a record: the person's own answer, or what an officer saw."""

_NOT_KNOWN = "unknown"
"""Code that says that nobody knows, which is what *not recorded* says. *Not stated* is an answer, and a group."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is recorded of the persons of an audit: by (characteristic, source), one row per person."""

    tables: dict[tuple[str, str], pd.DataFrame]

    @classmethod
    def of(cls, snapshot: Snapshot, people: Ids) -> Recorded:
        """Read the protected table for these people; of several answers of one source, the latest."""
        frame = protected.read(snapshot)
        if frame.empty:
            return cls({})
        frame["person_id"] = resolve(snapshot, frame["person_id"].to_numpy(dtype=np.int64))
        frame = frame[np.isin(frame["person_id"].to_numpy(), resolve(snapshot, people))]
        # Of persons who were merged and of several schemes, whatever the order of their ids and names.
        frame = frame.sort_values(["recorded_at", "scheme", "code"], kind="stable")
        frame = frame.drop_duplicates(["person_id", "characteristic", "source"], keep="last")
        return cls(
            {
                (str(name), str(source)): part.set_index("person_id")
                for (name, source), part in frame.groupby(["characteristic", "source"], observed=True)
            }
        )

    def names(self) -> list[str]:
        """Characteristics on record, sorted."""
        return sorted({name for name, _ in self.tables})

    def column(self, characteristic: str, source: str, ids: Ids, column: str = "code") -> pd.Series:
        """A column of one source, of each id; None where not recorded."""
        part = self.tables.get((characteristic, source))
        if part is None:
            return pd.Series([None] * len(ids), dtype=object)
        return pd.Series(ids).map(part[column]).astype(object)

    def preferred(self, characteristic: str, ids: Ids) -> tuple[pd.Series, str]:
        """The person's own answer where recorded, otherwise the observation; and in words which of the two."""
        answered, seen = (self._codes(characteristic, source, ids) for source in (SELF, OBSERVED))
        note = "self-defined where recorded, otherwise observed" if answered.notna().any() else "observed"
        return answered.where(answered.notna(), seen), note

    def _codes(self, characteristic: str, source: str, ids: Ids) -> pd.Series:
        """Return the codes of one source that say something; where a code means what its scheme says, in words."""
        codes = self.column(characteristic, source, ids)
        if protected_codes.ANY_SCHEME in protected_codes.schemes(characteristic):
            return codes.where(codes != _NOT_KNOWN, None)
        # 1 of fifths is 1 and 2 of tenths: under their codes alone, areas of different deprivation would be one group.
        schemes = self.column(characteristic, source, ids, "scheme")
        words = {
            (scheme, code): protected_codes.codes(characteristic, scheme).get(code, code)
            for scheme, code in set(zip(schemes.dropna(), codes.dropna(), strict=True))
        }
        pairs = zip(schemes, codes, strict=True)
        return pd.Series([words.get(pair) for pair in pairs], dtype=object).where(codes.notna(), None)


def titles_of(characteristic: str, codes: pd.Series) -> dict[str, str]:
    """Return the title of each code of a characteristic; a code of no list is named so, and is a group like any other.

    >>> titles_of("sex", pd.Series(["female", "X", None]))
    {'X': 'X (not in the list of codes)', 'female': 'Female'}
    """
    listed = protected_codes.codes(characteristic)
    titles = {title: title for title in listed.values()} | listed
    return {code: titles.get(code, f"{code} (not in the list of codes)") for code in sorted(set(codes.dropna()))}
