"""Both halves of a test, each by itself: what held in spring may not hold in autumn, and a mean of the two hides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from threat.measuring.ranked import Ranked
from threat.release.documents.evaluation import HalfOfTest
from training.evaluation.calibration import calibration
from training.evaluation.columns import Test, columns_of, figures_of

_SHOWN = ("recall_at_capacity", "mean_recall", "auc")

_HALVES: tuple[Literal["first", "second"], ...] = ("first", "second")


def halves(test: Test, ranked: Mapping[str, Ranked], model: Ranked | None) -> tuple[HalfOfTest, ...]:
    """Return the figures of every ranking on the first and the second half of the lists; none of a single list.

    Of an odd number of lists the first half has one more. ``model``: whose calibration is measured. An event that lists
    of both halves could have foreseen counts in each with the credit that its lists have.
    """
    cycles = np.unique(test.rows.cycle)
    if len(cycles) < len(_HALVES) or test.rows.outside_cycle is None:
        return ()
    out = []
    for half, of_half in zip(_HALVES, np.array_split(cycles, len(_HALVES)), strict=True):
        part, keep = test.of_cycles(of_half), np.isin(test.rows.cycle, of_half)

        def within(whole: Ranked, part: Test = part, keep: np.ndarray = keep) -> Ranked:
            probability = None if whole.probability is None else whole.probability[keep]
            return Ranked(rows=part.rows, score=whole.score[keep], probability=probability)

        figures = []
        for name, whole in ranked.items():
            # The first of a name: recall at the list's own length.
            of_ranking = {figure.name: figure for figure in reversed(figures_of(part, columns_of(part, within(whole))))}
            figures += [
                of_ranking[shown].model_copy(
                    update={"slice": of_ranking[shown].slice | {"half": half, "ranking": name}}
                )
                for shown in _SHOWN
            ]
        has_probability = model is not None and model.probability is not None
        out.append(
            HalfOfTest(
                half=half,
                cycles=tuple(of_half.tolist()),
                n=part.rows.n,
                events=part.rows.events,
                figures=tuple(figures),
                calibration=calibration(within(model), part.draws) if model is not None and has_probability else None,
            )
        )
    return tuple(out)
