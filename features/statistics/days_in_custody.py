"""days_in_custody: how long in custody."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches, covered
from features.operations import Op, Out
from features.statistics.base import Statistic
from threat.asof import DAY, ended


class DaysInCustody(Statistic):
    """Length in days of the union of matching stays within the window; a stay still open runs to the as-of.

    >>> from features.events import DAY, ago
    >>> stays = ago(40, kind="custody", until=-25 * DAY), ago(10, kind="custody")
    >>> DaysInCustody().example(*stays, kinds=("custody",), window_days=30)
    15.0
    """

    name = "days_in_custody"
    words, nothing = "days in custody, overlapping stays once, an open stay up to the as-of", "0"
    theme = "custody"
    no_direction = "custody is what the system did"

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Add up; the stays that reach into the window are behind the figure."""
        stays, start = matches.within(None), matches.start()
        reaching = [e for e in stays if not ended(e.until, max(start, e.occurred_at))]
        return Answer(covered(stays, matches.as_of, start) / DAY, reaching)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the seconds that no earlier stay covered.

        The window makes the accumulator distinct, since covering begins at its start.
        """
        return Reading(Out.DAYS, request.need(Op.STAY, spans=(), aux=(request.span,)).cell)
