"""in_custody: whether the person is in custody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Event, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import FLAG, Form
from threat.asof import ended


def in_force(events: Iterable[Event], closing: list[Event], as_of: int) -> list[Event]:
    """Return the events whose ``until`` is after the as-of and that no strictly later ``closing`` event ended."""
    closed_at = max((e.occurred_at for e in closing), default=None)
    return [e for e in events if not ended(e.until, as_of) and (closed_at is None or not e.occurred_at < closed_at)]


def oldest_in_force(d: Definition, request: Request) -> int:
    """Ask for the age of the oldest event in force, and return its cell.

    The window makes the accumulator distinct, as do the kinds that end a state: they write into the same cells.
    """
    aux = (request.matching, request.span, request.among)
    begun = request.need(Op.IN_FORCE, aux=aux)
    if d.among:
        request.need(Op.CLOSES, request.among, aux=aux).cell = begun.cell
    return begun.cell


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
    ties = "a stay whose end is the as-of itself is over"
    takes = frozenset()
    theme: ClassVar[str | None] = "custody"
    no_direction = "custody is what the system did"
    form: ClassVar[Form] = FLAG
    shown = 1.0

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Look for those not ended; they are behind the figure."""
        open_at = in_force(matches.events, matches.among, matches.as_of)
        return Answer(1.0 if open_at else 0.0, open_at)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the oldest that is in force: there is none, or there is one."""
        return Reading(Out.FLAG, oldest_in_force(d, request))
