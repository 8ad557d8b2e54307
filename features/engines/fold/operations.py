"""Numbers of the operations of a compiled program: what an event adds (Op), how a value is read (Out)."""

from __future__ import annotations

import math
from enum import IntEnum

from features.definitions import GRADES


class Op(IntEnum):
    """What one instruction does with one visible event. Events come newest first: the first one met is the latest."""

    COUNT = 0  # one more in the event's bucket of age
    INCIDENTS = 1  # one more, the first time this incident is met
    COUNTERPARTS = 2  # one more, the first time this known counterpart is met
    SUM = 3  # value added
    HARM = 4  # what this event adds to the highest harm of its incident met so far
    WEIGHTED = 5  # half-life weight added
    MAX_VALUE = 6
    MAX_HARM = 7
    NEWEST = 8  # age of the first event met
    OLDEST = 9  # age of the last event met, per bucket
    LAST_VALUE = 10  # value of the first event met that carries one
    LAST_HARM = 11
    LAST_CODE = 12  # number of the first event's code
    GAPS = 13  # incidents met, ages of the first, second and last
    OPEN = 14  # one when ``until`` lies after as-of
    ENDED = 15  # smallest time since ``until``, plus one
    BREACH = 16  # two oldest distinct ages of breaches met before the order
    ORDERED = 17  # the latest order: closes BREACH
    LATE = 18  # one more when recorded late
    UNTIL = 19  # time to the first event to come, plus one
    STAY = 20  # seconds not yet covered by an earlier stay; the cell after it holds the age reached


class Out(IntEnum):
    """How one value is read from the cells; a, b, c as ``features.engines.fold.program`` writes them.

    By then the buckets of ``SUMMED`` operations hold running totals: bucket i is the window of buckets 0 to i.
    """

    COUNT = 0  # integer cell a
    SUM = 1  # float cell a
    MAX_VALUE = 2  # highest of b float cells from a whose marks from c are set
    MAX_HARM = 3  # highest of b float cells from a
    AGE = 4  # cell a within the window, in days
    OLDEST = 5  # highest of b cells from a, in days
    STORED = 6  # cell a less one, in days
    LAST = 7  # float cell a when its mark c lies within the window
    RATIO = 8
    RATIO_OF_SUMS = 9
    SHARE = 10
    SLOPE = 11
    SLOPE_OF_SUMS = 12
    MEAN_GAP = 13
    LAST_GAP = 14
    GAP_RATIO = 15
    RATE = 16
    DAYS = 17
    BREACH = 18


SUMMED = frozenset({Op.COUNT, Op.INCIDENTS, Op.COUNTERPARTS, Op.LATE, Op.SUM, Op.HARM, Op.WEIGHTED})
"""Operations whose buckets are added up, newest first, when a row is finished."""

FLOAT_CELLS = frozenset(
    {Op.SUM, Op.HARM, Op.WEIGHTED, Op.MAX_VALUE, Op.MAX_HARM, Op.LAST_VALUE, Op.LAST_HARM, Op.LAST_CODE}
)
FLOAT_CELLS_WITH_MARKS = frozenset({Op.MAX_VALUE, Op.LAST_VALUE, Op.LAST_HARM, Op.LAST_CODE})
NUMBERED = {Op.INCIDENTS: "incident", Op.GAPS: "incident", Op.COUNTERPARTS: "counterpart", Op.HARM: "harm"}
READS: dict[Op, set[str]] = {
    Op.INCIDENTS: {"incident_id"},
    Op.GAPS: {"incident_id"},
    Op.HARM: {"incident_id"},
    Op.COUNTERPARTS: {"counterpart"},
    Op.SUM: {"value"},
    Op.MAX_VALUE: {"value"},
    Op.LAST_VALUE: {"value"},
    Op.LAST_CODE: {"code", "reported_by"},  # where the kernel reads the one it reads the other
    Op.OPEN: {"until"},
    Op.ENDED: {"until"},
    Op.STAY: {"until"},
    Op.LATE: {"recorded_at"},
}
CODE_VALUE: dict[str, dict[str, float]] = {
    "state_yes": {"yes": 1.0, "no": 0.0},
    "state_unanswered": {"yes": 0.0, "no": 0.0},
    "grade": GRADES,
}
OTHER_CODE = {"state_yes": math.nan, "state_unanswered": 1.0, "grade": -1.0}
"""What any other code gives; -1 makes the kernel go on to an older event."""
