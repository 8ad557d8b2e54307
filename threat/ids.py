"""Identifiers: 63-bit hashes of what a row says, so that the same source row has the same id on any machine."""

from __future__ import annotations

import hashlib
from typing import Any

from threat.errors import UsageError

SEPARATOR = "\x1f"
NO_VALUE = "\x00"
"""What is between fields and for a missing field: control characters, which no source writes into a reference."""

_PREFIXES = {"R": "relationship", "P": "person", "E": "event"}


def make_id(*fields: object, ordinal: int = 0) -> int:
    """Return a positive 63-bit id of the fields and an ordinal among equal rows (real charges repeat).

    None is distinct from the empty string; any other field counts as the text that ``str`` makes of it.

    >>> make_id("person", "anna", "standard_csv")
    5503021567240733590
    >>> make_id("person", None) == make_id("person", "")
    False
    """
    return id_of_text(SEPARATOR.join(NO_VALUE if field is None else str(field) for field in (*fields, ordinal)))


def id_of_text(joined: str) -> int:
    """Return the id of fields that are joined already: the fields, then the ordinal, ``SEPARATOR`` between them.

    >>> id_of_text(SEPARATOR.join(["person", "anna", "standard_csv", "0"])) == make_id("person", "anna", "standard_csv")
    True
    """
    # 63 bits: an id fits a signed integer of every tool that reads the tables, and is never negative.
    return int.from_bytes(hashlib.blake2b(joined.encode(), digest_size=8).digest(), "big") >> 1


def pair_ids(subject_ids: Any, at_risk_ids: Any) -> Any:
    """Return the id of the relationship of each subject with each person at risk, as recorded: positive, 63 bits.

    The pair is directed, and an unknown person at risk (NO_PERSON, -1) makes a pair of its own. int64[n].

    >>> pair_ids([7, 8, 7], [8, 7, -1]).tolist()
    [2493653782078572657, 9005256107658854860, 5258121089625919393]
    """
    import numpy as np  # not above: the command line imports this module, and help needs no NumPy

    subject, at_risk = (
        np.atleast_1d(np.asarray(ids, np.int64)).astype(np.uint64) for ids in (subject_ids, at_risk_ids)
    )
    mixed = _mixed(_mixed(subject + np.uint64(_STEP)) ^ (at_risk + np.uint64(_STEP)))
    # 0 is no relationship: the id of a must-see item that no relationship covers.
    return np.maximum((mixed >> np.uint64(1)).astype(np.int64), 1)


_STEP = 0x9E3779B97F4A7C15
"""The golden ratio in 64 bits, as SplitMix64 adds it (Steele, Lea and Flood 2014): small ids do not stay small."""


def _mixed(values: Any) -> Any:
    """Return uint64 values through the finalizer of SplitMix64: one to one, and each bit moves half of all bits."""
    shift = values.dtype.type
    values = (values ^ (values >> shift(30))) * shift(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> shift(27))) * shift(0x94D049BB133111EB)
    return values ^ (values >> shift(31))


def show_id(prefix: str, value: int) -> str:
    """Return the id as people and URLs see it: ``R-`` and 16 hexadecimal digits (JSON numbers hold 53 bits)."""
    return f"{prefix}-{value:016x}"


def parse_id(text: str, prefix: str = "R") -> int:
    """Read what ``show_id`` wrote. Raises UsageError for anything else."""
    head, _, tail = text.strip().partition("-")
    digits = len(tail) == 16 and all(c in "0123456789abcdef" for c in tail.lower())
    if head.upper() != prefix or not digits or int(tail, 16) >> 63:  # an id has 63 bits
        raise UsageError(
            f"Not a reference of a {_PREFIXES.get(prefix, 'record')}: {prefix}- and 16 hexadecimal digits.",
            value=text,
            way_out=f"copy it from a list, for example {prefix}-0123456789abcdef",
        )
    return int(tail, 16)
