"""days_in_force: since when something recorded as lasting has lasted."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.operations import Out
from features.statistics.base import Statistic
from features.statistics.in_custody import in_force, oldest_in_force


class DaysInForce(Statistic):
    """Days to the as-of from the earliest start of the states that ``state_in_force`` finds in force.

    >>> from features.events import ago
    >>> states = ago(90, kind="cohabitation"), ago(40, kind="separation"), ago(30, kind="reconciliation")
    >>> living = {"kinds": ("cohabitation", "reconciliation"), "among": ("separation",)}
    >>> DaysInForce().example(*states, ago(5, kind="cohabitation"), **living)
    30.0
    """

    name = "days_in_force"
    words, nothing = "days from the start of a state in force to the as-of", "missing: no such state is in force"
    ties = "an event in the same second does not end a state"
    takes = frozenset({"window_days", "among"})
    no_direction = "recency across custody is not clean time"
    among_words = "unless ended by a later"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Take the earliest in force."""
        events = in_force(matches.events, matches.among, matches.as_of)
        return Answer(matches.days_since(events[0].occurred_at), events[:1]) if events else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the age of the oldest that is in force."""
        return Reading(Out.AGE, oldest_in_force(d, request), window=request.span)
