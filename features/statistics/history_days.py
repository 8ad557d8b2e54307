"""history_days: how long the person has been on record."""

from __future__ import annotations

from typing import ClassVar

from features.statistics.days_since_first import DaysSinceFirst


class HistoryDays(DaysSinceFirst):
    """Days from the earliest visible event to the as-of; of any kind where the definition names none.

    The same arithmetic as ``days_since_first``. A statistic of its own, because it measures the record and not the
    person, so that it may never have a direction.

    >>> from features.events import ago
    >>> HistoryDays().example(ago(400), ago(10, kind="missing_person"), kinds=())
    400.0
    """

    name = "history_days"
    words, nothing = "days from the earliest record to the as-of", "missing"
    names_kinds = False
    no_direction: ClassVar[str] = "history length measures the record"
