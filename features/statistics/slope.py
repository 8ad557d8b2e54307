"""slope: a rise or fall from period to period."""

from __future__ import annotations

from collections.abc import Iterable

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches, amount
from features.operations import Out
from features.statistics.base import Statistic
from features.statistics.forms import CHANGE
from features.statistics.window_ratio import OPERATIONS
from threat.asof import span


class Slope(Statistic):
    """Least-squares slope, per period, over equal periods of the window, oldest first.

    A period's y is what extending the window back by that period adds (events, incidents or harm), so that an incident
    with records in two periods counts in the newer one only. With P periods, p = 0 the oldest, the closed form of
    least squares over equal steps is 6 sum((2p - (P - 1)) y_p) / (P (P^2 - 1)).

    None in the oldest ten days, one in the middle, two in the newest:

    >>> from features.events import ago
    >>> Slope().example(ago(15), ago(5), ago(2), window_days=30, periods=3)
    1.0
    """

    name = "slope"
    words = "least-squares change from each equal period of the window to the next"
    nothing = "0"
    ties = "an incident is in the newest period that has one of its matching records"
    needs, takes = frozenset({"window_days", "periods"}), frozenset({"of"})
    of = (None, "incidents", "harm")
    no_direction = "slopes may move either way"
    form, shown = CHANGE, 1.5

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Fit through the periods; every event of the window is behind the figure."""
        assert d.window_days is not None
        assert d.periods is not None
        seconds, periods = span(d.window_days), d.periods
        age = {e.event_id: matches.as_of - e.occurred_at for e in matches.events}
        reached = [
            amount([e for e in matches.events if (age[e.event_id] - 1) * periods // seconds < newest], d.of)
            for newest in range(periods + 1)
        ]
        total = 0.0
        for back in range(periods):
            total += (periods - 1 - 2 * back) * (reached[back + 1] - reached[back])
        return Answer(6.0 * total / (periods * (periods * periods - 1)), matches.events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the same accumulator over a window for each period; their cells go to the pool in order."""
        assert d.periods is not None
        edges = period_edges(request.span, d.periods)
        total = request.need(OPERATIONS[d.of], spans=edges)
        request.half.pool += [total.upto(edge) for edge in edges]
        out = Out.SLOPE_OF_SUMS if d.of == "harm" else Out.SLOPE
        return Reading(out, len(request.half.pool) - d.periods, d.periods)

    def problems(self, d: Definition) -> Iterable[tuple[str, object]]:
        """Yield a number of periods too small for a line."""
        if d.periods is not None and (not isinstance(d.periods, int) or d.periods < 2):
            yield "The slope has fewer than two periods.", d.periods


def period_edges(window: int, periods: int) -> list[int]:
    """Return the longest age in seconds within the newest 1, 2, ... periods of a window in seconds.

    Within the newest k: age - 1 < k * window / periods. The window's last second is in the oldest period.

    >>> period_edges(10, 3)
    [4, 7, 10]
    """
    return [-(-newest * window // periods) for newest in range(1, periods + 1)]
