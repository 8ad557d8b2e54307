"""distinct_counterparts: how many different persons on the other side."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches
from features.operations import Op
from features.statistics.base import Statistic
from features.statistics.forms import COUNT
from threat.history.sightings import NO_PERSON


class DistinctCounterparts(Statistic):
    """Number of distinct known counterparts of the matching events in the window; unknown persons never count.

    >>> from features.events import ago
    >>> DistinctCounterparts().example(ago(9, counterpart=1), ago(8, counterpart=1), ago(7, counterpart=2), ago(6))
    2.0
    """

    name = "distinct_counterparts"
    words, nothing = "number of different known persons on the other side", "0"
    form = COUNT

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Count each person once; every event with a known person is behind the figure."""
        events = [e for e in matches.events if e.counterpart != NO_PERSON]
        return Answer(float(len({e.counterpart for e in events})), events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for a count of counterparts, each where first met."""
        return request.count(Op.COUNTERPARTS)
