"""A log of before sessions and accounts were logged: opened, added to, and every entry keeps its hash."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from serving.audit.log import Entry, account, record, session_mark, verify
from serving.storage import connect, open_read_only
from threat.errors import BadInput, IntegrityFailure

BEFORE = """
CREATE TABLE audit_entries (sequence INTEGER NOT NULL, at VARCHAR NOT NULL, who VARCHAR NOT NULL,
  role VARCHAR NOT NULL, operation VARCHAR NOT NULL, action VARCHAR NOT NULL, subject VARCHAR NOT NULL,
  outcome VARCHAR NOT NULL, detail VARCHAR NOT NULL, previous_hash VARCHAR NOT NULL, entry_hash VARCHAR NOT NULL,
  PRIMARY KEY (sequence), UNIQUE (entry_hash));
CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries
  BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
"""
"""The table as it was, with an entry of that time: its hash was computed by the product of then."""

ENTRY = (
    1,
    "2023-11-14T22:13:20+00:00",
    "Test",
    "reviewer",
    "consultation",
    "view queue",
    "L-1",
    "done",
    '{"rows": 3}',
    "0" * 64,
    "32ed733771fe9fb6b52209b75a988fb58fcfd00e6b777980c5c6e42b85d8bec0",
)


@pytest.fixture
def before(tmp_path: Path) -> Path:
    path = tmp_path / "desk.sqlite"
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executescript(BEFORE)
        raw.execute(f"INSERT INTO audit_entries VALUES ({', '.join('?' * len(ENTRY))})", ENTRY)
    return path


def test_a_log_of_before_goes_on_as_one_chain(before: Path) -> None:
    engine = connect(before)
    record(engine, Entry("Test", "reviewer", "access", "sign out", session=session_mark("s")), 1_700_000_100)
    verified = verify(engine)
    engine.dispose()
    assert (verified.entries, verified.witnessed) == (2, 2)
    with closing(sqlite3.connect(before)) as raw:
        rows = raw.execute("SELECT session, os_user FROM audit_entries ORDER BY sequence").fetchall()
    assert rows == [(None, None), (session_mark("s"), account())]


def test_a_log_of_before_is_read_without_being_changed(before: Path) -> None:
    content = before.read_bytes()
    engine = open_read_only(before)
    assert verify(engine).entries == 1
    engine.dispose()
    assert before.read_bytes() == content


@pytest.mark.parametrize("column", ["session", "os_user"])
def test_nothing_can_be_added_to_an_entry_of_before(before: Path, column: str) -> None:
    connect(before).dispose()
    with closing(sqlite3.connect(before)) as raw, raw:
        raw.execute("DROP TRIGGER audit_entries_no_update")
        raw.execute(f"UPDATE audit_entries SET {column} = '' WHERE sequence = 1")
    engine = connect(before)
    with pytest.raises(IntegrityFailure) as caught:
        verify(engine)
    engine.dispose()
    assert "entry 1 was changed" in str(caught.value)


def test_an_account_is_never_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    monkeypatch.setenv("USER", "somebody-else")
    monkeypatch.setenv("LOGNAME", "somebody-else")
    account.cache_clear()
    assert account() != "somebody-else"

    def unnamed(number: int) -> None:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unnamed)
    account.cache_clear()
    assert account().startswith("uid ")
    account.cache_clear()


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened"):
        connect(tmp_path)
