"""Part ``decision`` of ``evaluation.json``: what reviewing by a ranking is worth, against reviewing all or nobody."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.document import Part

NOTHING_ABOUT_SAFETY = (
    "A net benefit compares ways to spend reviews. It says nothing about anybody who is not reviewed."
)


def one_in(threshold: float) -> str:
    """Return a threshold as the reviews that finding one outcome is worth.

    >>> one_in(0.0025), one_in(0.3)
    ('1 in 400', '1 in 3.33')
    """
    return f"1 in {1 / threshold:,.3g}" if threshold > 1e-3 else f"1 in {1 / threshold:,.0f}"


class NetBenefits(Part):
    """Net benefit of one way to decide who is reviewed, threshold by threshold."""

    name: str = Field(min_length=1, description="the ranking's column in predictions.parquet, or all")
    title: str = Field(min_length=1, description="the way to decide in words")
    cut: Literal["everybody", "probability", "list"] = Field(
        description="who is reviewed: everybody, whose probability reaches the threshold, or who is on the lists"
    )
    figures: tuple[Figure, ...] = Field(description="net benefit per 1,000 rows at each threshold, in their order")


class ListWorth(Part):
    """For which thresholds lists of one length are worth more than reviewing nobody and than reviewing everybody."""

    name: str = Field(min_length=1, description="the ranking's column in predictions.parquet")
    capacity: int = Field(ge=1, description="places on each list")
    above_everybody: Figure = Field(description="from this threshold: share of rows not listed that had an outcome")
    above_nobody: Figure = Field(description="up to this threshold: share of listed rows that had an outcome")

    @property
    def words(self) -> str:
        """For how many reviews per outcome found the lists are worth more than both; why for none, where so."""
        low, high = self.above_everybody.value, self.above_nobody.value
        if low is None or high is None:
            return "not measured"
        if high <= low:
            return "never worth more than both"
        most = " reviews or more" if low <= 0 else f" to {1 / low:,.0f} reviews"
        return f"where an outcome found is worth {1 / high:,.0f}{most}"


class DecisionCurve(Part):
    """Net benefit (Vickers and Elkin 2006) over thresholds, and the thresholds that each length of list suits.

    At threshold t one outcome found is worth 1 / t reviews. Net benefit, per 1,000 rows: rows reviewed with an outcome,
    less t / (1 - t) times the rows reviewed without one. Reviewing nobody has 0.
    """

    thresholds: tuple[float, ...] = Field(min_length=1, description="probabilities, rising")
    capacity: int = Field(ge=1, description="places on each list of the ways that are cut by a list")
    positives: int = Field(ge=0, description="rows with an outcome")
    curves: tuple[NetBenefits, ...] = Field(min_length=1, description="everybody first, then by probability, by list")
    lists: tuple[ListWorth, ...] = Field(description="every ranking at every length of list")

    def curve(self, name: str, cut: str) -> NetBenefits | None:
        """Return the curve of a ranking that is cut so, or None."""
        return next((curve for curve in self.curves if (curve.name, curve.cut) == (name, cut)), None)

    def worth(self, name: str) -> ListWorth | None:
        """Return the thresholds that the lists of a ranking at the capacity suit, or None."""
        return next((worth for worth in self.lists if (worth.name, worth.capacity) == (name, self.capacity)), None)
