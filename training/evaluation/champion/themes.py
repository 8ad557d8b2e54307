"""Why rows move: how much more of each theme one model makes than the other, on rows that moved on and off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features import Catalogue, Matrix
from threat.measuring.ranked import Floats, Ints
from threat.release.documents.champion import ThemeMoves
from training.evaluation.champion.models import ScoredModel

TIME_AT_LIBERTY = "time_at_liberty"
"""The part of a score that a base knows by its offset and no feature has."""

ROWS_CENTRED_ON = 1_000
"""Rows drawn for the means, as many as the global picture draws: contributions cost time for every row."""


@dataclass(frozen=True, slots=True)
class ThemeDifferences:
    """Challenger minus champion by theme, each centred on its mean over drawn rows: ``values`` (m, themes), log odds.

    ``rows``: the m positions in the matrix, rising. ``centred_on``: rows drawn.
    """

    themes: tuple[str, ...]
    rows: Ints
    values: Floats
    centred_on: int

    def of(self, position: int) -> Floats:
        """Return the differences of the row at a position in the matrix (themes)."""
        return np.asarray(self.values[np.searchsorted(self.rows, position)])

    def means(self, on: Floats, off: Floats) -> tuple[ThemeMoves, ...]:
        """Return the mean of each theme over rows that moved on and off, what parts the two most first.

        ``on``, ``off``: how much of a place every row of the matrix gained and lost (n). The mean weighs by it.
        """
        of_on, of_off = (_mean(self.values, places[self.rows]) for places in (on, off))
        moves = [
            ThemeMoves(
                theme=theme,
                on=None if of_on is None else float(of_on[column]),
                off=None if of_off is None else float(of_off[column]),
                on_less_off=None if of_on is None or of_off is None else float(of_on[column] - of_off[column]),
            )
            for column, theme in enumerate(self.themes)
        ]
        return tuple(sorted(moves, key=lambda move: (-abs(move.on_less_off or 0.0), move.theme)))


def theme_differences(
    challenger: ScoredModel, champion: ScoredModel, matrix: Matrix, catalogue: Catalogue, rows: Ints, *, seed: int
) -> ThemeDifferences:
    """Return the differences by theme of these rows of the matrix (positions, rising).

    Raises IntegrityFailure where the contributions of a score do not sum to the score.
    """
    draw = np.random.default_rng(seed)
    drawn = np.sort(draw.choice(len(matrix), min(ROWS_CENTRED_ON, len(matrix)), replace=False))
    themes = tuple(dict.fromkeys(catalogue[name].theme for name in matrix.names))
    if challenger.model.base is not None or champion.model.base is not None:
        themes = (*themes, TIME_AT_LIBERTY)

    def centred(scored: ScoredModel) -> Floats:
        of_rows, of_drawn = (_by_theme(scored, matrix, catalogue, themes, some) for some in (rows, drawn))
        return of_rows - of_drawn.mean(axis=0)

    return ThemeDifferences(themes, rows, centred(challenger) - centred(champion), len(drawn))


def _by_theme(
    scored: ScoredModel, matrix: Matrix, catalogue: Catalogue, themes: tuple[str, ...], rows: NDArray[np.int64]
) -> Floats:
    """Return the contributions of rows summed by theme (rows, themes); without what a model expects of any row."""
    if not len(rows):
        return np.zeros((0, len(themes)))
    parts = scored.model.contributions(scored.values(matrix, rows))
    out = np.zeros((len(rows), len(themes)))
    for column, name in enumerate(scored.model.names):
        out[:, themes.index(catalogue[name].theme)] += parts.by_feature[:, column]
    if TIME_AT_LIBERTY in themes:
        out[:, themes.index(TIME_AT_LIBERTY)] = parts.liberty
    return out


def _mean(values: Floats, weight: Floats) -> Floats | None:
    return np.asarray(weight @ values / weight.sum()) if weight.sum() > 0 else None
