"""Randomness and elementary functions that give the same bits on every machine.

Draws are hashes of a key and a purpose, so a row's luck depends on nothing but the seed and the row. ``log`` and
``exp`` are built from IEEE additions, multiplications, divisions and exact scalings only: a library's own may differ
in the last bit with the processor's instruction set, and that bit would decide a row.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import numpy as np
from numba import njit, vectorize
from numpy.typing import NDArray

U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""SplitMix64's step between states: 2^64 over the golden ratio, odd (Steele, Lea and Flood 2014)."""
M1 = np.uint64(0xBF58476D1CE4E5B9)
M2 = np.uint64(0x94D049BB133111EB)
"""Multipliers of SplitMix64's finaliser (Stafford's variant 13); its shifts are 30, 27 and 31."""
S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
"""Shifts as uint64, like the words, so that NumPy and Numba both keep the type; 11 leaves a float64's 53 bits."""
_ONE = np.uint64(1)
"""Shift that makes room for the sign: an id is an int64 of 0 or more."""
TO_UNIT = 1.0 / 9007199254740992.0
"""2^-53: the 53 bits that a float64 holds become a number in [0, 1)."""
LN2 = 0.6931471805599453
"""ln 2, the nearest float64: written out, because a library's own may differ in the last bit."""
ROOT_HALF = 0.7071067811865476
"""sqrt(1/2), the nearest float64: mantissas from here to sqrt(2) keep the series of ``log`` short."""


def mix(x: U64) -> U64:
    """Mix words by SplitMix64's finaliser: a bijection of 64-bit words (Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> S30)) * M1
    x = (x ^ (x >> S27)) * M2
    return x ^ (x >> S31)


_mix = njit(mix)


@vectorize(["uint64(uint64, uint64, uint64)"], cache=True)
def _derive(key: Any, name: Any, ordinal: Any) -> Any:
    return _mix(_mix(key ^ name) + GOLDEN + ordinal * GOLDEN)


@vectorize(["float64(uint64, uint64)"], cache=True)
def _uniform(key: Any, name: Any) -> Any:
    return np.float64(_mix(_mix(key ^ name) + GOLDEN) >> S11) * TO_UNIT


@cache
def purpose(name: str) -> np.uint64:
    """Return a fixed 64-bit word for what a draw is for."""
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big"))


def derive(keys: U64, name: str, ordinal: NDArray[np.int64] | int = 0) -> U64:
    """Return new keys from keys, for a purpose and an ordinal."""
    return np.asarray(_derive(keys, purpose(name), np.asarray(ordinal).astype(np.uint64)))


def seed_keys(seed: int, name: str, ordinals: NDArray[np.int64]) -> U64:
    """Return keys of the members of a population, by their ordinal."""
    word = int.from_bytes(hashlib.blake2b(f"{seed}\x1f{name}".encode(), digest_size=8).digest(), "big")
    return derive(np.full(len(ordinals), word, dtype=np.uint64), name, ordinals)


def ids(keys: U64) -> NDArray[np.int64]:
    """Return positive 63-bit ids (as ``threat.ids.make_id``) of keys. The caller checks that they are distinct."""
    return (mix(keys + GOLDEN) >> _ONE).astype(np.int64)


def uniform(keys: U64, name: str) -> F64:
    """Return a number in [0, 1) per key, for a purpose."""
    return np.asarray(_uniform(keys, purpose(name)))


def chance(keys: U64, name: str, probability: F64 | float) -> NDArray[np.bool_]:
    """Return true with the given probability, per key."""
    return uniform(keys, name) < probability


def choice(keys: U64, name: str, shares: list[float] | F64) -> NDArray[np.int64]:
    """Return an index into ``shares`` (any positive weights), per key."""
    total = 0.0
    edges = []
    for share in shares:  # added one by one: a vectorised sum's order depends on the machine
        total += float(share)
        edges.append(total)
    return np.searchsorted(np.array(edges[:-1]), uniform(keys, name) * total, side="right")


def exponential(keys: U64, name: str, mean: F64 | float) -> F64:
    """Return exponential waiting times with the given mean."""
    return -log(1.0 - uniform(keys, name)) * mean


def bell(keys: U64, name: str) -> F64:
    """Return nearly normal numbers, mean 0 and variance 1: twelve uniforms less six (Irwin-Hall), exact everywhere."""
    total = np.zeros(len(keys))
    for i in range(12):
        total += (derive(keys, name, i + 1) >> S11).astype(np.float64) * TO_UNIT
    return total - 6.0


def log(x: F64) -> F64:
    """Return the natural logarithm of positive numbers, within a few units of the last place."""
    mantissa, exponent = np.frexp(np.asarray(x, dtype=np.float64))
    small = mantissa < ROOT_HALF
    mantissa = np.where(small, mantissa * 2.0, mantissa)
    exponent = exponent - small
    s = (mantissa - 1.0) / (mantissa + 1.0)
    return atanh_series(s) + exponent * LN2


def exp(x: F64) -> F64:
    """Return the exponential, within a few units of the last place."""
    x = np.asarray(x, dtype=np.float64)
    n = np.floor(x / LN2 + 0.5)
    return np.ldexp(exp_series(x - n * LN2), n.astype(np.int64))


def atanh_series(s: Any) -> Any:
    """Return log((1 + s) / (1 - s)) for small s, scalar or array; compiled for scalars by ``draws``."""
    s2 = s * s
    total = 1.0 / 23.0
    for k in range(10, -1, -1):
        total = total * s2 + 1.0 / (2.0 * k + 1.0)
    return 2.0 * s * total


def exp_series(r: Any) -> Any:
    """Return exp(r) for |r| < 0.35, scalar or array; compiled for scalars by ``draws``."""
    total = 1.0
    for k in range(14, 0, -1):
        total = 1.0 + r * total / k
    return total
