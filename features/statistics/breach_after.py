"""breach_after: how soon an order was breached."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from threat.asof import DAY


class BreachAfter(Statistic):
    """Days from the latest event of ``among`` to the first strictly later event of ``kinds``, both in the window.

    >>> from features.events import ago
    >>> orders = ago(90, kind="restraining_order"), ago(40, kind="restraining_order")
    >>> breaches = ago(60, kind="breach_restraining_order"), ago(25, kind="breach_restraining_order")
    >>> kinds = {"kinds": ("breach_restraining_order",), "among": ("restraining_order",)}
    >>> BreachAfter().example(*orders, *breaches, **kinds)
    15.0
    """

    name = "breach_after"
    words, nothing = "days from the latest event of the second kinds to the first later one of the first", "missing"
    needs = frozenset({"among"})
    no_direction = "orders are what the system did"
    among_words = "after the latest of"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Subtract; the order and the breach are behind the figure."""
        if not matches.among:
            return NOTHING
        order = matches.among[-1]
        later = [e for e in matches.events if e.occurred_at > order.occurred_at]
        return Answer((later[0].occurred_at - order.occurred_at) / DAY, [order, later[0]]) if later else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for two operations on the same cells: breaches are met newest first, and the latest order closes them."""
        aux = (request.matching, request.span, request.among)
        breach = request.need(Op.BREACH, aux=aux)
        request.need(Op.ORDERED, request.among, aux=aux).cell = breach.cell
        return Reading(Out.BREACH, breach.cell)
