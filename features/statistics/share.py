"""share: how much of a wider group of events some kinds make up."""

from __future__ import annotations

from dataclasses import replace

from features.accumulators import Reading, Request
from features.definitions import Definition
from features.events import NOTHING, Answer, Matches
from features.kinds_read import expand
from features.operations import Op, Out
from features.statistics.base import Statistic
from features.statistics.forms import SHARE


class Share(Statistic):
    """Events that match both ``kinds`` and ``among``, over events of ``among``, in the window.

    Codes, the domestic flag and reporters narrow the first and never the second.

    >>> from features.events import ago
    >>> events = ago(9, kind="rape"), ago(8, kind="wounding"), ago(7, kind="stalking"), ago(6, kind="wounding")
    >>> Share().example(*events, kinds=("rape", "domestic_incident"), among=("@crime",))
    0.25
    """

    name = "share"
    words, nothing = "events of these kinds among those of wider kinds", "missing"
    ties = "records are counted, not incidents"
    needs = frozenset({"among"})
    no_direction = "shares may move either way"
    form, shown = SHARE, 0.4

    def answer(self, d: Definition, matches: Matches) -> Answer:
        """Divide; the events of both are behind the figure."""
        both = [e for e in matches.events if e.kind in expand(d.among)]
        return Answer(len(both) / len(matches.among), both) if matches.among else NOTHING

    def fold(self, d: Definition, request: Request) -> Reading:
        """Ask for two counts."""
        matching, among = request.matching, request.among
        both = request.need(Op.COUNT, replace(matching, kinds=matching.kinds & among.kinds))
        return Reading(Out.SHARE, both.upto(request.span), c=request.need(Op.COUNT, among).upto(request.span))
