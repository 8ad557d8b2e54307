"""days_since_first: how long ago the earliest event was."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic


class DaysSinceFirst(Statistic):
    """Days to the as-of from the earliest start of the matching events in the window.

    A course of conduct is in a window by its end, and began before it: its start may be older than the window.

    >>> from features.events import DAY, ago
    >>> DaysSinceFirst().example(ago(40), ago(20), ago(10), window_days=30)
    20.0
    >>> DaysSinceFirst().example(ago(40), ago(20), ago(10, began_at=-90 * DAY), window_days=30)
    90.0
    """

    name = "days_since_first"
    words, nothing = "days from the earliest event to the as-of", "missing"
    ties = "a course of conduct is at its start"
    no_direction = "recency across custody is not clean time"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the earliest; of equals, the first in the order is behind the figure."""
        if not matches.events:
            return NOTHING
        first = min(matches.events, key=lambda e: e.beginning)
        return Answer(matches.days_since(first.beginning), [first])

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the highest age of a start in each bucket."""
        oldest = request.need(Op.OLDEST)
        return Reading(Out.OLDEST, oldest.cell, oldest.bucket(request.span) + 1)
