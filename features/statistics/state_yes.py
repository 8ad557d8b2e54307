"""state_yes: the latest answer."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from features.accumulators import Reading, Request, Selector
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import FLAG, Form

Codes = tuple[tuple[tuple[str, float], ...], float]
"""The value of each code, and the value of any other; an event with a value below 0 is passed over for an older one."""

PASSED_OVER = -1.0
"""The value of a code that says nothing."""


class StateYes(Statistic):
    """Latest answer in the window: yes 1, no 0; without either, missing.

    A question that was not asked, was refused or whose answer is not known says nothing and is passed over for an older
    answer that has not expired: an officer who left the form blank did not take back what the person at risk had said.

    >>> from features.events import ago
    >>> StateYes().example(ago(20, code="no"), ago(10, code="yes"))
    1.0
    >>> StateYes().example(ago(20, code="yes"), ago(10, code="not_asked")), StateYes().example(ago(10, code="refused"))
    (1.0, nan)
    >>> StateYes().example(ago(400, code="yes"), ago(10, code="not_asked"), window_days=365)
    nan
    """

    name = "state_yes"
    words = "latest answer: 1 yes, 0 no; a question without an answer is passed over for an older answer"
    nothing = "missing: no answer of yes or no"
    ties = "of answers recorded for one instant in one second yes counts"
    codes: ClassVar[tuple[str, ...]] = ("yes", "no")
    no_direction = "assessment answers depend on who asked"
    form: ClassVar[Form] = FLAG
    shown = 1.0

    values: ClassVar[dict[str, float]] = {"yes": 1.0, "no": 0.0}
    otherwise: ClassVar[float] = PASSED_OVER
    """The value of any other code."""

    def table(self, d: Definition) -> Codes:
        """Return the value of each code in the definition."""
        return tuple(self.values.items()), self.otherwise

    def read(self, request: Request) -> Selector:
        """Return the selector of the events read: where codes are asked for, they narrow nothing."""
        return replace(request.matching, codes=()) if self.codes_ask else request.matching

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Read the latest code that is not passed over."""
        values, otherwise = self.table(d)
        for event in reversed(matches.events):
            value = dict(values).get(event.code, otherwise)
            if not value < 0:
                return Answer(value, [event])
        return NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the value of the first code met that is not passed over, by a table of codes."""
        last = request.need(Op.LAST_CODE, self.read(request), spans=(), aux=self.table(d))
        return Reading(Out.LAST, last.cell, c=last.second, window=request.span)
