"""What a run of the mechanism is made of: parameters, random numbers, an output; its span; what it watches."""

from __future__ import annotations

from typing import NamedTuple

from threat.simulation.world.output import Output
from threat.simulation.world.states import Floats, Record, Stream

SCRATCH = 32
"""Room for one weight per offence."""
TALLIES = 3
"""What a watch counts: the summed hazard, then one number for each target of ``mechanism`` but TARGET_NONE."""


class Run(NamedTuple):
    """What stays the same along a run: ``parameters`` (one record), ``offences`` (weights by table and offence),
    ``stream`` (random numbers), ``scratch`` (float64[SCRATCH]), ``output``.

    Compiled code makes runs in place: Numba cannot return a tuple that holds a record."""

    parameters: Record
    offences: Floats
    stream: Stream
    scratch: Floats
    output: Output


class Span(NamedTuple):
    """Days from ``start`` to ``end``. ``grid``: days, rising, at which waiting times are drawn afresh.

    Waiting times have no memory, so this changes nothing in law; a replay can stop at a day of the grid, look ahead,
    and go on along the same path.
    """

    start: float
    end: float
    grid: Floats


class Watch(NamedTuple):
    """What a run suppresses and sums: incidents of relationship ``row`` that are a ``target`` of ``mechanism``.

    ``tally``: float64[TALLIES]: the summed hazard; at TARGET_DEADLY and TARGET_SEVERE, 1 once such an incident of the
    relationship came, suppressed or not.
    """

    target: int
    row: int
    tally: Floats
