"""last: the latest value, or the harm of the latest incident."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches, carried, carrying
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import AMOUNT


class Last(Statistic):
    """Value of the latest matching event in the window that carries one; or harm of the latest incident.

    An incident is at its latest matching event, and its harm is that of its gravest one, both in the window. Of several
    incidents at the latest instant the gravest counts.

    >>> from features.events import ago
    >>> Last().example(ago(20, value=1.5), ago(10, value=2.5), ago(5), of="value")
    2.5
    >>> Last().example(ago(20, value=1.5), of="value", window_days=7)
    nan

    A rape and a verbal incident of one incident, recorded after an older wounding: 2,555 days in the shipped,
    approximate index.

    >>> same = {"incident": 7}
    >>> Last().example(ago(30, kind="wounding"), ago(9, kind="rape", **same), ago(8, **same), of="harm")
    2555.0
    """

    name = "last"
    words, nothing = "harm days of the latest incident: of its gravest record", "missing"
    ties = "an incident is at its latest record; of incidents of one instant the gravest"
    needs, of = frozenset({"of"}), ("value", "harm")
    no_direction = "a later, lesser event lowers the figure"
    form, shown = AMOUNT, 365.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the latest that carries a value, or the gravest of the latest incident (of equals, the latest)."""
        events = carrying(matches.events, d.of)
        if not events:
            return NOTHING
        if d.of == "value":
            return Answer(carried(events[-1], d.of), events[-1:])
        latest = {e.incident_id for e in events if e.occurred_at == events[-1].occurred_at}
        gravest = max((e for e in reversed(events) if e.incident_id in latest), key=lambda e: e.harm)
        return Answer(gravest.harm, [gravest])

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the first event met that carries a value, whose age is compared with the window when it is read.

        Of harm: for the highest of the incidents of the first instant met; the window makes the accumulator distinct,
        since a record beyond it does not speak for the incident.
        """
        if d.of == "value":
            last = request.need(Op.LAST_VALUE, spans=())
            return Reading(Out.LAST, last.cell, c=last.second, window=request.span)
        last = request.need(Op.LAST_HARM, aux=(request.span,))
        return Reading(Out.LAST, last.cell, c=last.second, window=request.span)
