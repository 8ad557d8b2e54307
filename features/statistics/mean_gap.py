"""mean_gap: the average time between incidents."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Event, Matches, incidents
from features.operations import Op, Out
from features.statistics.base import Statistic
from threat.asof import DAY


def mean_gap(in_order: list[Event]) -> float:
    """Return the average days between two or more incidents, which are in order."""
    return (in_order[-1].occurred_at - in_order[0].occurred_at) / DAY / (len(in_order) - 1)


def gaps_cell(request: Request) -> int:
    """Ask for the accumulator of gaps and return its first cell.

    The window is part of what makes it distinct: an incident may be at its latest event in one window and beyond
    another, so that two windows cannot share cells.
    """
    return request.need(Op.GAPS, aux=(request.span,)).cell


class MeanGap(Statistic):
    """Average days between incidents: (latest - earliest) / (incidents - 1), in the window.

    An incident is at its latest event.

    >>> from features.events import ago
    >>> MeanGap().example(ago(50), ago(20), ago(10))
    20.0
    >>> MeanGap().example(ago(50), ago(20), window_days=30)
    nan
    """

    name = "mean_gap"
    words, nothing = "average days between incidents", "missing with fewer than two incidents"
    ties = "an incident is at its latest matching record; two at one instant have a gap of 0"
    no_direction = "the gap between incidents includes time in custody"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the average; the incidents are behind the figure."""
        in_order = incidents(matches.events)
        return Answer(mean_gap(in_order), in_order) if len(in_order) > 1 else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the incidents met, and the ages of the first, second and last."""
        return Reading(Out.MEAN_GAP, gaps_cell(request))
