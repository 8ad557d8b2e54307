"""last_gap: the time between the last two incidents."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Event, Matches, incidents
from features.operations import Out
from features.statistics.base import Statistic
from features.statistics.mean_gap import gaps_cell
from threat.asof import DAY


def last_gap(in_order: list[Event]) -> float:
    """Return the days between the last two of two or more incidents, which are in order."""
    return (in_order[-1].occurred_at - in_order[-2].occurred_at) / DAY


class LastGap(Statistic):
    """Days between the latest two incidents in the window; an incident is at its latest event.

    >>> from features.events import ago
    >>> LastGap().example(ago(50), ago(20), ago(10))
    10.0
    """

    name = "last_gap"
    words, nothing = "days between the last two incidents", "missing with fewer than two incidents"
    ties = "an incident is at its latest matching record; two at one instant have a gap of 0"
    no_direction = "the gap between incidents includes time in custody"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Subtract; the two incidents are behind the figure."""
        in_order = incidents(matches.events)
        return Answer(last_gap(in_order), in_order[-2:]) if len(in_order) > 1 else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for what ``mean_gap`` asks for: the value is in the same cells."""
        return Reading(Out.LAST_GAP, gaps_cell(request))
