"""state_unanswered: whether the latest question got no answer."""

from __future__ import annotations

from typing import ClassVar

from features.statistics.state_yes import StateYes


class StateUnanswered(StateYes):
    """Code of the latest matching event in the window: yes or no 0, anything else 1.

    >>> from features.events import ago
    >>> StateUnanswered().example(ago(20, code="yes"), ago(10, code="refused"))
    1.0
    """

    name = "state_unanswered"
    words, nothing = "1 when the latest question got no answer, 0 when it got one", "missing: never asked"
    ties = "of one instant and second an answer of yes counts, then none, then an answer of no"
    values: ClassVar[dict[str, float]] = {"yes": 0.0, "no": 0.0}
    otherwise = 1.0
