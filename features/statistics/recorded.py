"""recorded: whether anything is on record."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import FLAG


class Recorded(Statistic):
    """1 when a matching event is in the window, otherwise 0: for what staff may write down any number of times.

    >>> from features.events import ago
    >>> Recorded().example(ago(40), ago(20)), Recorded().example(ago(40), window_days=30)
    (1.0, 0.0)
    """

    name = "recorded"
    words, nothing = "1 when an event is on record, however many there are", "0"
    form, shown = FLAG, 1.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Look for any; all are behind the figure."""
        return Answer(1.0 if matches.events else 0.0, matches.events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the count by bucket of age."""
        return Reading(Out.FLAG, request.need(Op.COUNT).upto(request.span))
