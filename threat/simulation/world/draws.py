"""Compiled: random numbers of a stream, and the elementary functions they need. The same bits on every machine.

No ``fastmath``; ``log`` and ``exp`` are those of ``chance``, compiled for scalars.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from threat.simulation.world.chance import (
    GOLDEN,
    LN2,
    M1,
    M2,
    ROOT_HALF,
    S11,
    S27,
    S30,
    S31,
    TO_UNIT,
    atanh_series,
    exp_series,
)
from threat.simulation.world.states import Floats, Stream

_SMALLEST = -700.0
"""Below it exp would be subnormal, where processors differ in speed and flushing."""

_atanh = njit(cache=True)(atanh_series)
_exp = njit(cache=True)(exp_series)


@njit(cache=True)
def draw(stream: Stream) -> float:
    """Return the next uniform number in [0, 1) of a stream; SplitMix64 (Steele, Lea and Flood 2014)."""
    stream[0] += GOLDEN
    x = stream[0]
    x = (x ^ (x >> S30)) * M1
    x = (x ^ (x >> S27)) * M2
    x = x ^ (x >> S31)
    return np.float64(x >> S11) * TO_UNIT


@njit(cache=True)
def log(x: float) -> float:
    """Return the natural logarithm of a positive number."""
    mantissa, exponent = math.frexp(x)
    if mantissa < ROOT_HALF:
        mantissa *= 2.0
        exponent -= 1
    return _atanh((mantissa - 1.0) / (mantissa + 1.0)) + exponent * LN2


@njit(cache=True)
def exp(x: float) -> float:
    """Return the exponential of a number."""
    if x < _SMALLEST:
        return 0.0
    n = math.floor(x / LN2 + 0.5)
    return math.ldexp(_exp(x - n * LN2), int(n))


@njit(cache=True)
def wait(stream: Stream, mean: float) -> float:
    """Return an exponential waiting time of the given mean."""
    return -log(1.0 - draw(stream)) * mean


@njit(cache=True)
def pick(stream: Stream, weights: Floats, n: int) -> int:
    """Return an index below ``n``, drawn in proportion to the first ``n`` weights."""
    total = 0.0
    for i in range(n):
        total += weights[i]
    u = draw(stream) * total
    for i in range(n - 1):
        u -= weights[i]
        if u < 0.0:
            return i
    return n - 1
