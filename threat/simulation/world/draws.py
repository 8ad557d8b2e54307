"""Compiled: random numbers of a stream, and the elementary functions they need. The same bits on every machine.

No ``fastmath``; ``log`` and ``exp`` are those of ``chance``, compiled for scalars.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from threat.simulation.world.chance import atanh_series, exp_series
from threat.simulation.world.states import Floats, Stream

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_M1 = np.uint64(0xBF58476D1CE4E5B9)
_M2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_UNIT = 1.0 / 9007199254740992.0
"""2^-53: the 53 bits that a float64 holds become a number in [0, 1)."""
_LN2 = 0.6931471805599453
_ROOT_HALF = 0.7071067811865476
_SMALLEST = -700.0
"""Below it exp would be subnormal, where processors differ in speed and flushing."""

_atanh = njit(cache=True)(atanh_series)
_exp = njit(cache=True)(exp_series)


@njit(cache=True)
def draw(stream: Stream) -> float:
    """Return the next uniform number in [0, 1) of a stream; SplitMix64 (Steele, Lea and Flood 2014)."""
    stream[0] += _GOLDEN
    x = stream[0]
    x = (x ^ (x >> _S30)) * _M1
    x = (x ^ (x >> _S27)) * _M2
    x = x ^ (x >> _S31)
    return np.float64(x >> _S11) * _UNIT


@njit(cache=True)
def log(x: float) -> float:
    """Return the natural logarithm of a positive number."""
    mantissa, exponent = math.frexp(x)
    if mantissa < _ROOT_HALF:
        mantissa *= 2.0
        exponent -= 1
    return _atanh((mantissa - 1.0) / (mantissa + 1.0)) + exponent * _LN2


@njit(cache=True)
def exp(x: float) -> float:
    """Return the exponential of a number."""
    if x < _SMALLEST:
        return 0.0
    n = math.floor(x / _LN2 + 0.5)
    return math.ldexp(_exp(x - n * _LN2), int(n))


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
