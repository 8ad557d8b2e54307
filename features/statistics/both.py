"""both: whether two things are on record together."""

from __future__ import annotations

from features.accumulators import Reading, Request, span_of
from features.definitions import Definition
from features.events import Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import FLAG


class Both(Statistic):
    """1 when a matching event is in the window and an event of ``among`` in the long window, otherwise 0.

    Which of the two came first does not matter. Without a long window, ``among`` is read over the window too.

    >>> from features.events import ago
    >>> events = ago(20, kind="separation"), ago(400, kind="coercive_control")
    >>> kinds = {"kinds": ("separation",), "among": ("coercive_control",), "window_days": 365}
    >>> Both().example(*events, **kinds), Both().example(*events, long_window_days=730, **kinds)
    (0.0, 1.0)
    """

    name = "both"
    words, nothing = "1 when an event of the first kinds and one of the second are on record, otherwise 0", "0"
    needs, takes = frozenset({"window_days", "among"}), frozenset({"long_window_days", "among_scope"})
    among_words, long_window_words = "together with", "the second kinds in"
    form, shown = FLAG, 1.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Look for both; the events of both are behind the figure."""
        among = matches.among_within(d.long_window_days or d.window_days)
        if not matches.events or not among:
            return Answer(0.0, [])
        return Answer(1.0, [*matches.events, *among])

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for two counts."""
        longer = span_of(d.long_window_days or d.window_days)
        among = request.need(Op.COUNT, request.among, spans=[longer]).upto(longer)
        return Reading(Out.BOTH, request.need(Op.COUNT).upto(request.span), c=among)
