"""What the store holds already: rows that come again are left out, rows that contradict what is held are rejected."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from threat.asof import NEVER
from threat.history.checks import stored_schema
from threat.history.snapshot import Snapshot

_KEYS = {
    "persons": ["person_id"],
    "identities": ["person_id", "names", "birth_date", "contact", "safe_contact", "interpreter"],
    "protected": ["person_id", "characteristic", "code", "scheme", "source"],
    "person_links": ["source_person_id", "person_id"],
    "relationships": ["relationship_id"],
    "events": ["event_id"],
}
_CHANGES = {
    "relationships": (["relationship_id"], "kind"),
    "protected": (["person_id", "characteristic", "scheme", "source"], "code"),
}
"""A word that may change with time, and what it belongs to."""


def new_rows(snapshot: Snapshot, table: str, rows: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Which rows to append and which contradict the history, as two boolean arrays; the rest are held already.

    Events: an id that is held with other content contradicts. Other tables: a row is new when its key is not held, or
    when it says something held rows do not (an earlier ``recorded_at``, a withdrawal, another word since).
    """
    if not rows.num_rows:
        return pa.array([], pa.bool_()), pa.array([], pa.bool_())
    held = _held(snapshot, table, rows)
    if not held.num_rows:
        return pa.array(np.ones(rows.num_rows, dtype=bool)), pa.array(np.zeros(rows.num_rows, dtype=bool))
    if table == "events":
        return _compared(rows, held)
    key = _KEYS[table]
    new, old = _comparable(rows, [*key, "recorded_at"]), _comparable(held, [*key, "recorded_at"])
    new["withdrawn_at"], old["withdrawn_at"] = _withdrawn(rows), _withdrawn(held)
    first = old.groupby(key, dropna=False, sort=False).agg(known=("recorded_at", "min"), gone=("withdrawn_at", "min"))
    joined = new.merge(first.reset_index(), on=key, how="left")
    fresh = (
        joined["known"].isna() | (joined["recorded_at"] < joined["known"]) | (joined["withdrawn_at"] < joined["gone"])
    )
    if table in {"person_links", "protected"}:  # the same two may be linked, parted and linked again
        whole = [*key, "recorded_at", "withdrawn_at"]
        said = new.merge(old[whole].drop_duplicates(), on=whole, how="left", indicator=True)["_merge"] == "both"
        fresh |= (joined["recorded_at"] > joined["gone"]) & ~said
    if table in _CHANGES:
        fresh |= _changed(rows, held, *_CHANGES[table])
    return pa.array(fresh.to_numpy(dtype=bool)), pa.array(np.zeros(len(joined), dtype=bool))


def _changed(rows: pa.Table, held: pa.Table, key: list[str], word: str) -> Any:
    """Where a row says another word than the latest held one, later."""
    names = [*key, word, "recorded_at"]
    latest = _comparable(held, names).sort_values("recorded_at", kind="stable").drop_duplicates(key, keep="last")
    joined = _comparable(rows, names).merge(latest, on=key, how="left", suffixes=("", "_held"))
    later = joined["recorded_at"] > joined["recorded_at_held"]
    return (later & (joined[word] != joined[f"{word}_held"])).to_numpy()


def _held(snapshot: Snapshot, table: str, rows: pa.Table) -> pa.Table:
    schema, paths = stored_schema(table), snapshot.part_paths(table)
    if not paths:
        return schema.empty_table()
    name = _KEYS[table][0]
    wanted = pc.field(name).isin(pc.unique(rows.column(name)))
    return ds.dataset(paths, schema=schema, format="parquet").to_table(filter=wanted)


def _compared(rows: pa.Table, held: pa.Table) -> tuple[pa.Array, pa.Array]:
    names = [name for name in rows.column_names if name != "source_id"]
    new, old = _comparable(rows, names), _comparable(held, names)
    where = pd.Index(old["event_id"]).get_indexer(new["event_id"])
    known = where >= 0
    same = np.ones(len(new), dtype=bool)
    for name in names:
        theirs = old[name].to_numpy(dtype=object)[where[known]]
        ours = new[name].to_numpy(dtype=object)[known]
        same[known] &= ours == theirs
    return pa.array(~known), pa.array(known & ~same)


def _comparable(rows: pa.Table, names: list[str]) -> pd.DataFrame:
    """Columns as plain Python values, null as a text no value has."""
    out: dict[str, Any] = {}
    for name in names:
        column = rows.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        if column.null_count or pa.types.is_string(column.type):
            values = column.to_numpy() if not column.null_count else np.array(column.to_pylist(), dtype=object)
            out[name] = pd.Series(values, dtype=object).where(pc.is_valid(column).to_numpy(), "\x00")
        else:
            out[name] = column.to_numpy()
    return pd.DataFrame(out)


def _withdrawn(rows: pa.Table) -> Any:
    if "withdrawn_at" not in rows.column_names:
        return np.full(rows.num_rows, NEVER, dtype=np.int64)
    return pc.fill_null(rows.column("withdrawn_at"), NEVER).to_numpy()
