"""days_since_last: how long ago the latest event was."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic


class DaysSinceLast(Statistic):
    """Days from the latest matching event in the window to the as-of.

    >>> from features.events import ago
    >>> DaysSinceLast().example(ago(40), ago(12.5))
    12.5
    >>> DaysSinceLast().example(ago(40), window_days=30)
    nan
    """

    name = "days_since_last"
    words, nothing = "days from the latest event to the as-of", "missing"
    ties = "an incident is at its latest matching record"
    more_events = -1

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the latest."""
        events = matches.events
        return Answer(matches.days_since(events[-1].occurred_at), events[-1:]) if events else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the age of the first event met; it is compared with the window when the value is read."""
        return Reading(Out.AGE, request.need(Op.NEWEST, spans=()).cell, window=request.span)
