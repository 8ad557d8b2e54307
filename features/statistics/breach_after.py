"""breach_after: how soon an order was breached."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Event, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from threat.asof import DAY


class BreachAfter(Statistic):
    """Shortest time in days from an event of ``among`` to a strictly later event of ``kinds``, both in the window.

    Every event of ``among`` is a trigger: a definition says which (an order made, an order served, bail granted). The
    figure never grows when a further order is made.

    >>> from features.events import ago
    >>> orders = ago(90, kind="restraining_order"), ago(40, kind="restraining_order")
    >>> breaches = ago(88, kind="breach_restraining_order"), ago(25, kind="breach_restraining_order")
    >>> kinds = {"kinds": ("breach_restraining_order",), "among": ("restraining_order",)}
    >>> BreachAfter().example(*orders, *breaches, **kinds)
    2.0
    """

    name = "breach_after"
    words = "shortest time in days from an event of the second kinds to a later one of the first"
    nothing = "missing: none of the first kinds after one of the second"
    ties = "an event in the same second is not later; of equal times the latest pair is behind the figure"
    needs, takes = frozenset({"among"}), frozenset({"window_days", "among_scope"})
    more_events = -1
    among_starts_time = True
    among_words = "after any of"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Compare each breach with the last order before it; the order and the breach are behind the figure."""
        shortest: tuple[Event, Event] | None = None
        for breach in matches.events:
            before = [order for order in matches.among if order.occurred_at < breach.occurred_at]
            if before and (shortest is None or _time(before[-1], breach) <= _time(*shortest)):
                shortest = before[-1], breach
        return Answer(_time(*shortest) / DAY, list(shortest)) if shortest else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for two operations on the same cells: each order met is compared with the breaches met before it."""
        aux = (request.matching, request.span, request.among)
        breach = request.need(Op.BREACH, aux=aux)
        request.need(Op.ORDERED, request.among, aux=aux).cell = breach.cell
        return Reading(Out.BREACH, breach.cell)


def _time(order: Event, breach: Event) -> int:
    return breach.occurred_at - order.occurred_at
