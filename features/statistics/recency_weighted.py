"""recency_weighted: events that count less the older they are."""

from __future__ import annotations

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import Answer, Matches
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import RATIO
from threat.asof import DAY


class RecencyWeighted(Statistic):
    """Sum over matching events in the window of 0.5 to the power (age in days / ``half_life_days``).

    An event counts 1 when new, half after a half-life, a quarter after two (exponential decay).

    >>> from features.events import ago
    >>> RecencyWeighted().example(ago(60), ago(30), half_life_days=30)
    0.75
    """

    name = "recency_weighted"
    words, nothing = "sum of weights, each halving with every half-life of age", "0"
    ties = "every record weighs, those of one incident too"
    needs = frozenset({"half_life_days"})
    form, shown = RATIO, 1.5

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Add, newest first: the fold adds in that order."""
        assert d.half_life_days is not None
        weights = [0.5 ** ((matches.as_of - e.occurred_at) / DAY / d.half_life_days) for e in reversed(matches.events)]
        return Answer(float(sum(weights)), matches.events)

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for the weights by bucket of age; definitions of the same half-life share them."""
        return Reading(Out.SUM, request.need(Op.WEIGHTED, aux=(d.half_life_days,)).upto(request.span))

    def sums_floats(self, d: Definition) -> bool:
        """Return True: weights are floats."""
        return True
