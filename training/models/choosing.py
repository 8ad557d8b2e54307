"""The one rule that chooses among approaches, fit rows and weights on validation, while the test is closed.

Every option ranks the same pooled validation rows, each scored by a fit that could not know the row's outcome. What is
compared is mean recall over the ladder of list lengths, lists cut cycle by cycle as in the evaluation. The simplest
option within one standard error of the best is chosen (Breiman, Friedman, Olshen and Stone 1984, section 3.4.3): with
some hundred outcomes the best of several options is the best by luck as often as by merit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling, capture, ratio, totals
from threat.release.documents.chosen import ComparedOption, OptionChoice
from training.cohorts.sample import Sample

Floats = NDArray[np.float64]

REPLICATES = 400
"""Draws of subjects behind a standard error: enough to know the error itself within 4% (1 / sqrt(2 * 400))."""

_SAME = 1e-12
"""Options that rank alike differ by rounding alone; a standard error of 0 must not part them."""


@dataclass(frozen=True, slots=True)
class ValidationLists:
    """The pooled validation rows as lists: ``places`` are the lengths that recall is averaged over."""

    rows: Labelled
    draws: Draws
    places: tuple[int, ...]

    @classmethod
    def of(cls, measured: Sequence[Sample], length: ListLength, *, seed: int) -> ValidationLists:
        """Pool the measured samples, one after another. Rows of one cycle are one list, whichever sample holds them."""
        rows = Labelled.of(
            label=np.concatenate([sample.label for sample in measured]),
            person=np.concatenate([sample.person for sample in measured]),
            cycle=np.concatenate([sample.cycle for sample in measured]),
        )
        draws = Draws.of(rows.persons, Resampling(replicates=REPLICATES, seed=seed))
        return cls(rows, draws, tuple(length.ladder))

    def mean_recall(self, scores: Floats) -> Floats:
        """Mean over the lengths of the share of rows with an outcome that the lists hold: the sample, then replicates.

        ``scores``: one per pooled row. NaN in a column without an outcome.
        """
        ranked = Ranked(rows=self.rows, score=np.asarray(scores, np.float64))
        listed = np.mean([capture(ranked, self.draws, places).positives for places in self.places], axis=0)
        return ratio(listed, totals(self.rows.hit.astype(np.float64), self.rows.person, self.draws))


def choose(options: Mapping[str, Floats], lists: ValidationLists) -> OptionChoice:
    """Return the simplest option whose mean recall is within one standard error of the best, with every option's.

    ``options``: scores of the pooled rows by name, the simplest option first. The standard error is that of the paired
    difference from the best, over draws of subjects. Without an outcome nothing can be compared: the simplest.
    """
    recalls = {name: lists.mean_recall(scores) for name, scores in options.items()}
    names = list(recalls)
    comparable = bool(np.isfinite(recalls[names[0]][0]))
    # Of options that tie, max keeps the first: the simplest.
    best = max(names, key=lambda name: recalls[name][0]) if comparable else names[0]
    compared, within = [], []
    for name in names:
        difference = recalls[name] - recalls[best]
        error = float(np.nanstd(difference[1:], ddof=1)) if comparable and name != best else None
        compared.append(
            ComparedOption(
                name=name,
                mean_recall=float(recalls[name][0]) if comparable else None,
                difference=float(difference[0]) if comparable else None,
                standard_error=error,
            )
        )
        within.append(not comparable or difference[0] + (error or 0.0) >= -_SAME)
    return OptionChoice(
        chosen=names[within.index(True)],
        best=best,
        options=tuple(compared),
        rows=len(lists.rows),
        rows_with_outcome=int(lists.rows.hit.sum()),
        subjects=lists.rows.persons,
        lists=len(np.unique(lists.rows.cycle)),
        places=lists.places,
    )
