"""incidents: how many incidents, however many records each has."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches, incidents
from features.operations import Op
from features.statistics.base import Statistic
from features.statistics.forms import COUNT


class Incidents(Statistic):
    """Number of distinct incidents among the matching events in the window.

    >>> from features.events import ago
    >>> Incidents().example(ago(20, incident=7), ago(19, incident=7), ago(10), window_days=30)
    2.0
    """

    name = "incidents"
    words, nothing = "number of incidents", "0"
    ties = "an incident is in the window when one of its matching records is"
    form = COUNT

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Count each incident once; every event of it is behind the figure."""
        return Answer(float(len(incidents(matches.events))), matches.events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for a count of incidents, each where it is first met: at its latest event."""
        return request.count(Op.INCIDENTS)
