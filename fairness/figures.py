"""The four figures that groups are compared by: two for the people at risk, two for the subjects of the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from threat.measuring.by_group import Counts
from threat.measuring.ranked import Floats
from threat.release.documents.fairness_policy import FigureName, Party


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTerms:
    """What a rate is called and which way it is worse.

    ``noun``: in running text. ``breach``: what is said of a group beyond the line. ``high_is_worse``: a group is
    treated worse where its rate is higher than everybody else's.
    """

    noun: str
    breach: str
    high_is_worse: bool = False

    def worst_ratio(self, line: float) -> float:
        """Return the ratio to everybody else's from which a group is treated worse.

        >>> FIGURES["recall"].worst_ratio(0.8), FIGURES["false_positive_rate"].worst_ratio(0.8)
        (0.8, 1.25)
        """
        return 1.0 / line if self.high_is_worse else line


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRate(RateTerms):
    """One figure: the rate ``hits / cases`` of a group."""

    name: FigureName
    hits: Callable[[Counts], Floats]
    cases: Callable[[Counts], Floats]


FIGURES: dict[FigureName, ComparedRate] = {
    rate.name: rate
    for rate in (
        ComparedRate(
            name="recall",
            noun="recall",
            breach="served worse than the line allows",
            hits=lambda counts: counts.captured,
            cases=lambda counts: counts.events,
        ),
        ComparedRate(
            name="false_omission_rate",
            noun="rate of the missed",
            breach="missed more often than the line allows",
            hits=lambda counts: counts.positives - counts.hits,
            cases=lambda counts: counts.positives + counts.negatives - counts.selected_known,
            high_is_worse=True,
        ),
        ComparedRate(
            name="precision",
            noun="precision",
            breach="listed with less reason than the line allows",
            hits=lambda counts: counts.hits,
            cases=lambda counts: counts.selected_known,
        ),
        ComparedRate(
            name="false_positive_rate",
            noun="false positive rate",
            breach="listed by false alarm more often than the line allows",
            hits=lambda counts: counts.false_positives,
            cases=lambda counts: counts.negatives,
            high_is_worse=True,
        ),
    )
}
"""Recall: of those later harmed, the share listed. Rate of the missed (false omission): of rows not listed, the share
with an outcome. Precision: of rows listed, the share with an outcome. False positive rate: of rows without an outcome,
the share listed. The first two concern the people at risk, the last two the subjects of the list."""


def primary(party: Party) -> tuple[FigureName, ...]:
    """Return the figure by which a characteristic that decides nothing is judged: of its party's own side.

    >>> primary("person_at_risk"), primary("subject")
    (('recall',), ('precision',))
    """
    return ("precision",) if party == "subject" else ("recall",)
