"""rate_at_liberty: incidents per year at liberty."""

from __future__ import annotations

from collections.abc import Iterable

from features.accumulators import Reading, Request, Selector
from features.definitions import Definition
from features.events import NOTHING, STAY, Answer, Matches, covered, incidents
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import RATIO
from threat.asof import DAY, span

OTHER_ACTS = ("reversed", "subject_at_risk", "at_risk_anyone", "at_risk_others")
"""Scopes in which the person whose history is read is the one harmed: that person's custody says nothing."""


class RateAtLiberty(Statistic):
    """Incidents * 365 / days at liberty in the window: the window less the union of the person's visible custody.

    A stay still open runs to the as-of. A person who was never at liberty has no rate: missing, and not 0.

    Two incidents in a year of which the person was in custody for all but 73 days are ten a year:

    >>> from features.events import DAY, STAY, ago
    >>> from threat.history.sightings import ROLE_ABOUT
    >>> stay = ago(365, kind=STAY, role=ROLE_ABOUT, until=-73 * DAY)
    >>> RateAtLiberty().example(ago(60), ago(30), stays=[stay], window_days=365)
    10.0
    """

    name = "rate_at_liberty"
    words = "incidents per 365 days at liberty: the window without the time in custody"
    nothing = "0; missing when never at liberty"
    ties = "an incident is in the window when one of its matching records is"
    needs, takes = frozenset({"window_days"}), frozenset()
    no_direction = "a rate is a ratio"
    form, shown = RATIO, 4.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Divide by the days at liberty; every event of the window is behind the figure."""
        assert d.window_days is not None
        liberty = span(d.window_days) - covered(matches.stays, matches.as_of, matches.start())
        if liberty <= 0:
            return NOTHING
        return Answer(len(incidents(matches.events)) * 365.0 / (liberty / DAY), matches.events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for incidents, and for the seconds that the person's stays cover in the window."""
        custody = Selector("about_at_risk" if request.half.at_risk else "about_subject", frozenset({STAY}))
        stay = request.need(Op.STAY, custody, spans=(), aux=(request.span,))
        return Reading(Out.RATE, request.need(Op.INCIDENTS).upto(request.span), c=stay.cell, window=request.span)

    def problems(self, d: Definition) -> Iterable[tuple[str, object]]:
        """Yield a scope whose custody is not that of the person who acts."""
        if d.scope in OTHER_ACTS:
            yield "This scope is not about the person who acts, as a rate at liberty is.", d.scope
