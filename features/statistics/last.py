"""last: the value or harm of the latest event."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches, carried, carrying
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import AMOUNT


class Last(Statistic):
    """Value or harm of the latest matching event in the window that carries one.

    >>> from features.events import ago
    >>> Last().example(ago(20, value=1.5), ago(10, value=2.5), ago(5), of="value")
    2.5
    >>> Last().example(ago(20, value=1.5), of="value", window_days=7)
    nan
    """

    name = "last"
    words, nothing = "harm days of the latest event", "missing"
    needs, of = frozenset({"of"}), ("value", "harm")
    form, shown = AMOUNT, 365.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the latest that carries one."""
        events = carrying(matches.events, d.of)
        return Answer(carried(events[-1], d.of), events[-1:]) if events else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the first event met that carries one; its age is compared with the window when the value is read."""
        last = request.need(Op.LAST_HARM if d.of == "harm" else Op.LAST_VALUE, spans=())
        return Reading(Out.LAST, last.cell, c=last.second, window=request.span)
