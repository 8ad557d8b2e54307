"""gap_ratio: whether incidents come faster than they did."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches, incidents
from features.operations import Out
from features.statistics.base import Statistic
from features.statistics.forms import RATIO
from features.statistics.last_gap import last_gap
from features.statistics.mean_gap import gaps_cell, mean_gap


class GapRatio(Statistic):
    """``last_gap`` / ``mean_gap``; missing with fewer than two incidents, and when all are at one instant.

    >>> from features.events import ago
    >>> GapRatio().example(ago(50), ago(20), ago(10))
    0.5
    >>> GapRatio().example(ago(10, incident=1), ago(10, incident=2))
    nan
    """

    name = "gap_ratio"
    words = "the last gap over the average gap"
    nothing = "missing with fewer than two incidents or no time between"
    ties = "an incident is at its latest matching record; with all at one instant the ratio is missing"
    no_direction = "ratios may move either way"
    form, shown = RATIO, 0.5

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Divide; all the incidents are behind the figure."""
        in_order = incidents(matches.events)
        if len(in_order) < 2 or mean_gap(in_order) == 0:
            return NOTHING
        return Answer(last_gap(in_order) / mean_gap(in_order), in_order)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for what ``mean_gap`` asks for: the value is in the same cells."""
        return Reading(Out.GAP_RATIO, gaps_cell(request))
