"""state_in_force: whether something recorded as lasting still lasts."""

from __future__ import annotations

from features.statistics.in_custody import InCustody


class StateInForce(InCustody):
    """1 when a matching state began in the window, its ``until`` is after the as-of, and nothing ended it; otherwise 0.

    What ends a state: its ``until``, or a strictly later event of ``among``. A state without an end lasts. How often
    staff wrote a state down changes nothing.

    >>> from features.events import ago
    >>> living = {"kinds": ("cohabitation", "reconciliation"), "among": ("separation",)}
    >>> StateInForce().example(ago(90, kind="cohabitation"), ago(40, kind="separation"), **living)
    0.0
    >>> StateInForce().example(ago(40, kind="separation"), ago(10, kind="reconciliation"), **living)
    1.0
    """

    name = "state_in_force"
    words, nothing = "1 when a recorded state is in force at the as-of, otherwise 0", "0"
    ties = "a state whose end is the as-of itself is over; an event in the same second does not end a state"
    takes = frozenset({"window_days", "among"})
    theme = None
    no_direction = ""
    among_words = "unless ended by a later"
