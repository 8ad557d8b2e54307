"""Every statistic: one file each, and one line here. ``base`` says what a statistic says of itself.

To add a statistic: write its file after the model of ``count.py``, add it to ``STATISTICS``, and draw a table under
``tests/spec/features`` (``tests/spec/README.md``). Only an operation that no statistic asked for before needs a branch
in the kernel of the fold (``features.operations``).
"""

from features.statistics.base import Statistic
from features.statistics.both import Both
from features.statistics.breach_after import BreachAfter
from features.statistics.count import Count
from features.statistics.days_in_custody import DaysInCustody
from features.statistics.days_in_force import DaysInForce
from features.statistics.days_in_state import DaysInState
from features.statistics.days_since_end import DaysSinceEnd
from features.statistics.days_since_first import DaysSinceFirst
from features.statistics.days_since_last import DaysSinceLast
from features.statistics.days_until import DaysUntil
from features.statistics.distinct_counterparts import DistinctCounterparts
from features.statistics.gap_ratio import GapRatio
from features.statistics.grade import Grade
from features.statistics.history_days import HistoryDays
from features.statistics.in_custody import InCustody
from features.statistics.incidents import Incidents
from features.statistics.last import Last
from features.statistics.last_gap import LastGap
from features.statistics.late_share import LateShare
from features.statistics.max import Max
from features.statistics.mean_gap import MeanGap
from features.statistics.order_in_force import OrderInForce
from features.statistics.rate_at_liberty import RateAtLiberty
from features.statistics.recency_weighted import RecencyWeighted
from features.statistics.recorded import Recorded
from features.statistics.rows_visible import RowsVisible
from features.statistics.share import Share
from features.statistics.slope import Slope
from features.statistics.state_in_force import StateInForce
from features.statistics.state_is import StateIs
from features.statistics.state_unanswered import StateUnanswered
from features.statistics.state_yes import StateYes
from features.statistics.sum import Sum
from features.statistics.window_ratio import WindowRatio

STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for statistic in (
        Count(),
        Incidents(),
        Recorded(),
        Sum(),
        Max(),
        Last(),
        DaysSinceLast(),
        DaysSinceFirst(),
        DaysSinceEnd(),
        RecencyWeighted(),
        WindowRatio(),
        Slope(),
        Share(),
        DistinctCounterparts(),
        MeanGap(),
        LastGap(),
        GapRatio(),
        DaysUntil(),
        RateAtLiberty(),
        DaysInCustody(),
        InCustody(),
        OrderInForce(),
        BreachAfter(),
        Both(),
        StateInForce(),
        DaysInForce(),
        StateIs(),
        DaysInState(),
        StateYes(),
        StateUnanswered(),
        Grade(),
        HistoryDays(),
        RowsVisible(),
        LateShare(),
    )
}
"""Every statistic by name, in the order pages show them."""

__all__ = ["STATISTICS", "Statistic"]
