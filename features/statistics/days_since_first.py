"""days_since_first: how long ago the earliest event was."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic


class DaysSinceFirst(Statistic):
    """Days from the earliest matching event in the window to the as-of.

    >>> from features.events import ago
    >>> DaysSinceFirst().example(ago(40), ago(20), ago(10), window_days=30)
    20.0
    """

    name = "days_since_first"
    words, nothing = "days from the earliest event to the as-of", "missing"
    no_direction = "recency across custody is not clean time"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the earliest."""
        events = matches.events
        return Answer(matches.days_since(events[0].occurred_at), events[:1]) if events else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the age of the last event met in each bucket."""
        oldest = request.need(Op.OLDEST)
        return Reading(Out.OLDEST, oldest.cell, oldest.bucket(request.span) + 1)
