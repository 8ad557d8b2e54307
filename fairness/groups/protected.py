"""Protected characteristics as recorded: a person's own answer before an officer's observation.

Only this package reads the protected table. For ethnicity the two are never mixed (``ethnicity.py``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fairness.groups.parties import Ids, resolve
from threat.history import protected
from threat.history.snapshot import Snapshot

SELF, OBSERVED = "self", "observed"
"""Sources of a record: the person's own answer, or what an officer saw."""


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
        answered, seen = (self.column(characteristic, source, ids) for source in (SELF, OBSERVED))
        note = "self-defined where recorded, otherwise observed" if answered.notna().any() else "observed"
        return answered.where(answered.notna(), seen), note
