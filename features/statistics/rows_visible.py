"""rows_visible: how much is on record."""

from __future__ import annotations

from features.statistics.count import Count


class RowsVisible(Count):
    """Number of visible events in the window; of any kind where the definition names none.

    The same arithmetic as ``count``. A statistic of its own, because it measures the record and not the person, so that
    it may never have a direction.

    >>> from features.events import ago
    >>> RowsVisible().example(ago(400), ago(10, kind="missing_person"), kinds=())
    2.0
    """

    name = "rows_visible"
    words, nothing = "number of events of any kind", "0"
    names_kinds = False
    no_direction = "richness measures the record"
