"""What the engines hand back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from threat.errors import UsageError
from threat.history.sightings import Rows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Matrix:
    """Feature values of rows.

    ``values``: float32 (n, d), NaN = missing, possibly memory-mapped. ``names``: d names. ``spans``: int64 (d,), the
    longest window of each feature in seconds, 0 when it reads the whole history. ``history_start``: int64 by source,
    in the order of ``source_names``. ``catalogue_version``: hash of the definitions.
    """

    values: NDArray[np.float32]
    names: tuple[str, ...]
    rows: Rows
    spans: NDArray[np.int64]
    history_start: NDArray[np.int64]
    source_names: tuple[str, ...]
    catalogue_version: str

    def __len__(self) -> int:
        return len(self.values)

    @property
    def truncated(self) -> NDArray[np.bool_]:
        """bool (n, d): the window reaches back before some source begins, so the figure may be too small."""
        begins = self.history_start.max() if len(self.history_start) else np.iinfo(np.int64).min
        return self._reaches_before(int(begins))

    def truncated_by(self, source: str) -> NDArray[np.bool_]:
        """bool (n, d): the window reaches back before this source begins. Raises UsageError for an unknown source."""
        if source not in self.source_names:
            raise UsageError(
                "Not a source of this history.", value=source, way_out=f"one of {', '.join(self.source_names)}"
            )
        return self._reaches_before(int(self.history_start[self.source_names.index(source)]))

    def _reaches_before(self, begins: int) -> NDArray[np.bool_]:
        return np.asarray((self.rows.as_of[:, None] - self.spans[None, :] < begins) & (self.spans[None, :] > 0))

    def column(self, name: str) -> NDArray[np.float32]:
        """One feature, float32 (n,). Raises UsageError when it is not in the matrix."""
        if name not in self.names:
            raise UsageError("Not a feature of this matrix.", value=name)
        return np.asarray(self.values[:, self.names.index(name)])

    def frame(self) -> pd.DataFrame:
        """The values with their names, indexed by relationship and as-of (int64 UTC seconds)."""
        import pandas as pd

        index = pd.MultiIndex.from_arrays(
            [self.rows.relationship_id, self.rows.as_of], names=["relationship_id", "as_of"]
        )
        return pd.DataFrame(np.asarray(self.values), columns=list(self.names), index=index)
