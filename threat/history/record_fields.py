"""Batches and erasures as the records of a manifest say them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from threat.history.batches import QUARANTINE, Change, Entry, Erasure
from threat.history.record_types import batch_of, part_of


def batch_fields(entry: Entry) -> dict[str, Any]:
    """Return what a record says of a batch, besides its place."""
    tables = {
        name: {"content": entry.content[name], "parts": parts, "rows": sum(rows for _, rows, _ in parts)}
        for name, parts in entry.parts.items()
    }
    quarantine = entry.quarantine and {"content": entry.content[QUARANTINE], "part": entry.quarantine}
    return {
        "kind": "batch",
        "batch_id": entry.batch_id,
        "batch": asdict(entry.batch),
        "rows_kept": entry.rows_kept,
        "tables": tables,
        "quarantine": quarantine or None,
    }


def entry_of(document: Mapping[str, Any]) -> Entry:
    """Return the batch that a record says. Raises KeyError, TypeError or ValueError for a record of another form."""
    quarantine = document["quarantine"]
    content = {name: str(table["content"]) for name, table in document["tables"].items()}
    if quarantine is not None:
        content[QUARANTINE] = str(quarantine["content"])
    return Entry(
        document["batch_id"],
        batch_of(document["batch"]),
        document["rows_kept"],
        {name: [part_of(part) for part in table["parts"]] for name, table in document["tables"].items()},
        None if quarantine is None else part_of(quarantine["part"]),
        content,
    )


def erasure_of(document: Mapping[str, Any], batches: int, record_hash: str) -> Erasure:
    """Return the erasure that a record says. Raises as ``entry_of`` does."""
    return Erasure(
        tuple(document["persons"]),
        document["reason"],
        document["erased_at"],
        tuple(document["by"]),
        tuple(
            Change(
                change["batch_id"],
                change["table"],
                tuple(part_of(part) for part in change["before"]),
                tuple(part_of(part) for part in change["after"]),
                change["content"],
                change["removed"],
                change["without_party"],
            )
            for change in document["changes"]
        ),
        batches,
        record_hash,
    )


def entries_of_format_1(document: Mapping[str, Any]) -> list[Entry]:
    """Return the batches that a manifest of format 1 lists."""
    return [
        Entry(
            item["batch_id"],
            batch_of(item["batch"]),
            item["rows_kept"],
            {name: [part_of(part) for part in parts] for name, parts in item["parts"].items()},
            # Format 1 lists no quarantined rows: a file under this name holds them, if there are any.
            (f"quarantine/{item['batch_id']}.parquet", -1, ""),
        )
        for item in document["batches"]
    ]
