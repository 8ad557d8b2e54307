"""days_since_end: how long ago a stay or order ended."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from threat.asof import ended


class DaysSinceEnd(Statistic):
    """Days from the latest ``until`` that is not after the as-of to the as-of; there is no window.

    >>> from features.events import DAY, ago
    >>> DaysSinceEnd().example(ago(90, until=-30 * DAY), ago(60, until=-45 * DAY), ago(20, until=DAY))
    30.0
    """

    name = "days_since_end"
    words, nothing = "days from the latest end of a stay or order to the as-of", "missing"
    ties = "what ends at the as-of itself ended 0 days before; of equal ends the latest event is behind the figure"
    takes = frozenset()
    no_direction = "custody and orders are what the system did"
    has_window = False

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the latest end; of equal ends, the latest event is behind the figure."""
        over = [e for e in matches.events if ended(e.until, matches.as_of)]
        if not over:
            return NOTHING
        latest = max(over, key=lambda e: (e.until, e.order))
        return Answer(matches.days_since(latest.until), [latest])

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the smallest time since an end."""
        return Reading(Out.STORED, request.need(Op.ENDED, spans=()).cell)
