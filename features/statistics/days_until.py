"""days_until: how soon something known in advance will happen."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from threat.asof import DAY


class DaysUntil(Statistic):
    """Days from the as-of to the earliest event at or after it of a kind known in advance.

    >>> from features.events import ago
    >>> releases = [ago(days, kind="release") for days in (3, -14, -20)]
    >>> DaysUntil().example(*releases, kinds=("release",))
    14.0
    """

    name = "days_until"
    words, nothing = "days from the as-of to the next event known in advance", "missing"
    ties = "an event at the as-of itself is 0 days ahead"
    takes = frozenset()
    reads_ahead = True
    no_direction = "custody and orders are what the system did"
    has_window = False

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the earliest to come."""
        ahead = matches.ahead
        return Answer((ahead[0].occurred_at - matches.as_of) / DAY, ahead[:1]) if ahead else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the time to the first event to come."""
        return Reading(Out.STORED, request.need(Op.UNTIL, spans=()).cell)
