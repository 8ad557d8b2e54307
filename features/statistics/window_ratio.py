"""window_ratio: more or less than the longer window would lead to expect."""

from __future__ import annotations

from collections.abc import Iterable

from features.accumulators import Reading, Request, span_of
from features.definitions import Definition
from features.events import Answer, Matches, amount
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import RATIO

OPERATIONS = {None: Op.COUNT, "incidents": Op.INCIDENTS, "harm": Op.HARM}
"""What adds up each thing that a ratio or a slope can be of."""


class WindowRatio(Statistic):
    """(n + 1) / (N * window / long window + 1), n in the window and N in the long window.

    Above 1, more is recorded of late than the long window would lead to expect. The ones added on both sides keep the
    ratio finite, and near 1 where little is recorded either way.

    >>> from features.events import ago
    >>> WindowRatio().example(ago(5), ago(10), ago(100), ago(110), window_days=30, long_window_days=120)
    1.5
    """

    name = "window_ratio"
    words = "one more than the number in the window, over one more than the long window would lead to expect"
    nothing = "1"
    ties = "an incident is in a window when one of its matching records is"
    needs, takes = frozenset({"window_days", "long_window_days"}), frozenset({"of"})
    of = (None, "incidents", "harm")
    no_direction = "ratios may move either way"
    form, shown = RATIO, 2.5

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Compare the two windows; every event of the long one is behind the figure."""
        assert d.window_days is not None
        assert d.long_window_days is not None
        longer = matches.within(d.long_window_days)
        expected = amount(longer, d.of) * d.window_days / d.long_window_days
        return Answer((amount(matches.events, d.of) + 1.0) / (expected + 1.0), longer)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the same accumulator over two windows."""
        longer = span_of(d.long_window_days)
        total = request.need(OPERATIONS[d.of], spans=[request.span, longer])
        out = Out.RATIO_OF_SUMS if d.of == "harm" else Out.RATIO
        days = float(d.window_days or 0), float(d.long_window_days or 1)
        return Reading(out, total.upto(request.span), c=total.upto(longer), factors=days)

    def problems(self, d: Definition) -> Iterable[tuple[str, object]]:
        """Yield a long window that does not hold the short one."""
        if d.window_days is not None and d.long_window_days is not None and d.long_window_days <= d.window_days:
            yield "The long window of a ratio is not longer than its window.", d.long_window_days
