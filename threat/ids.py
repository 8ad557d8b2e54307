"""Identifiers: 63-bit hashes of what a row says, so that the same source row has the same id on any machine."""

from __future__ import annotations

import hashlib

from threat.errors import UsageError

_PREFIXES = {"R": "relationship", "P": "person", "E": "event"}


def make_id(*fields: object, ordinal: int = 0) -> int:
    """A positive 63-bit id from the fields and an ordinal among equal rows (real charges repeat).

    Fields are joined by the unit separator; None is distinct from the empty string.
    """
    text = "\x1f".join("\x00" if field is None else str(field) for field in (*fields, ordinal))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def show_id(prefix: str, value: int) -> str:
    """The id as people and URLs see it: ``R-`` and 16 hexadecimal digits (JSON numbers lose 63-bit precision)."""
    return f"{prefix}-{value:016x}"


def parse_id(text: str, prefix: str = "R") -> int:
    """Read what ``show_id`` wrote. Raises UsageError for anything else."""
    head, _, tail = text.strip().partition("-")
    digits = len(tail) == 16 and all(c in "0123456789abcdef" for c in tail.lower())
    if head.upper() != prefix or not digits or int(tail, 16) >> 63:  # an id has 63 bits
        raise UsageError(
            f"A {_PREFIXES.get(prefix, 'record')} reference is {prefix}- and 16 hexadecimal digits.",
            value=text,
            way_out=f"copy it from a list, for example {prefix}-0123456789abcdef",
        )
    return int(tail, 16)
