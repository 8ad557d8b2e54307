"""late_share: how much was recorded late."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import SHARE
from threat.asof import DAY

LATE_DAYS = 7
"""An event is late when it is recorded more than this many days after it occurred: a week covers a weekend and leave,
so that what remains says something of the record and little of the shift."""


class LateShare(Statistic):
    """Share of the matching events in the window that were recorded over 7 days after they occurred.

    >>> from features.events import ago
    >>> LateShare().example(ago(40, late=7), ago(30, late=7.5), ago(20), ago(10))
    0.25
    """

    name = "late_share"
    words, nothing = "share of events recorded more than seven days after they happened", "missing"
    ties = "records are counted, not incidents"
    names_kinds = False
    no_direction = "shares may move either way"
    form, shown = SHARE, 0.4

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Divide; the late events are behind the figure."""
        late = [e for e in matches.events if e.recorded_at - e.occurred_at > LATE_DAYS * DAY]
        return Answer(len(late) / len(matches.events), late) if matches.events else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the late events and for all of them."""
        late = request.need(Op.LATE)
        return Reading(Out.SHARE, late.upto(request.span), c=request.need(Op.COUNT).upto(request.span))
