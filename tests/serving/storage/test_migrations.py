"""Every way to the newest revision ends at the tables that the rooms declare; a file of before keeps its rows."""

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

import serving
from serving.audit.log import verify
from serving.storage import METADATA, address_of, connect, reading, revisions
from serving.storage.metadata import without_triggers
from threat.errors import BadInput

BEFORE = (Path(__file__).parent / "before.sql").read_text(encoding="utf-8")
"""With an entry of each kind that was there; ``tests/serving/audit/test_database.py`` has a log that is older still."""


def declare_every_table() -> None:
    for module in pkgutil.walk_packages(serving.__path__, "serving."):
        if module.name.split(".")[-1] == "tables" or module.name.startswith("serving.casework."):
            importlib.import_module(module.name)


def file_of_before(path: Path) -> Path:
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(BEFORE)
    return path


@pytest.fixture(params=["empty", "before", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    address = address_of(tmp_path)
    if request.param == "before":
        file_of_before(address.base_path)
    elif request.param == "postgresql":
        address = request.getfixturevalue("postgresql_database")
    engine = connect(address)
    yield engine
    engine.dispose()


def differences(connection: Connection) -> list[Any]:
    declare_every_table()
    return list(compare_metadata(MigrationContext.configure(connection), METADATA))


def test_a_migrated_database_has_the_tables_that_the_rooms_declare(migrated: Engine) -> None:
    with reading(migrated) as connection:
        assert differences(connection) == []
        assert without_triggers(connection) == []
        assert revisions.revision_of(connection) == revisions.HEAD


def test_the_comparison_notices_a_table_that_is_another(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE open_names (session_id VARCHAR NOT NULL PRIMARY KEY, reason VARCHAR NOT NULL)")
    engine = connect(path)  # the migration takes over what is there, whatever it is
    with reading(engine) as connection:
        found = differences(connection)
    engine.dispose()
    assert [(kind, table, column.name) for kind, _, table, column in found] == [
        ("add_column", "open_names", "justification"),
        ("add_column", "open_names", "ends_at"),
    ]


def test_the_rows_of_before_are_not_touched_but_for_sessions_that_were_in_cookies(tmp_path: Path) -> None:
    path = file_of_before(tmp_path / "desk.sqlite")
    engine = connect(path)
    assert verify(engine).entries == 3
    engine.dispose()
    with closing(sqlite3.connect(path)) as raw:
        rows = [line for line in raw.iterdump() if line.startswith("INSERT") and "alembic_version" not in line]
    before = [line for line in BEFORE.splitlines() if line.startswith("INSERT")]
    assert rows == [line for line in before if "ended_sessions" not in line]


def test_the_revisions_are_one_line_of_numbers() -> None:
    scripts = ScriptDirectory(str(revisions.MIGRATIONS))
    found = [script.revision for script in scripts.walk_revisions()][::-1]
    assert found == [f"{number:04}" for number in range(1, len(found) + 1)]
    assert found[-1] == revisions.HEAD


def test_a_database_of_a_later_version_is_refused_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    connect(path).dispose()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    content = path.read_bytes()
    with pytest.raises(BadInput, match="made by a later version") as caught:
        connect(path)
    assert "revision 9999" in str(caught.value)
    assert path.read_bytes() == content


def test_a_migration_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file_of_before(tmp_path / "desk.sqlite")

    def fail(connection: Connection) -> None:
        monkeypatch.undo()
        revisions.upgrade(connection)
        raise RuntimeError

    monkeypatch.setattr(revisions, "upgrade", fail)
    with pytest.raises(RuntimeError):
        connect(path)
    with closing(sqlite3.connect(path)) as raw:
        assert "\n".join(raw.iterdump()).splitlines() == BEFORE.splitlines()[1:]


PARENT_AND_CHILD = """
CREATE TABLE parents (id INTEGER PRIMARY KEY);
CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parents (id) ON DELETE CASCADE);
INSERT INTO parents VALUES (1); INSERT INTO children VALUES (7, 1);
"""


@pytest.mark.parametrize("kept", [True, False])
def test_a_table_made_anew_keeps_the_rows_that_refer_to_it_and_may_not_lose_what_they_refer_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    path = file_of_before(tmp_path / "desk.sqlite")
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(PARENT_AND_CHILD)

    def make_anew(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE new_parents (id INTEGER PRIMARY KEY, name VARCHAR)")
        if kept:
            connection.exec_driver_sql("INSERT INTO new_parents (id) SELECT id FROM parents")
        connection.exec_driver_sql("DROP TABLE parents")
        connection.exec_driver_sql("ALTER TABLE new_parents RENAME TO parents")

    monkeypatch.setattr(revisions, "upgrade", make_anew)
    if kept:
        engine = connect(path)
        with reading(engine) as connection:
            assert connection.exec_driver_sql("SELECT id, parent FROM children").all() == [(7, 1)]
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        engine.dispose()
    else:
        with pytest.raises(BadInput, match="cannot be opened") as caught:
            connect(path)
        assert "a row of children refers to one that is gone" in str(caught.value)
        with closing(sqlite3.connect(path)) as raw:
            assert raw.execute("SELECT id FROM parents").fetchall() == [(1,)]


def test_a_trigger_that_is_gone_is_put_back(tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    connect(path).dispose()
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DROP TRIGGER audit_entries_no_delete")
    connect(path).dispose()
    with closing(sqlite3.connect(path)) as raw:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entries' ORDER BY name"
        names = raw.execute(query).fetchall()
    assert names == [("audit_entries_no_delete",), ("audit_entries_no_update",)]


def test_several_that_open_a_new_database_at_once_make_it_once(tmp_path: Path) -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(6)

    def open_it() -> None:
        start.wait()
        try:
            connect(tmp_path / "desk.sqlite").dispose()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_database_that_is_up_to_date_is_opened_without_alembic(tmp_path: Path) -> None:
    connect(tmp_path / "desk.sqlite").dispose()
    program = (
        "import sys; from pathlib import Path; from serving.storage import connect; "
        "connect(Path(sys.argv[1])).dispose(); print('alembic' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "desk.sqlite"], capture_output=True, text=True, check=True
    )
    assert said.stdout == "False\n"
