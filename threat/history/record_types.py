"""The fields that the records of a manifest have, with their types: a record with another is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from threat import untrusted
from threat.history.batches import Batch, Part

PLACE: Final[untrusted.Fields] = {
    "environment": str,
    "history": str,
    "kind": str,
    "previous": str,
    "sequence": int,
}
"""What every record says: which history it is of, and where it stands there."""

_BATCH: Final[untrusted.Fields] = {
    "batch_id": str,
    "batch": dict,
    "rows_kept": int,
    "tables": dict,
    "quarantine": (dict, type(None)),
}
_ERASURE: Final[untrusted.Fields] = {
    "persons": list,
    "reason": str,
    "erased_at": int,
    "by": list,
    "changes": list,
    "statements": list,
}
_OF_KIND: Final[Mapping[str, untrusted.Fields]] = {"history": {}, "batch": _BATCH, "erasure": _ERASURE}

_DELIVERY: Final[untrusted.Fields] = {
    "profile": str,
    "loaded_at": int,
    "sha256": str,
    "rows_in": (int, type(None)),
    "rows_quarantined": int,
    "feed_lag_seconds": int,
    "legal_basis": str,
    "history_start": dict,
    "covers_until": dict,
}


def check_record(document: Mapping[str, Any]) -> None:
    """Raise ValueError, KeyError or TypeError unless a record has exactly the fields of its kind."""
    untrusted.require_fields(document, {**PLACE, **_OF_KIND[document["kind"]]})


def batch_of(fields: Any) -> Batch:
    """Return the delivery that a record says. Raises ValueError or TypeError for fields that no delivery has."""
    if not isinstance(fields, dict):
        raise TypeError("a batch that is no object")
    # A record of before a field came lacks it.
    untrusted.require_fields(asdict(Batch("", 0)) | fields, _DELIVERY)
    instants = [*fields.get("history_start", {}).values(), *fields.get("covers_until", {}).values()]
    if not all(type(instant) is int for instant in instants):
        raise TypeError("a time that is no whole number")
    return Batch(**fields)


def part_of(part: Any) -> Part:
    """Return the file that a record names. Raises ValueError or TypeError for anything else.

    >>> part_of(["parts/events/1.parquet", 10, "ab"])
    ('parts/events/1.parquet', 10, 'ab')
    """
    path, rows, digest = part
    # Relative and below the store: a record that names another file would have it read, and swept away.
    if not isinstance(path, str) or path.startswith("/") or ".." in path.split("/"):
        raise ValueError(f"the path {path}")
    if type(rows) is not int or not isinstance(digest, str):
        raise TypeError(f"the rows or the hash of {path}")
    return path, rows, digest
