"""Identifiers: 63-bit hashes of what a row says, so that the same source row has the same id on any machine."""

from __future__ import annotations

import hashlib

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
