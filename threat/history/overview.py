"""A snapshot in figures: batches, rows, kinds and sources."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from threat.asof import DAY, NEVER, show
from threat.dates import day
from threat.history.feeds import feeds
from threat.history.schema import CLOSED, TABLES
from threat.history.tables import Tables

LATE_DAYS = 7
"""Recorded more than this many days after it occurred: late."""

_ROWS_OF = {
    "relationships": " (stated; which are in force is derived from them and the events)",
    "known_earlier": " (events that a later load had recorded earlier)",
}


def overview(tables: Tables) -> dict[str, Any]:
    """Return batches, rows by table, events by kind and by source with ``history_start`` and the share recorded late.

    Rows of the closed tables are counted and never read. Events known in advance are neither late nor early. A source
    reaches up to what its deliveries say they cover, or else to its latest record; what that means at an as-of is on
    the list (``feeds``). Rows of relationships are those that were stated: which pairs are in force is derived.
    """
    by_kind = tables.query(
        "SELECT kind, count(*) AS events, count(DISTINCT incident_id) AS incidents FROM events GROUP BY 1 "
        "ORDER BY events DESC, kind"
    ).to_pylist()
    by_source = tables.query(
        "SELECT source_system AS source, count(*) AS events, min(recorded_at) AS first_recorded, "
        "max(recorded_at) AS last_recorded, "
        "avg(CASE WHEN recorded_at - occurred_at > ? THEN 1.0 ELSE 0.0 END) "
        "FILTER (recorded_at >= occurred_at) AS late "
        "FROM events GROUP BY 1 ORDER BY 1",
        [LATE_DAYS * DAY],
    ).to_pylist()
    declared: dict[str, int] = {}
    for entry in tables.entries:
        for source, at in entry.batch.history_start.items():
            declared[source] = min(at, declared.get(source, at))
    reach = {feed.source: feed for feed in feeds(tables, NEVER, stale_after_days=0, by_source={})}
    for row in by_source:
        start = declared.get(row["source"], row.pop("first_recorded"))
        row.pop("first_recorded", None)
        row["history_start"] = show(start)
        row["history_start_declared"] = row["source"] in declared
        row["last_recorded"] = show(row["last_recorded"])
        row["reaches"] = show(reach[row["source"]].reaches)
        row["reach_stated"] = reach[row["source"]].stated
        row["late_share"] = None if row["late"] is None else round(row["late"], 4)
        del row["late"]
    return {
        "snapshot_id": tables.id,
        "batches": [
            {
                "batch_id": entry.batch_id,
                "profile": entry.batch.profile,
                "loaded_at": show(entry.batch.loaded_at),
                "rows_in": entry.batch.rows_in,
                "rows_kept": entry.rows_kept,
                "rows_quarantined": entry.batch.rows_quarantined,
            }
            for entry in tables.entries
        ],
        "rows": {name: tables.row_count(name) for name in TABLES if name != "batches"},
        "closed": sorted(CLOSED),
        "by_kind": by_kind,
        "by_source": by_source,
    }


def lines(document: dict[str, Any], zone: str) -> str:
    """Return the overview as people read it. ``zone``: in which days are said."""
    out = [f"Snapshot {document['snapshot_id']}, {len(document['batches'])} batches"]
    out += [
        f"  {b['loaded_at'][:16]}  {b['profile']}: {b['rows_in']:,} rows in = {b['rows_kept']:,} kept + "
        f"{b['rows_quarantined']:,} quarantined"
        for b in document["batches"]
    ]
    if document.get("parts_verified") is not None:
        out.append(f"  {document['parts_verified']} files of parts and quarantined rows, all as they were written")
    out += _chain_lines(document)
    out.append("Rows")
    for name, rows in document["rows"].items():
        out.append(f"  {rows:>11,}  {name}{_ROWS_OF.get(name, ' (closed)' if name in document['closed'] else '')}")
    out.append("Sources")
    for row in document["by_source"]:
        declared = "declared" if row["history_start_declared"] else "first record"
        late = "" if row["late_share"] is None else f", {row['late_share']:.1%} recorded over {LATE_DAYS} days late"
        # What a delivery covers is named as an as-of is, by its UTC date.
        reached = _day(row["reaches"], "UTC" if row["reach_stated"] else zone)
        reach = f"to {reached} ({'stated' if row['reach_stated'] else 'last record'})"
        start = f"from {_day(row['history_start'], zone)} ({declared})"
        out.append(f"  {row['source']}: {row['events']:,} events {start} {reach}{late}")
    out.append("Events by kind")
    out += [f"  {row['events']:>11,}  {row['kind']}, in {row['incidents']:,} incidents" for row in document["by_kind"]]
    return "\n".join(out)


def _chain_lines(document: dict[str, Any]) -> list[str]:
    """Return what the chain of records says, where the document has it: signatures, erasures, files of no record."""
    out = []
    if document.get("signed"):
        out.append(f"  signed: {document['records']} records, head {document['head'][:16]}")
    for erasure in document.get("erasures", ()):
        rows = ", ".join(f"{count:,} of {table}" for table, count in sorted(erasure["rows"].items())) or "no row"
        by = " and ".join(erasure["by"])
        out.append(f"  {erasure['erased_at'][:16]}  a person erased by {by}: {rows} ({erasure['reason']})")
    if document.get("strays"):
        out.append(f"  {len(document['strays'])} files that no record lists: the next load deletes them")
    return out


def _day(shown: str, zone: str) -> str:
    """Return the local day of a time as ``threat.asof.show`` gives it."""
    return shown if shown == show(NEVER) else day(datetime.fromisoformat(shown), zone)
