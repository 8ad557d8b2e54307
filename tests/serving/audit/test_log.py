"""The audit chain: every kind of tampering is found, and writers at the same moment keep one chain."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest

from serving.audit import log as audit_log
from serving.audit.log import START, Entry, append, hash_entry, record, verify
from serving.audit.witness import witness_path
from serving.storage import connect, writing
from threat.errors import BadInput, IntegrityFailure


def entry(number: int) -> Entry:
    return Entry("Test", "reviewer", "consultation", "view queue", subject=f"L-{number}", detail={"rows": number})


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "desk.sqlite"
    engine = connect(path)
    for number in range(1, 6):
        record(engine, entry(number), at=1_700_000_000 + number)
    yield engine, path
    engine.dispose()


def test_whole_chain(log):
    engine, _ = log
    verified = verify(engine)
    assert (verified.entries, verified.witnessed) == (5, 5)
    assert verified.head != START


def test_others_write_while_a_log_is_read(log, monkeypatch):
    """In pieces, none of which holds the database while it is checked."""
    engine, path = log
    written = []

    def slowly(previous: str, row: dict[str, object]) -> str:
        if not written:
            written.append(1)
            with closing(sqlite3.connect(path, timeout=0.1, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")  # fails at once while the reader holds the database
                other.execute("ROLLBACK")
        return hash_entry(previous, row)

    monkeypatch.setattr(audit_log, "hash_entry", slowly)
    monkeypatch.setattr(audit_log, "_BATCH", 2)
    assert verify(engine).entries == 5


def test_empty_log_is_whole(tmp_path):
    engine = connect(tmp_path / "desk.sqlite")
    assert verify(engine).as_dict() == {
        "verified": True,
        "entries": 0,
        "head": START,
        "witnessed": 0,
        "clock_set_back": 0,
        "torn": False,
        "signed": 0,
        "lines_missing": 0,
    }
    engine.dispose()


TAMPERING = {
    "a byte flipped": ("UPDATE audit_entries SET subject = 'L-9' WHERE sequence = 3", "entry 3 was changed"),
    "outcome rewritten": ("UPDATE audit_entries SET outcome = 'refused' WHERE sequence = 1", "entry 1 was changed"),
    "reason rewritten": ("UPDATE audit_entries SET detail = '{}' WHERE sequence = 2", "entry 2 was changed"),
    "middle deleted": ("DELETE FROM audit_entries WHERE sequence = 2", "entry 2 is missing"),
    "first deleted": ("DELETE FROM audit_entries WHERE sequence = 1", "entry 1 is missing"),
    "end cut off": ("DELETE FROM audit_entries WHERE sequence >= 4", "its end is gone"),
    "all deleted": ("DELETE FROM audit_entries", "its end is gone"),
    "two swapped": (
        "UPDATE audit_entries SET sequence = CASE sequence WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE sequence END; "
        "UPDATE audit_entries SET sequence = abs(sequence)",
        "entry 2 does not follow entry 1",
    ),
    "one put in": (
        "UPDATE audit_entries SET sequence = -sequence - 1 WHERE sequence > 2; "
        "UPDATE audit_entries SET sequence = -sequence WHERE sequence < 0; "
        "INSERT INTO audit_entries SELECT 3, at, who, role, operation, action, subject, outcome, detail, "
        "session, os_user, previous_hash, 'new' FROM audit_entries WHERE sequence = 4",
        "entry 3 was changed",
    ),
    "session rewritten": ("UPDATE audit_entries SET session = 'x' WHERE sequence = 2", "entry 2 was changed"),
    "session taken out": ("UPDATE audit_entries SET session = NULL WHERE sequence = 2", "entry 2 was changed"),
    "account rewritten": ("UPDATE audit_entries SET os_user = 'x' WHERE sequence = 4", "entry 4 was changed"),
    "account taken out": ("UPDATE audit_entries SET os_user = NULL WHERE sequence = 4", "entry 4 was changed"),
    "gap closed up": (
        "DELETE FROM audit_entries WHERE sequence = 2; "
        "UPDATE audit_entries SET sequence = sequence - 1 WHERE sequence > 2",
        "entry 2 does not follow entry 1",
    ),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_found(log, name):
    engine, path = log
    statements, expected = TAMPERING[name]
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DROP TRIGGER audit_entries_no_update")
        raw.execute("DROP TRIGGER audit_entries_no_delete")
        raw.executescript(statements)
    with pytest.raises(IntegrityFailure) as caught:
        verify(engine)
    assert expected in str(caught.value)
    assert caught.value.exit_code == 5


def test_chain_written_anew_is_found_by_the_witness(log, tmp_path):
    engine, path = log
    kept = tmp_path / "shipped.witness"
    kept.write_bytes(witness_path(engine).read_bytes())
    engine.dispose()
    path.unlink()
    witness_path(engine).unlink()
    forged = connect(path)
    for number in range(1, 6):
        record(forged, entry(number + 1), at=1_700_000_000 + number)
    assert verify(forged).entries == 5  # by itself, a forged chain is whole
    with pytest.raises(IntegrityFailure, match="The audit log is broken") as caught:
        verify(forged, kept)
    assert "the chain was rewritten" in str(caught.value)
    forged.dispose()


def test_witness_that_is_no_witness(log, tmp_path):
    engine, _ = log
    (tmp_path / "bad").write_text("one two\n")
    with pytest.raises(IntegrityFailure, match="not a number and a hash"):
        verify(engine, tmp_path / "bad")
    with pytest.raises(IntegrityFailure, match="witness file is missing"):
        verify(engine, tmp_path / "absent")


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET who = 'x'", "DELETE FROM audit_entries"])
def test_the_database_itself_refuses_changes(log, statement):
    _, path = log
    raw = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(statement)
    raw.close()


def test_writers_at_the_same_moment_keep_one_chain(tmp_path):
    path = tmp_path / "desk.sqlite"
    engines = [connect(path), connect(path)]  # two processes' worth of connections
    barrier = threading.Barrier(8)

    def write(worker: int) -> None:
        barrier.wait()
        for _ in range(10):
            record(engines[worker % 2], Entry(f"w{worker}", "reviewer", "consultation", "view queue"), at=1_700_000_000)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verified = verify(engines[0])
    assert (verified.entries, verified.witnessed) == (80, 80)
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize(("seconds_back", "counted"), [(0, 0), (60, 0), (61, 1), (3600, 1)])
def test_a_clock_set_back_is_counted_and_breaks_nothing(log, seconds_back, counted):
    """A minute is left for a request that waited while another was logged."""
    engine, _ = log
    record(engine, entry(6), at=1_700_000_005 - seconds_back)
    verified = verify(engine)
    assert (verified.entries, verified.clock_set_back) == (6, counted)


def test_every_step_back_is_counted_against_the_entry_ahead(log):
    engine, _ = log
    for at in (1_700_001_000, 1_700_000_900, 1_700_000_800, 1_700_000_790):
        record(engine, entry(6), at)
    assert verify(engine).clock_set_back == 2


def test_an_entry_of_a_transaction_undone_is_undone_with_it(log):
    engine, _ = log
    with suppress(RuntimeError), writing(engine) as connection:
        append(connection, entry(6), at=1_700_000_100)
        raise RuntimeError
    assert verify(engine).entries == 5


def test_a_file_that_is_no_database(tmp_path: Path):
    (tmp_path / "desk.sqlite").write_text("not a database, but long enough to be looked at" * 10)
    with pytest.raises(BadInput, match="cannot be opened"):
        connect(tmp_path / "desk.sqlite")
