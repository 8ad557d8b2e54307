"""The base of a model: a regression, and a known offset for time at liberty, that LightGBM's trees are added to.

Works on the document ``model/base.json`` and NumPy alone. A row's score does not depend, to the last bit, on the rows
that are scored with it: a list and the page of one relationship show the same number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threat.errors import IntegrityFailure
from threat.release.documents.model import DAYS_UNTIL_RELEASE, IN_CUSTODY, BaseColumn, BaseModel, LibertyOffset

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32] | NDArray[np.float64]
"""Values of features; those of a bundle's canaries are doubles."""


@dataclass(frozen=True, slots=True)
class Base:
    """A base that scores matrices whose columns are named.

    ``positions``: of each column of the document, where its feature is in such a matrix. ``liberty_positions``: of
    IN_CUSTODY and DAYS_UNTIL_RELEASE; None for a base without an offset.
    """

    document: BaseModel
    positions: tuple[int, ...]
    liberty_positions: tuple[int, int] | None

    @classmethod
    def of(cls, document: BaseModel, names: Sequence[str]) -> Base:
        """Return the base for matrices with the columns ``names``.

        Raises IntegrityFailure for a feature that is not among them.
        """
        at = {name: position for position, name in enumerate(names)}
        read = [column.feature for column in document.columns]
        of_liberty = [] if document.liberty is None else [IN_CUSTODY, DAYS_UNTIL_RELEASE]
        if unknown := sorted({*read, *of_liberty} - at.keys()):
            raise IntegrityFailure(
                "The base reads a feature that the model does not have.",
                value=", ".join(unknown),
                where=BaseModel.FILE,
                way_out="do not use this model; train again: threat train",
            )
        liberty = None if document.liberty is None else (at[IN_CUSTODY], at[DAYS_UNTIL_RELEASE])
        return cls(document, tuple(at[name] for name in read), liberty)

    @property
    def expected(self) -> float:
        """The mean score over the fit rows, log odds: what contributions start from."""
        liberty = self.document.liberty
        return self.document.intercept + (0.0 if liberty is None else liberty.mean)

    def score(self, values: Matrix) -> Floats:
        """Return the log odds, float64[n], of ``values`` (n, d); NaN = missing. The offset is included."""
        total = self.offset(values) + self.document.intercept
        # One column after another: a matrix product may add up in another order for another number of rows.
        for column, standardised in self._columns(values):
            total += column.coefficient * standardised
        return total

    def contributions(self, values: Matrix) -> tuple[Floats, Floats, float]:
        """Return what each feature and the time at liberty add to the expected score, and the expected score.

        By feature float64 (n, d), by liberty float64[n], both log odds; with the expected score they sum to ``score``.
        A feature's part is that of its value and of its being missing.
        """
        by_feature = np.zeros(values.shape, dtype=np.float64)
        for position, (column, standardised) in zip(self.positions, self._columns(values), strict=True):
            by_feature[:, position] += column.coefficient * standardised
        liberty = self.document.liberty
        of_liberty = self.offset(values) - (0.0 if liberty is None else liberty.mean)
        return by_feature, of_liberty, self.expected

    def offset(self, values: Matrix) -> Floats:
        """Return the offset for time at liberty, log odds, float64[n]; 0 for a base without one."""
        if self.document.liberty is None or self.liberty_positions is None:
            return np.zeros(len(values))
        custody, release = self.liberty_positions
        return liberty_offset(values[:, custody], values[:, release], self.document.liberty)

    def standardised(self, values: Matrix) -> Floats:
        """Return the columns that the coefficients belong to, float64 (n, columns)."""
        out = np.empty((len(values), len(self.positions)), order="F")
        for place, (_, standardised) in enumerate(self._columns(values)):
            out[:, place] = standardised
        return out

    def _columns(self, values: Matrix) -> Iterator[tuple[BaseColumn, Floats]]:
        for column, position in zip(self.document.columns, self.positions, strict=True):
            read = values[:, position]
            if column.fill is None:
                x = np.isnan(read).astype(np.float64)
            else:
                x = filled(signed_log(read), column.fill, column.direction)
            yield column, (x - column.mean) / column.scale


def signed_log(values: Matrix) -> Floats:
    """Return sign(v) * log(1 + |v|) of ``values`` (any shape); NaN stays NaN.

    Rounded to single precision: the last bit of a logarithm differs between processors, and a list must replay on any.
    """
    exact = np.ascontiguousarray(values, dtype=np.float64)
    return (np.sign(exact) * np.log1p(np.abs(exact))).astype(np.float32).astype(np.float64)


def filled(logs: Floats, fill: float, direction: int) -> Floats:
    """Return signed logs with ``fill`` where they are missing.

    Of a feature with a direction, ``fill`` is the end of least risk, and a value beyond that end counts as the end:
    so a first record, which replaces a missing value, moves the column to more risk or not at all.

    >>> filled(np.array([1.0, np.nan, 9.0]), 8.0, -1).tolist()
    [1.0, 8.0, 8.0]
    >>> filled(np.array([1.0, np.nan, 9.0]), 2.0, 0).tolist()
    [1.0, 2.0, 9.0]
    """
    whole = np.where(np.isnan(logs), fill, logs)
    if direction > 0:
        return np.maximum(whole, fill)
    return np.minimum(whole, fill) if direction < 0 else whole


def liberty_offset(in_custody: Matrix, days_until_release: Matrix, liberty: LibertyOffset) -> Floats:
    """Return the log of the share of the horizon at liberty, float64[n], at most 0.

    Out of custody the share is 1; in custody until a known release, what is left of the horizon after it; in custody
    without a known release the policy's share. Never under the policy's least share.

    >>> liberty = LibertyOffset(horizon_days=180, unknown_release_share=0.15, least_liberty_share=0.02, mean=0.0)
    >>> custody, release = np.array([0, 1, 1, 1], np.float32), np.array([np.nan, 90, np.nan, 400], np.float32)
    >>> np.exp(liberty_offset(custody, release, liberty)).round(4).tolist()
    [1.0, 0.5, 0.15, 0.02]
    """
    left = 1.0 - days_until_release.astype(np.float64) / liberty.horizon_days
    share = np.where(np.isnan(left), liberty.unknown_release_share, left)
    share = np.clip(np.where(in_custody > 0, share, 1.0), liberty.least_liberty_share, 1.0)
    # Rounded for the reason that signed_log is.
    return np.log(share).astype(np.float32).astype(np.float64)
