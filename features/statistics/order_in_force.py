"""order_in_force: whether an order is in force."""

from __future__ import annotations

from features.statistics.in_custody import InCustody


class OrderInForce(InCustody):
    """1 when a matching order began before the as-of and its ``until`` is after it, otherwise 0.

    The same arithmetic as ``in_custody``, for any kind that has an end (firearms certificates too).

    >>> from features.events import ago
    >>> OrderInForce().example(ago(40, kind="restraining_order"))
    1.0
    """

    name = "order_in_force"
    words, nothing = "1 when an order or certificate is in force at the as-of", "0"
    theme = None
    no_direction = "orders are what the system did"
