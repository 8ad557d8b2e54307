"""What reviewing by each ranking is worth, against reviewing all or nobody: net benefit (Vickers and Elkin 2006)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from threat.measuring.estimates import What, measure, rate
from threat.measuring.figure import Figure
from threat.measuring.intervals import Evidence
from threat.measuring.ranked import Floats, Ranked
from threat.measuring.resampling import Captured, ratio, totals
from threat.measuring.titles import TITLES
from threat.release.documents.decision_curve import DecisionCurve, ListWorth, NetBenefits
from training.evaluation.columns import Test

THRESHOLDS = (0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""From 400 reviews to 5 for each outcome found: round odds on both sides of what lists of common lengths reach."""
_PER = 1_000
"""Rows that a net benefit is given for: of a rare outcome it is some thousandths of a row."""


def decision_curve(
    test: Test, ranked: Mapping[str, Ranked], captured: Mapping[str, Mapping[int, Captured]], titles: Mapping[str, str]
) -> DecisionCurve:
    """Return the net benefit of reviewing everybody, by probability and by list, on the rows that figures count.

    ``captured``: what the lists of each ranking hold, by length. A ranking without probabilities is cut by list alone.
    """
    curves = _Curves(test)
    by_probability = {name: order.probability for name, order in ranked.items() if order.probability is not None}
    return DecisionCurve(
        thresholds=THRESHOLDS,
        capacity=test.length.places,
        positives=int(test.rows.hit.sum()),
        curves=(
            curves.everybody(),
            *(curves.by_probability(name, titles[name], values) for name, values in by_probability.items()),
            *(curves.by_list(name, titles[name], captured[name][test.length.places]) for name in ranked),
        ),
        lists=tuple(
            curves.worth(name, size, captured[name][size]) for name in ranked for size in sorted(captured[name])
        ),
    )


def net_benefit(positives: Floats, reviewed: Floats, rows: Floats, threshold: float) -> Floats:
    """Return the net benefit per 1,000 rows, column by column; NaN without rows.

    Of 1,000 rows 100 are reviewed and 5 of those have an outcome. At 1 in 51 that is 5 - 95 / 50:

    >>> net_benefit(np.array([5.0]), np.array([100.0]), np.array([1_000.0]), 1 / 51).round(6).tolist()
    [3.1]
    """
    return _PER * ratio(positives - (reviewed - positives) * threshold / (1 - threshold), rows)


class _Curves:
    """The columns that every curve is made from: rows and rows with an outcome."""

    def __init__(self, test: Test) -> None:
        self._test = test
        rows = test.rows
        self._counted = totals(rows.counted.astype(np.float64), rows.person, test.draws)
        self._positives = totals(rows.hit.astype(np.float64), rows.person, test.draws)
        self._people = len(np.unique(rows.person[rows.hit]))

    def everybody(self) -> NetBenefits:
        """The curve of reviewing every row."""
        figures = self._figures([(self._positives, self._counted)] * len(THRESHOLDS), {})
        return NetBenefits(name="all", title="Everybody", cut="everybody", figures=tuple(figures))

    def by_probability(self, name: str, title: str, probability: Floats) -> NetBenefits:
        """The curve of reviewing each row whose probability is at least the threshold."""
        rows, draws = self._test.rows, self._test.draws
        reviewed = []
        for threshold in THRESHOLDS:
            listed = (probability >= threshold) & rows.counted
            hit = (listed & rows.hit).astype(np.float64)
            pair = totals(hit, rows.person, draws), totals(listed.astype(np.float64), rows.person, draws)
            reviewed.append(pair)
        figures = self._figures(reviewed, {"ranking": name})
        return NetBenefits(name=name, title=f"{title}, by probability", cut="probability", figures=tuple(figures))

    def by_list(self, name: str, title: str, content: Captured) -> NetBenefits:
        """The curve of reviewing the lists, whatever the threshold."""
        places = round(content.capacity)
        pairs = [(content.positives, content.listed)] * len(THRESHOLDS)
        figures = self._figures(pairs, {"ranking": name, "capacity": places})
        return NetBenefits(name=name, title=f"{title}, lists of {places:,}", cut="list", figures=tuple(figures))

    def _figures(self, reviewed: list[tuple[Floats, Floats]], restricted: Mapping[str, object]) -> Iterator[Figure]:
        for threshold, (positives, listed) in zip(THRESHOLDS, reviewed, strict=True):
            what = self._what("net_benefit", {**restricted, "threshold": threshold})
            yield measure(what, net_benefit(positives, listed, self._counted, threshold))

    def worth(self, name: str, size: int, content: Captured) -> ListWorth:
        """Between which thresholds lists of one length are worth more than reviewing nobody and everybody.

        Lists are worth something while the threshold is under the share of listed rows with an outcome; everybody is
        worth no more while the threshold is over the share among rows not listed (set both net benefits equal).
        """
        at = {"ranking": name, "capacity": size}
        # Both are sums of the same shares of places: only rounding could make a remainder negative.
        missed = np.maximum(self._positives - content.positives, 0.0)
        passed_over = np.maximum(self._counted - content.listed, 0.0)
        return ListWorth(
            name=name,
            capacity=size,
            above_everybody=rate(
                self._what("rate_off_the_lists", at), missed, passed_over, self._evidence(passed_over)
            ),
            above_nobody=rate(
                self._what("precision_at_capacity", at),
                content.positives,
                content.listed,
                self._evidence(content.listed),
            ),
        )

    def _what(self, name: str, restricted: Mapping[str, object]) -> What:
        rows = self._test.rows
        return What(name=name, title=TITLES[name], n=rows.n, events=rows.events_inside, slice=restricted)

    def _evidence(self, below: Floats) -> Evidence:
        return Evidence(people=self._people, clusters=round(float(below[0])))
