"""The bar on validation: the model against the better of LightGBM from scratch and the elastic net, the test closed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from threat.measuring.estimates import What, measure
from threat.measuring.intervals import ENOUGH_TO_RESAMPLE, PAIRED
from threat.measuring.power import standard_error_of
from threat.measuring.titles import title_of_difference
from threat.release.documents.comparison import REGRESSION, verdict_of
from threat.release.documents.settings import APPROACH_TITLES, Approach
from threat.release.documents.validation_bar import BarRanking, ValidationBar
from training.models.choosing import ValidationLists
from training.models.planned_comparison import power, title_of

Floats = NDArray[np.float64]

_SCRATCH: Approach = "scratch"


def bar_on_validation(
    approach: Approach, scores: Mapping[str, Floats], lists: ValidationLists, margin: float
) -> ValidationBar:
    """Return the paired difference in mean recall from the better of LightGBM from scratch and the elastic net.

    ``approach``: of the model. ``scores``: out-of-fold scores of the pooled validation rows by approach, and of the
    elastic net; a model from scratch, and a model beside which nothing from scratch was fitted, is compared with the
    elastic net alone. The better is picked once, by the sample: the replicates keep it. Where neither side's lists hold
    ten rows with an outcome the interval is not read, as in the planned comparison.
    """
    comparators = [name for name in (_SCRATCH, REGRESSION) if name in scores and name != approach]
    recalls = {name: lists.mean_recall(scores[name]) for name in (approach, *comparators)}
    # Of two that tie, max keeps the first: LightGBM from scratch.
    better = max(comparators, key=lambda name: recalls[name][0])
    hits = lists.rows.hit
    difference = measure(
        What(
            name="mean_recall_difference",
            title=title_of_difference("mean_recall"),
            n=len(lists.rows),
            events=int(hits.sum()),
        ),
        recalls[approach] - recalls[better],
        method=PAIRED,
    )
    # NaN, of validation without an outcome, is not at least ten either.
    few = not max(recalls[approach][0], recalls[better][0]) * hits.sum() >= ENOUGH_TO_RESAMPLE
    interval = None if few else difference.interval
    return ValidationBar(
        margin=margin,
        places=lists.places,
        people=len(np.unique(lists.rows.person[hits])),
        model=_ranking(approach, recalls[approach]),
        comparators=tuple(_ranking(name, recalls[name]) for name in comparators),
        better=better,
        difference=difference,
        verdict="not_enough_evidence" if few else verdict_of(difference, margin),
        power=None if interval is None else power(standard_error_of(interval), margin),
        reason=f"neither caught {ENOUGH_TO_RESAMPLE} outcomes" if few else "",
    )


def _ranking(name: str, recall: Floats) -> BarRanking:
    title = next((title for approach, title in APPROACH_TITLES.items() if approach == name), title_of(name))
    return BarRanking(name=name, title=title, mean_recall=float(recall[0]) if np.isfinite(recall[0]) else None)
