"""Reads beside a writer, one writer at a time, and what lies on the disk."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.exc import DatabaseError

from serving.identity.tables import OPEN_NAMES
from serving.storage import base_path, connect, open_read_only, reading, writing
from serving.storage.address import Address
from threat.errors import BadInput

OPENED = insert(OPEN_NAMES).values(justification="daily_review", reason="to look", ends_at=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def engine(database: Address) -> Iterator[Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()


def opened(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(select(OPEN_NAMES.c.session_id)).scalars())


def test_a_read_goes_on_beside_a_writer_and_sees_what_is_committed(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(OPENED.values(session_id="a"))
        assert opened(engine) == []
    assert opened(engine) == ["a"]


def test_a_read_sees_one_state_from_its_first_statement_to_its_end(engine: Engine) -> None:
    query = select(OPEN_NAMES.c.session_id)
    with reading(engine) as connection:
        assert connection.execute(query).all() == []
        with writing(engine) as other:
            other.execute(OPENED.values(session_id="a"))
        assert connection.execute(query).all() == []
    assert opened(engine) == ["a"]


@pytest.mark.parametrize("statement", [OPENED.values(session_id="a"), delete(OPEN_NAMES)])
def test_a_read_cannot_write(engine: Engine, statement: object) -> None:
    with pytest.raises(DatabaseError, match=r"readonly|read-only transaction"), reading(engine) as connection:
        connection.execute(statement)
    with writing(engine) as connection:  # the connection of the pool that refused it writes when it may
        connection.execute(statement)


def test_an_exception_undoes_a_whole_transaction(engine: Engine) -> None:
    with suppress(RuntimeError), writing(engine) as connection:
        connection.execute(OPENED.values(session_id="a"))
        raise RuntimeError
    assert opened(engine) == []


def test_a_writer_waits_for_the_one_before_it(engine: Engine) -> None:
    order = []

    def second() -> None:
        with writing(engine) as connection:
            order.append("second")
            connection.execute(OPENED.values(session_id="b"))

    with writing(engine) as connection:
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
        connection.execute(OPENED.values(session_id="a"))
    waiting.join()
    assert order == ["first", "second"]
    assert sorted(opened(engine)) == ["a", "b"]


def test_a_writer_sees_what_was_committed_while_it_waited(engine: Engine) -> None:
    """What it reads is still so when it writes: two that count and add one make two."""
    start = threading.Barrier(4)

    def add_one() -> None:
        start.wait()
        for _ in range(5):
            with writing(engine) as connection:
                count = connection.execute(select(func.count()).select_from(OPEN_NAMES)).scalar_one()
                connection.execute(OPENED.values(session_id=str(count)))

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, opened(engine))) == list(range(20))


def test_a_commit_is_on_the_disk_before_it_is_answered(path: Path) -> None:
    engine = connect(path)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
    engine.dispose()


def test_an_error_does_not_repeat_what_was_written(engine: Engine) -> None:
    """A reason that somebody typed is no part of a log of errors."""
    twice = [{"session_id": "a", "justification": "a", "reason": "a secret", "ends_at": 1}] * 2
    with pytest.raises(DatabaseError) as caught, writing(engine) as connection:
        connection.execute(insert(OPEN_NAMES), twice)
    assert "INSERT INTO open_names" in str(caught.value)
    assert "parameters hidden" in str(caught.value)


def test_only_its_owner_reads_the_files_of_an_open_database(path: Path) -> None:
    engine = connect(path)
    with writing(engine) as connection:
        connection.execute(OPENED.values(session_id="a"))
        files = sorted(file.name for file in path.parent.iterdir())
        assert files == ["desk.sqlite", "desk.sqlite-shm", "desk.sqlite-wal"]
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    engine.dispose()


def test_a_closed_database_is_one_file(path: Path) -> None:
    one, other = connect(path), connect(path)
    with writing(one) as connection:
        connection.execute(OPENED.values(session_id="a"))
    one.dispose()
    assert opened(other) == ["a"]
    other.dispose()
    assert [file.name for file in path.parent.iterdir()] == ["desk.sqlite"]
    copy = path.with_name("copy.sqlite")
    copy.write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT session_id FROM open_names").fetchall() == [("a",)]


def test_a_file_of_before_is_put_into_the_write_ahead_log_while_others_have_it_open(path: Path) -> None:
    connect(path).dispose()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.execute("BEGIN IMMEDIATE")
        release = threading.Timer(0.2, raw.execute, ("COMMIT",))
        release.start()
        engine = connect(path)
        release.join()
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    engine.dispose()


@pytest.mark.parametrize("is_open", [True, False])
def test_a_database_opened_read_only_is_not_changed(path: Path, is_open: bool) -> None:
    writer = connect(path)
    with writing(writer) as connection:
        connection.execute(OPENED.values(session_id="a"))
    if not is_open:
        writer.dispose()
    content = path.read_bytes()
    reader = open_read_only(path)
    assert base_path(reader) == path
    assert opened(reader) == ["a"]
    with pytest.raises(DatabaseError, match="readonly"), writing(reader) as connection:
        connection.execute(delete(OPEN_NAMES))
    reader.dispose()
    assert path.read_bytes() == content
    writer.dispose()
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_database_of_a_folder_that_cannot_be_written_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a medium that is read-only: root, who runs some tests, may write anywhere, so it is asked for."""
    connect(path).dispose()
    monkeypatch.setattr("os.access", lambda asked, mode: False)
    reader = open_read_only(path)
    assert opened(reader) == []
    assert "immutable=1" in str(reader.url)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    reader.dispose()


def test_a_file_that_is_not_there_is_not_made_by_a_reader(path: Path) -> None:
    with pytest.raises(BadInput, match="no database here"):
        open_read_only(path)
    assert not path.exists()
