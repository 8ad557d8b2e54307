"""Rows of a load compared with the rows of the history: new, there already, or in contradiction."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from threat.asof import NEVER
from threat.history.checks import stored_schema
from threat.history.snapshot import Snapshot
from threat.ids import NO_VALUE

_KEYS = {
    "persons": ["person_id"],
    "identities": ["person_id", "names", "birth_date", "contact", "safe_contact", "interpreter"],
    "protected": ["person_id", "characteristic", "code", "scheme", "source"],
    "person_links": ["source_person_id", "person_id"],
    "relationships": ["relationship_id"],
    "events": ["event_id"],
}
"""The columns that say which row it is. An identity is whole: a changed address is a further row."""

_CHANGING = {
    "relationships": (["relationship_id"], "kind"),
    "protected": (["person_id", "characteristic", "scheme", "source"], "code"),
}
"""A word that may change with time, after the columns it belongs to."""

_REPEATING = {"person_links", "protected"}
"""The same two may be linked, parted and linked again, with equal keys each time."""


class Comparison(NamedTuple):
    """A boolean for each row: append it, or reject it for what it contradicts. The rest is in the history already."""

    is_new: pa.Array
    contradicts: pa.Array


def compare(snapshot: Snapshot, table: str, rows: pa.Table) -> Comparison:
    """Compare rows with those of a table.

    Events: an id that exists with other content contradicts. Other tables: a row is new when its key is, or when it
    says something the existing rows do not (an earlier ``recorded_at``, a withdrawal, another word since).
    """
    existing_rows = _with_the_keys_of(rows, table, snapshot) if rows.num_rows else rows
    if not existing_rows.num_rows:
        return Comparison(_constant(True, rows), _constant(False, rows))
    if table == "events":
        return _compare_content(rows, existing_rows)
    key = _KEYS[table]
    new, existing = (_comparable(some, [*key, "recorded_at"]) for some in (rows, existing_rows))
    new["withdrawn_at"], existing["withdrawn_at"] = _withdrawn(rows), _withdrawn(existing_rows)
    by_key = existing.groupby(key, dropna=False, sort=False)
    first = by_key.agg(first_recorded=("recorded_at", "min"), first_withdrawn=("withdrawn_at", "min"))
    joined = new.merge(first.reset_index(), on=key, how="left")
    is_new = (
        joined["first_recorded"].isna()
        | (joined["recorded_at"] < joined["first_recorded"])
        | (joined["withdrawn_at"] < joined["first_withdrawn"])
    )
    if table in _REPEATING:
        whole = [*key, "recorded_at", "withdrawn_at"]
        repeats = new.merge(existing[whole].drop_duplicates(), on=whole, how="left", indicator=True)["_merge"] == "both"
        is_new |= (joined["recorded_at"] > joined["first_withdrawn"]) & ~repeats
    if table in _CHANGING:
        is_new |= _says_another_word(rows, existing_rows, *_CHANGING[table])
    return Comparison(pa.array(is_new.to_numpy(dtype=bool)), _constant(False, rows))


def _constant(value: bool, rows: pa.Table) -> pa.Array:
    return pa.array(np.full(rows.num_rows, value, dtype=bool))


def _says_another_word(rows: pa.Table, existing_rows: pa.Table, key: list[str], word: str) -> Any:
    """Mask of rows that say another word than the latest existing row, and were recorded later."""
    names = [*key, word, "recorded_at"]
    latest = _comparable(existing_rows, names).sort_values("recorded_at", kind="stable")
    latest = latest.drop_duplicates(key, keep="last")
    joined = _comparable(rows, names).merge(latest, on=key, how="left", suffixes=("", "_existing"))
    later = joined["recorded_at"] > joined["recorded_at_existing"]
    return (later & (joined[word] != joined[f"{word}_existing"])).to_numpy()


def _with_the_keys_of(rows: pa.Table, table: str, snapshot: Snapshot) -> pa.Table:
    """Return the table's rows whose first key column has a value of ``rows``; closed tables too."""
    schema, paths = stored_schema(table), snapshot.part_paths(table)
    if not paths:
        return schema.empty_table()
    name = _KEYS[table][0]
    wanted = pc.field(name).isin(pc.unique(rows.column(name)))
    return ds.dataset(paths, schema=schema, format="parquet").to_table(filter=wanted)


def _compare_content(rows: pa.Table, existing_rows: pa.Table) -> Comparison:
    # source_id only says where a row came from: the same fact may come by two ways.
    names = [name for name in rows.column_names if name != "source_id"]
    new, existing = _comparable(rows, names), _comparable(existing_rows, names)
    where = pd.Index(existing["event_id"]).get_indexer(new["event_id"])
    exists = where >= 0
    same = np.ones(len(new), dtype=bool)
    for name in names:
        existing_values = existing[name].to_numpy(dtype=object)[where[exists]]
        same[exists] &= new[name].to_numpy(dtype=object)[exists] == existing_values
    return Comparison(pa.array(~exists), pa.array(exists & ~same))


def _comparable(rows: pa.Table, names: list[str]) -> pd.DataFrame:
    """Return columns as plain Python values, null as a text no value has: in pandas a null equals nothing."""
    out: dict[str, Any] = {}
    for name in names:
        column = rows.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        if column.null_count or pa.types.is_string(column.type):
            values = column.to_numpy() if not column.null_count else np.array(column.to_pylist(), dtype=object)
            out[name] = pd.Series(values, dtype=object).where(pc.is_valid(column).to_numpy(), NO_VALUE)
        else:
            out[name] = column.to_numpy()
    return pd.DataFrame(out)


def _withdrawn(rows: pa.Table) -> Any:
    if "withdrawn_at" not in rows.column_names:
        return np.full(rows.num_rows, NEVER, dtype=np.int64)
    return pc.fill_null(rows.column("withdrawn_at"), NEVER).to_numpy()
