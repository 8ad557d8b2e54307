"""count: how many events."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches
from features.operations import Op
from features.statistics.base import Statistic
from features.statistics.forms import COUNT


class Count(Statistic):
    """Number of matching events in the window.

    >>> from features.events import ago
    >>> Count().example(ago(40), ago(20), ago(10), window_days=30)
    2.0
    """

    name = "count"
    words, nothing = "number of events", "0"
    form = COUNT

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Count them."""
        return Answer(float(len(matches.events)), matches.events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for a count by bucket of age."""
        return request.count(Op.COUNT)
