"""max: the highest value, or the harm of the gravest event."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import MISSING, Answer, Matches, carried, carrying
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import AMOUNT


class Max(Statistic):
    """Highest value, or highest harm, among the matching events in the window.

    With no such event harm is 0, since no harm is recorded, and a value is missing.

    >>> from features.events import ago
    >>> Max().example(ago(20, kind="rape"), ago(10), of="harm")
    2555.0
    >>> Max().example(of="harm"), Max().example(ago(5), of="value")
    (0.0, nan)
    """

    name = "max"
    words, nothing = "harm days of the gravest event", "0"
    ties = "of equals the latest is behind the figure"
    needs, of = frozenset({"of"}), ("value", "harm")
    form, shown = AMOUNT, 365.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the highest; of equals, the latest is behind the figure."""
        events = carrying(matches.events, d.of)
        if not events:
            return Answer(0.0 if d.of == "harm" else MISSING, [])
        highest = max(reversed(events), key=lambda e: carried(e, d.of))
        return Answer(carried(highest, d.of), [highest])

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the highest of each bucket of age; values carry marks, since a value may be 0 or less."""
        op, out = (Op.MAX_HARM, Out.MAX_HARM) if d.of == "harm" else (Op.MAX_VALUE, Out.MAX_VALUE)
        highest = request.need(op)
        return Reading(out, highest.cell, highest.bucket(request.span) + 1, highest.second)
