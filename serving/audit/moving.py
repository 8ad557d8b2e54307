"""Moving the desk's database to another: from the file to a server, or back. The chain goes on as the same chain."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, Table, func, insert, select

from serving.audit.checkpoints import Checkpoints, checkpoint_path, verify_log
from serving.audit.log import Entry, append, vouch
from serving.audit.witness import witness_path
from serving.storage import connect, writing
from serving.storage.address import Address
from threat.errors import UsageError
from threat.trust.folder import Trust

_AT_ONCE: Final = 1000
"""Rows that are read and written at once."""


@dataclass(frozen=True, slots=True)
class Moved:
    """``rows``: by table. ``entries``: of the log, that of the move too. ``left``: the file of before, if any."""

    rows: dict[str, int]
    entries: int
    left: Path | None


def move(source: Address, target: Address, trust: Trust, at: int) -> Moved:
    """Copy every row of a database into an empty one, with its witness and checkpoint, and log it there.

    Nobody can write meanwhile. The source is read again before (``verify_log``) and nothing of it is taken away; a file
    is called ``moved-...`` afterwards, so that no desk goes on with it. ``at``: UTC seconds. Raises UsageError for a
    source that is not there, or a target that is the same or not empty; IntegrityFailure for a log that is broken.
    """
    _require_another(source, target)
    with _opened(source) as old, _opened(target) as new:
        verify_log(old, trust)
        # Both locked: what is counted below is what was copied, and no entry is written that would stay behind.
        with writing(old) as read, writing(new) as written:
            rows = {table.name: _copy(read, written, table) for table in _empty_tables(written, target)}
            detail: dict[str, object] = {"from": str(source), "rows": sum(rows.values())}
            entry = Entry("command line", "operator", "alteration", "move database", detail=detail)
            sequence, digest = append(written, entry, at)
        for path, moved in _files(old, new):
            if path.exists():
                shutil.copy(path, moved)
        vouch(new, sequence, digest, at)
        Checkpoints(new, trust).after(sequence, at)
    return Moved(rows, sequence, _rename(source) if source.is_file else None)


def _require_another(source: Address, target: Address) -> None:
    if not source.may_exist:
        raise UsageError("There is no database to move.", where=str(source), way_out="name its folder with --var")
    if source == target:
        raise UsageError(
            "The database cannot be moved to where it is.", value=str(source), way_out="name another with --database"
        )
    if target.is_file and target.base_path.exists():
        raise _not_empty(target, "a file of that name")


@contextmanager
def _opened(address: Address) -> Iterator[Engine]:
    engine = connect(address)
    try:
        yield engine
    finally:
        engine.dispose()


def _empty_tables(connection: Connection, target: Address) -> Sequence[Table]:
    """Return the tables of the target, those that others refer to first. Raises UsageError for one that has a row."""
    schema = MetaData()
    schema.reflect(connection)
    tables = [table for table in schema.sorted_tables if table.name != "alembic_version"]
    full = [table.name for table in tables if connection.execute(select(func.count()).select_from(table)).scalar()]
    if full:
        raise _not_empty(target, f"rows of {', '.join(full)}")
    return tables


def _not_empty(target: Address, what: str) -> UsageError:
    return UsageError(
        "The database to move to is not empty.", value=what, where=str(target), way_out="name an empty database"
    )


def _copy(read: Connection, written: Connection, table: Table) -> int:
    count = 0
    for some in read.execute(select(table)).partitions(_AT_ONCE):
        rows: list[dict[str, Any]] = [dict(row._mapping) for row in some]
        written.execute(insert(table), rows)
        count += len(rows)
    return count


def _files(old: Engine, new: Engine) -> list[tuple[Path, Path]]:
    return [(witness_path(old), witness_path(new)), (checkpoint_path(old), checkpoint_path(new))]


def _rename(source: Address) -> Path:
    """Call the closed file, its witness and its checkpoint by another name."""
    path = source.base_path
    for file in sorted(path.parent.glob(f"{path.name}*")):
        file.rename(file.with_name(f"moved-{file.name}"))
    return path.with_name(f"moved-{path.name}")
