"""What a folding engine can do: operations that an event adds (Op), and ways to read a value from the cells (Out).

A statistic says in its own file which of them it asks for (``features.accumulators``). A statistic that these serve
needs no change of an engine; a new operation is a member here and a branch in ``features.engines.fold.kernel``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Literal, NamedTuple


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
    OLDEST = 9  # highest age of a start, per bucket
    LAST_VALUE = 10  # value of the first event met that carries a value
    LAST_HARM = 11  # highest harm of the incidents of the first instant met
    LAST_CODE = 12  # number of the first event's code
    GAPS = 13  # incidents met, ages of the first, second and last
    IN_FORCE = 14  # age of the last event met whose ``until`` is after as-of and that no later CLOSES event ended
    ENDED = 15  # smallest time since ``until``, plus one
    BREACH = 16  # ages of the last two moments of breaches met; the cell after them: the shortest time from an order
    ORDERED = 17  # an order: compared with the breaches met, in the cells of BREACH
    LATE = 18  # one more when recorded late
    UNTIL = 19  # time to the first event to come, plus one
    STAY = 20  # seconds not yet covered by an earlier stay; the cell after it holds the age reached
    CLOSES = 21  # age of the first event met that ends a state, in the cells of IN_FORCE
    RUN = 22  # age of the last event of an unbroken run of codes from the first event met; the cell after it: broken


class Out(IntEnum):
    """How one value is read from the cells; a, b, c as ``features.engines.fold.program`` writes them.

    By then the buckets of summed operations hold running totals: bucket i is the window of buckets 0 to i.
    """

    COUNT = 0  # integer cell a
    SUM = 1  # float cell a
    MAX_VALUE = 2  # highest of b float cells from a whose marks from c are set
    MAX_HARM = 3  # highest of b float cells from a
    AGE = 4  # cell a within the window, in days
    OLDEST = 5  # highest of b cells from a, in days
    STORED = 6  # cell a less one, in days
    LAST = 7  # float cell a when its mark c is within the window
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
    FLAG = 19  # 1 when integer cell a is above 0
    BOTH = 20  # 1 when integer cells a and c are above 0


class Traits(NamedTuple):
    """What the compiler must know of an operation.

    ``cells``: ``integers`` or ``floats``, one a bucket; ``marked``: floats, each with an integer mark that says whether
    it was set; ``none``: it writes the cells of another. ``fixed``: the number of its integer cells where that does not
    depend on the windows. ``summed``: its buckets are added up, newest first, when a row is finished. ``numbered``: it
    needs a number among the operations that remember incidents, counterparts, or the harm of incidents. ``reads``: the
    columns of sightings that it reads beyond those the kernel always reads. ``stream``: the events it is asked about,
    those that happened (back), those to come (ahead), or stays in order of their start.
    """

    cells: Literal["integers", "floats", "marked", "none"] = "integers"
    fixed: int = 0
    summed: bool = False
    numbered: Literal["incident", "counterpart", "harm"] | None = None
    reads: frozenset[str] = frozenset()
    stream: Literal["back", "ahead", "stays"] = "back"
    reads_harm: bool = False

    @property
    def is_float(self) -> bool:
        """True when its cells are floats, with marks or without."""
        return self.cells in ("floats", "marked")


_INCIDENT = frozenset({"incident_id"})

TRAITS: dict[Op, Traits] = {
    Op.COUNT: Traits(summed=True),
    Op.INCIDENTS: Traits(summed=True, numbered="incident", reads=_INCIDENT),
    Op.COUNTERPARTS: Traits(summed=True, numbered="counterpart", reads=frozenset({"counterpart"})),
    Op.SUM: Traits("floats", summed=True, reads=frozenset({"value"})),
    Op.HARM: Traits("floats", summed=True, numbered="harm", reads=_INCIDENT, reads_harm=True),
    Op.WEIGHTED: Traits("floats", summed=True),
    Op.MAX_VALUE: Traits("marked", reads=frozenset({"value"})),
    Op.MAX_HARM: Traits("floats", reads_harm=True),
    Op.NEWEST: Traits(),
    Op.OLDEST: Traits(reads=frozenset({"began_at"})),
    Op.LAST_VALUE: Traits("marked", reads=frozenset({"value"})),
    Op.LAST_HARM: Traits("marked", numbered="incident", reads=_INCIDENT, reads_harm=True),
    # Where the kernel reads a code it reads who reported too: one filter looks at both.
    Op.LAST_CODE: Traits("marked", reads=frozenset({"code", "reported_by"})),
    Op.GAPS: Traits(fixed=4, numbered="incident", reads=_INCIDENT),
    Op.IN_FORCE: Traits(fixed=2, reads=frozenset({"until"})),
    Op.ENDED: Traits(reads=frozenset({"until"})),
    Op.BREACH: Traits(fixed=3),
    Op.ORDERED: Traits("none"),
    Op.LATE: Traits(summed=True, reads=frozenset({"recorded_at"})),
    Op.UNTIL: Traits(stream="ahead"),
    Op.STAY: Traits(fixed=1, reads=frozenset({"until"}), stream="stays"),
    Op.CLOSES: Traits("none"),
    Op.RUN: Traits(fixed=2, reads=frozenset({"code", "reported_by"})),
}
