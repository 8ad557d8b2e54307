"""sum: a total of values, or of harm."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches, carried, carrying, gravest
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import AMOUNT


class Sum(Statistic):
    """Sum over the window: of ``value`` over events that carry one; of harm over incidents, each its gravest event.

    The sum is in float64, newest event first.

    >>> from features.events import ago
    >>> Sum().example(ago(20, value=1.5), ago(10, value=2.0), ago(5), of="value")
    3.5

    A rape (2,555 days in the shipped, approximate index) and damage (2) in one incident, then an incident (1):

    >>> same = {"incident": 7}
    >>> Sum().example(ago(20, kind="rape", **same), ago(20, kind="criminal_damage", **same), ago(5), of="harm")
    2556.0
    """

    name = "sum"
    words, nothing = "sum of harm days, the gravest record of each incident", "0"
    ties = "of each incident the gravest matching record in the window; of values every record"
    needs, of = frozenset({"of"}), ("value", "harm")
    form, shown = AMOUNT, 400.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Add, newest first: the fold adds in that order."""
        events = gravest(matches.events) if d.of == "harm" else carrying(matches.events, d.of)
        return Answer(float(sum(carried(e, d.of) for e in reversed(events))), events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for a sum; of harm, each event adds what it exceeds the highest harm of its incident met so far."""
        return Reading(Out.SUM, request.need(Op.HARM if d.of == "harm" else Op.SUM).upto(request.span))

    def sums_floats(self, d: Definition) -> bool:
        """Return True: a sum of values or of harm is a sum of floats."""
        return True
