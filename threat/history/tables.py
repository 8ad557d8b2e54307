"""The open tables of a list of batches, as Arrow tables and in SQL. They know of no link, relationship or sighting."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from threat.errors import UsageError
from threat.history import known_earlier
from threat.history.batches import Entry, Erasure
from threat.history.checks import stored_schema
from threat.history.integrity import Integrity
from threat.history.schema import BATCHES, CLOSED, TABLES


class Tables:
    """The open tables of a list of batches. Safe to share between threads for reading."""

    def __init__(
        self,
        store_path: Path,
        snapshot_id: str,
        entries: Sequence[Entry],
        integrity: Integrity | None = None,
        erasures: Sequence[Erasure] = (),
    ) -> None:
        self.store_path = store_path
        self.id = snapshot_id
        self.entries = tuple(entries)
        self.integrity = integrity
        self.erasures = tuple(erasures)
        """Erasures since the snapshot that took rows of it: it has the id of before, and not those rows."""
        self._lock = threading.Lock()

    @property
    def content_id(self) -> str:
        """Return the id of what is left of the snapshot: its own id until rows of it are erased."""
        return self.id if not self.erasures else f"{self.id}-{self.erasures[-1].hash[:8]}"

    @property
    def signed(self) -> bool:
        """Tell whether every record of the history is signed, and was verified with the trust folder."""
        return self.integrity is not None and self.integrity.signed

    @property
    def verified(self) -> str:
        """Return in words what was verified when the snapshot was opened."""
        if self.integrity is None or not self.integrity.files_checked:
            return ""
        return f"{'signatures, ' if self.signed else ''}chain of records, SHA-256 of every file"

    @property
    def batches(self) -> tuple[str, ...]:
        """Return the batch ids in the order they were appended."""
        return tuple(entry.batch_id for entry in self.entries)

    def part_paths(self, table: str) -> list[str]:
        """Return the absolute paths of a table's parts, oldest batch first."""
        return [str(self.store_path / path) for entry in self.entries for path, _, _ in entry.parts.get(table, ())]

    def row_count(self, table: str) -> int:
        """Return the number of rows of a table, from the manifest."""
        return sum(rows for entry in self.entries for _, rows, _ in entry.parts.get(table, ()))

    def table(self, name: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read an open table, or some of its columns, in the order the rows were appended.

        Raises UsageError for an unknown or a closed table (``protected``, ``identities``) or an unknown column.
        """
        _refuse(name)
        schema = TABLES[name]
        wanted = list(schema.names if columns is None else columns)
        unknown = [column for column in wanted if column not in schema.names]
        if unknown:
            raise UsageError(
                "Not a column of the table.", value=", ".join(unknown), where=name, way_out=", ".join(schema.names)
            )
        if name == "batches":
            return self._batches().select(wanted)
        rows = self._appended(name, wanted)
        if name == "events" and self.row_count("known_earlier"):
            ids = rows if "event_id" in wanted else self._appended(name, ["event_id"])
            rows = known_earlier.with_earliest(rows, ids.column("event_id").to_numpy(), self.earliest_known)
        return rows

    @cached_property
    def earliest_known(self) -> pa.Table:
        """The rows of ``known_earlier``, one an event: the earliest, by event id."""
        return known_earlier.earliest(self._appended("known_earlier", stored_schema("known_earlier").names))

    def _appended(self, name: str, wanted: list[str]) -> pa.Table:
        """Return columns of a table as its parts have them."""
        schema = TABLES[name]
        if "batch_id" not in wanted:
            # All parts in one read: of a thousand small batches, opening each by itself would take the time.
            return read_parts(name, self.part_paths(name), wanted).unify_dictionaries()
        parts = []
        for entry in self.entries:
            paths = [str(self.store_path / path) for path, _, _ in entry.parts.get(name, ())]
            if not paths:
                continue
            rows = read_parts(name, paths, [column for column in wanted if column != "batch_id"])
            word = pa.DictionaryArray.from_arrays(np.zeros(len(rows), dtype=np.int32), [entry.batch_id])
            parts.append(rows.append_column(schema.field("batch_id"), word).select(wanted))
        if not parts:
            return pa.schema([schema.field(column) for column in wanted]).empty_table()
        return pa.concat_tables(parts).unify_dictionaries()

    def query(self, sql: str, params: object = None) -> pa.Table:
        """Run SQL over views named as the open tables. Nothing else can be read: no other file, no closed table.

        Words come back as plain strings. Raises UsageError when the query is wrong or reaches for a closed table.
        """
        # The connection is made on first use, and two threads of a server may ask at once; a cursor each then suffices.
        with self._lock:
            cursor = self._connection.cursor()
        try:
            statements = cursor.extract_statements(sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise UsageError("The query is not a single SELECT.", value=sql, way_out=_OPEN)
            return cursor.sql(sql, params=params).to_arrow_table()
        except (duckdb.CatalogException, duckdb.PermissionException) as error:
            for name in CLOSED:
                if name in sql:
                    _refuse(name)
            raise UsageError("The query reaches for what is not here.", value=str(error), way_out=_OPEN) from None
        except (duckdb.ParserException, duckdb.BinderException) as error:
            raise UsageError("The query is not right.", value=str(error), way_out=_OPEN) from None
        finally:
            cursor.close()

    @cached_property
    def _connection(self) -> Any:
        connection = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
        open_tables = [name for name in TABLES if name not in CLOSED and name != "batches"]
        for name in open_tables:
            connection.execute(_view(name, self.part_paths(name)))
        if self.row_count("known_earlier"):
            connection.register("_earliest", self.earliest_known)
            words = [field.name for field in self.earliest_known.schema if pa.types.is_dictionary(field.type)]
            plain = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in words)
            connection.execute(f"CREATE TABLE earliest_known AS SELECT * REPLACE ({plain}) FROM _earliest")
            connection.unregister("_earliest")
            connection.execute(_EVENTS_KNOWN_EARLIER)
        connection.register("_batches", self._batches())
        connection.execute("CREATE TABLE batches AS SELECT * FROM _batches")
        connection.unregister("_batches")
        folders = ", ".join(f"'{_quoted(str(self.store_path / 'parts' / name))}/'" for name in open_tables)
        connection.execute(f"SET allowed_directories = [{folders}]")
        # Last, and locked: the views above still had to open their files; from here on a query opens nothing else.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection

    def _batches(self) -> pa.Table:
        return pa.Table.from_pylist(
            [
                {
                    "batch_id": entry.batch_id,
                    "profile": entry.batch.profile,
                    "sha256": entry.batch.sha256,
                    "rows_in": entry.batch.rows_in,
                    "rows_kept": entry.rows_kept,
                    "rows_quarantined": entry.batch.rows_quarantined,
                    "loaded_at": entry.batch.loaded_at,
                    "feed_lag_seconds": entry.batch.feed_lag_seconds,
                    "legal_basis": entry.batch.legal_basis,
                }
                for entry in self.entries
            ],
            schema=BATCHES,
        )


_TIMES = ", ".join(
    f"CASE WHEN earliest.event_id IS NULL THEN appended.{name} ELSE earliest.{name} END AS {name}"
    for name in known_earlier.COLUMNS
)
_CONTENT = ", ".join(
    f"CASE WHEN earliest.kind IS NULL THEN appended.{field.name} ELSE earliest.{field.name} END AS {field.name}"
    for field in stored_schema("events")
    if field.name not in {"event_id", *known_earlier.COLUMNS}
)
_EVENTS_KNOWN_EARLIER = f"""
    ALTER VIEW events RENAME TO events_as_appended;
    CREATE VIEW events AS SELECT appended.* REPLACE ({_TIMES}, {_CONTENT})
    FROM events_as_appended appended LEFT JOIN earliest_known earliest USING (event_id)
"""
"""The view of the events where some are known earlier: what ``known_earlier.with_earliest`` does, in SQL."""

_OPEN = f"tables: {', '.join(name for name in TABLES if name not in CLOSED)}"
_MODULE_OF = {
    "protected": "only the fairness audit reads it, through threat.history.protected",
    "identities": "opened one by one with a reason, through threat.history.identities",
}


def read_parts(table: str, paths: list[str], columns: list[str] | None = None) -> pa.Table:
    """Read columns of some parts as one Arrow table, in order."""
    schema = stored_schema(table)
    if not paths:
        return schema.empty_table() if columns is None else schema.empty_table().select(columns)
    return ds.dataset(paths, schema=schema, format="parquet").to_table(columns=columns)


def read_rows_of(table: str, paths: list[str], person_ids: Sequence[int]) -> pa.Table:
    """Read all columns of the rows of some persons (``person_id``), in the order of the parts.

    The ids are read first, then only the row groups that hold one of them: who opens two names reads no other name, and
    a page that shows them does not wait for a whole table.
    """
    schema = stored_schema(table)
    tables = [schema.empty_table()]
    if not paths:
        return tables[0]
    for part in ds.dataset(paths, schema=schema, format="parquet").get_fragments():
        ids = part.to_table(schema=schema, columns=["person_id"]).column("person_id").to_numpy()
        ends = np.cumsum([group.num_rows for group in part.row_groups])
        groups = np.unique(np.searchsorted(ends, np.flatnonzero(np.isin(ids, person_ids)), side="right"))
        if len(groups):
            rows = part.subset(row_group_ids=groups.tolist()).to_table(schema=schema)
            tables.append(rows.filter(np.isin(rows.column("person_id").to_numpy(), person_ids)))
    return pa.concat_tables(tables)


def _refuse(name: str) -> None:
    if name in CLOSED:
        raise UsageError("This table is closed.", value=name, way_out=_MODULE_OF[name])
    if name not in TABLES:
        raise UsageError("Not a table of the history.", value=name, way_out=_OPEN)


def _quoted(text: str) -> str:
    return text.replace("'", "''")


def _view(name: str, paths: list[str]) -> str:
    schema = TABLES[name]
    stored = [item for item in schema if item.name != "batch_id"]
    empty = ", ".join(f"CAST(NULL AS {_sql_type(item.type)}) AS {item.name}" for item in stored)
    no_row = f"SELECT {empty}, CAST(NULL AS VARCHAR) AS filename WHERE false"
    files = ", ".join(f"'{_quoted(path)}'" for path in paths)
    # By name, with a part of no row: parts written before a column was added lack it, and read as null there.
    rows = f"SELECT * FROM read_parquet([{files}], filename = true, union_by_name = true)" if paths else no_row
    columns = ", ".join(
        "split_part(parse_filename(filename), '-', 1) AS batch_id" if item.name == "batch_id" else item.name
        for item in schema
    )
    return f"CREATE VIEW {name} AS SELECT {columns} FROM ({no_row} UNION ALL BY NAME {rows})"


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_dictionary(kind) or pa.types.is_string(kind):
        return "VARCHAR"
    if pa.types.is_floating(kind):
        return "DOUBLE"
    if pa.types.is_boolean(kind):
        return "BOOLEAN"
    return "SMALLINT" if pa.types.is_int16(kind) else "BIGINT"
