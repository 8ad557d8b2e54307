"""The four figures that groups are compared by: two for the people at risk, two for the subjects of the list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from threat.measuring.by_group import Counts
from threat.measuring.ranked import Floats
from threat.release.documents.fairness_policy import FigureName, Party


@dataclass(frozen=True, slots=True)
class ComparedRate:
    """One figure: the rate ``hits / cases`` of a group.

    ``noun``: in running text. ``breach``: what is said of a group beyond the line. ``high_is_worse``: a group is
    treated worse where its rate is higher than everybody else's.
    """

    name: FigureName
    noun: str
    breach: str
    hits: Callable[[Counts], Floats]
    cases: Callable[[Counts], Floats]
    high_is_worse: bool = False

    def worst_ratio(self, line: float) -> float:
        """Return the ratio to everybody else's from which a group is treated worse.

        >>> FIGURES["recall"].worst_ratio(0.8), FIGURES["false_positive_rate"].worst_ratio(0.8)
        (0.8, 1.25)
        """
        return 1.0 / line if self.high_is_worse else line


FIGURES: dict[FigureName, ComparedRate] = {
    rate.name: rate
    for rate in (
        ComparedRate(
            "recall",
            "recall",
            "served worse than the line allows",
            hits=lambda counts: counts.captured,
            cases=lambda counts: counts.events,
        ),
        ComparedRate(
            "false_omission_rate",
            "rate of the missed",
            "missed more often than the line allows",
            hits=lambda counts: counts.positives - counts.hits,
            cases=lambda counts: counts.positives + counts.negatives - counts.selected_known,
            high_is_worse=True,
        ),
        ComparedRate(
            "precision",
            "precision",
            "listed with less reason than the line allows",
            hits=lambda counts: counts.hits,
            cases=lambda counts: counts.selected_known,
        ),
        ComparedRate(
            "false_positive_rate",
            "false positive rate",
            "listed by false alarm more often than the line allows",
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
