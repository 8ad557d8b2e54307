"""state_yes: the latest answer."""

from __future__ import annotations

from typing import ClassVar

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import MISSING, NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import FLAG, Form


class StateYes(Statistic):
    """Code of the latest matching event in the window: yes 1, no 0, anything else missing.

    An older answer never stands in for a later question that got none.

    >>> from features.events import ago
    >>> StateYes().example(ago(20, code="no"), ago(10, code="yes"))
    1.0
    >>> StateYes().example(ago(20, code="yes"), ago(10, code="refused"))
    nan
    """

    name = "state_yes"
    words, nothing = "latest answer: 1 yes, 0 no", "missing: never asked, or no answer"
    codes: ClassVar[tuple[str, ...]] = ("yes", "no")
    no_direction = "assessment answers depend on who asked"
    form: ClassVar[Form] = FLAG
    shown = 1.0

    values: ClassVar[dict[str, float]] = {"yes": 1.0, "no": 0.0}
    otherwise: ClassVar[float] = MISSING
    """The value of any other code; below 0, the event is passed over for an older one."""

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Read the latest code that is not passed over."""
        for event in reversed(matches.events):
            value = self.values.get(event.code, self.otherwise)
            if not value < 0:
                return Answer(value, [event])
        return NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the value of the first code met that is not passed over, by a table of codes."""
        last = request.need(Op.LAST_CODE, spans=(), aux=(tuple(self.values.items()), self.otherwise))
        return Reading(Out.LAST, last.cell, c=last.second, window=request.span)
