"""in_custody: whether the person is in custody."""

from __future__ import annotations

from typing import ClassVar

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import FLAG
from threat.asof import ended


class InCustody(Statistic):
    """1 when a matching stay began before the as-of and its ``until`` is after it, otherwise 0.

    >>> from features.events import DAY, ago
    >>> InCustody().example(ago(40, kind="custody", until=DAY), kinds=("custody",))
    1.0
    >>> InCustody().example(ago(40, kind="custody", until=0), kinds=("custody",))
    0.0
    """

    name = "in_custody"
    words, nothing = "1 when a stay is open at the as-of", "0"
    takes = frozenset()
    theme: ClassVar[str | None] = "custody"
    no_direction = "custody is what the system did"
    form, shown = FLAG, 1.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Look for those not ended; they are behind the figure."""
        open_at = [e for e in matches.events if not ended(e.until, matches.as_of)]
        return Answer(1.0 if open_at else 0.0, open_at)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for a 1 where ``until`` is after as-of."""
        return Reading(Out.COUNT, request.need(Op.OPEN, spans=()).cell)
