"""The matrix of features, which every engine gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.load import Catalogue
from threat.errors import UsageError
from threat.history.sightings import Rows

if TYPE_CHECKING:
    # pandas takes 0.3 s to load, and only ``frame`` needs it: scoring goes without.
    import pandas as pd


_AT_ONCE = 65_536
"""Rows compared at once by ``constant``: some 60 MB of a memory-mapped matrix, so that a large one is never whole in
memory."""


class Constant(NamedTuple):
    """A feature that has one value in all rows; NaN: it is missing in all."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """Feature values of rows, as every engine gives them back.

    ``values``: float32 (n, d), NaN = missing, possibly memory-mapped. ``names``: d names. ``catalogue_version``: hash
    of the definitions.
    """

    values: NDArray[np.float32]
    names: tuple[str, ...]
    rows: Rows
    catalogue_version: str

    @classmethod
    def of(cls, values: NDArray[np.float32], rows: Rows, catalogue: Catalogue) -> Matrix:
        """Return the matrix of values (n, d) that an engine built of the catalogue."""
        return cls(values, catalogue.names, rows, catalogue.version)

    def __len__(self) -> int:
        return len(self.values)

    def column(self, name: str) -> NDArray[np.float32]:
        """Return one feature, float32 (n,). Raises UsageError when it is not in the matrix."""
        if name not in self.names:
            raise UsageError("The matrix has no feature of this name.", value=name)
        return np.asarray(self.values[:, self.names.index(name)])

    def constant(self) -> tuple[Constant, ...]:
        """Return every feature that says nothing of these rows: missing in all of them, or of one value in all.

        In the order of ``names``; every feature when there is no row. A feature with one value and some missing is not
        constant.
        """
        if not len(self):
            return tuple(Constant(name, float("nan")) for name in self.names)
        first = np.asarray(self.values[0])
        same = np.ones(len(first), np.bool_)
        for start in range(0, len(self), _AT_ONCE):
            part = np.asarray(self.values[start : start + _AT_ONCE])
            same &= ((part == first) | (np.isnan(part) & np.isnan(first))).all(axis=0)
        return tuple(Constant(self.names[j], float(first[j])) for j in np.flatnonzero(same).tolist())

    def frame(self) -> pd.DataFrame:
        """Return the values with their names, indexed by relationship and as-of (int64 UTC seconds)."""
        import pandas as pd

        index = pd.MultiIndex.from_arrays(
            [self.rows.relationship_id, self.rows.as_of], names=["relationship_id", "as_of"]
        )
        return pd.DataFrame(np.asarray(self.values), columns=list(self.names), index=index)
