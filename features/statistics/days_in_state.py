"""days_in_state: since when the latest code has been one of some."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Event, Matches
from features.operations import Op, Out
from features.statistics.forms import NUMBER
from features.statistics.state_is import StateIs


class DaysInState(StateIs):
    """Days to the as-of from the start of the unbroken run of ``codes`` that the latest event ends; without it missing.

    A further record of the same state does not start the count again. What ``state_is`` passes over does not break a
    run.

    >>> from features.events import ago
    >>> def stated(days, code): return ago(days, kind="relationship_recorded", code=code)
    >>> run = stated(90, "ex_partner"), stated(60, "current_partner"), stated(30, "ex_partner"), stated(9, "ex_partner")
    >>> kinds = {"kinds": ("relationship_recorded",), "codes": ("ex_partner",)}
    >>> DaysInState().example(*run, **kinds), DaysInState().example(*run, stated(5, "current_partner"), **kinds)
    (30.0, nan)
    """

    name = "days_in_state"
    words = "days since the latest code has been one of those named; unknown is passed over"
    nothing = "missing: never recorded, or the latest code is another"
    takes = frozenset()
    form, shown = NUMBER, 3.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Go back from the latest to the first of the run; that event is behind the figure."""
        values, otherwise = self.table(d)
        run: list[Event] = []
        for event in reversed(matches.events):
            value = dict(values).get(event.code, otherwise)
            if value == 0:
                break
            if value == 1:
                run.append(event)
        return Answer(matches.days_since(run[-1].occurred_at), run[-1:]) if run else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the age of the last event met before the run is broken."""
        return Reading(
            Out.AGE, request.need(Op.RUN, self.read(request), spans=(), aux=self.table(d)).cell, window=request.span
        )
