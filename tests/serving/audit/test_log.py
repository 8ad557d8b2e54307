"""The audit chain: every kind of tampering is found, and writers at the same moment keep one chain."""

from __future__ import annotations

import threading
from contextlib import suppress
from pathlib import Path

import pytest
from fixtures.tampering import past_the_product, tamper
from sqlalchemy.exc import DatabaseError

from serving.audit import log as audit_log
from serving.audit.log import START, Entry, append, hash_entry, record, verify
from serving.audit.witness import witness_path
from serving.storage import connect, writing
from threat.errors import BadInput, IntegrityFailure


def entry(number: int) -> Entry:
    return Entry("Test", "reviewer", "consultation", "view queue", subject=f"L-{number}", detail={"rows": number})


@pytest.fixture
def engine(database):
    engine = connect(database)
    for number in range(1, 6):
        record(engine, entry(number), at=1_700_000_000 + number)
    yield engine
    engine.dispose()


def test_whole_chain(engine):
    verified = verify(engine)
    assert (verified.entries, verified.witnessed) == (5, 5)
    assert verified.head != START


def test_others_write_while_a_log_is_read(engine, monkeypatch):
    """In pieces, none of which holds the database while it is checked."""
    written = []

    def slowly(previous: str, row: dict[str, object]) -> str:
        if not written:
            written.append(1)
            with writing(engine) as other:  # waits half a minute, and fails, while the reader holds the database
                append(other, entry(6), 1_700_000_006)
        return hash_entry(previous, row)

    monkeypatch.setattr(audit_log, "hash_entry", slowly)
    monkeypatch.setattr(audit_log, "_BATCH", 2)
    assert verify(engine).entries == 6


def test_empty_log_is_whole(database):
    engine = connect(database)
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
def test_tampering_is_found(engine, name):
    statements, expected = TAMPERING[name]
    tamper(engine, statements)
    with pytest.raises(IntegrityFailure) as caught:
        verify(engine)
    assert expected in str(caught.value)
    assert caught.value.exit_code == 5


def test_chain_written_anew_is_found_by_the_witness(engine, tmp_path):
    kept = tmp_path / "shipped.witness"
    kept.write_bytes(witness_path(engine).read_bytes())
    witness_path(engine).unlink()
    tamper(engine, "DELETE FROM audit_entries")
    for number in range(1, 6):
        record(engine, entry(number + 1), at=1_700_000_000 + number)
    assert verify(engine).entries == 5  # by itself, a forged chain is whole
    with pytest.raises(IntegrityFailure, match="The audit log is broken") as caught:
        verify(engine, kept)
    assert "the chain was rewritten" in str(caught.value)


def test_witness_that_is_no_witness(engine, tmp_path):
    (tmp_path / "bad").write_text("one two\n")
    with pytest.raises(IntegrityFailure, match="not a number and a hash"):
        verify(engine, tmp_path / "bad")
    with pytest.raises(IntegrityFailure, match="witness file is missing"):
        verify(engine, tmp_path / "absent")


CHANGES = ["UPDATE audit_entries SET who = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_itself_refuses_changes(engine, statement):
    refused = "syntax error" if "TRUNCATE" in statement and engine.dialect.name == "sqlite" else "append-only"
    with pytest.raises(DatabaseError, match=refused), past_the_product(engine) as connection:
        connection.exec_driver_sql(statement)
    assert verify(engine).entries == 5


def test_an_entry_is_not_replaced_by_another_of_its_number(tmp_path):
    """``INSERT OR REPLACE`` takes a row away without asking the trigger, unless triggers are recursive."""
    engine = connect(tmp_path / "desk.sqlite")
    record(engine, entry(1), at=1_700_000_001)
    replaced = "INSERT OR REPLACE INTO audit_entries SELECT 1, at, 'x', role, operation, action, subject, outcome, "
    replaced += "detail, session, os_user, previous_hash, 'new' FROM audit_entries"
    with pytest.raises(DatabaseError, match="append-only"), writing(engine) as connection:
        connection.exec_driver_sql(replaced)
    assert verify(engine).entries == 1
    engine.dispose()


def test_ten_writers_at_the_same_moment_keep_one_chain(database):
    engines = [connect(database), connect(database)]  # two processes' worth of connections
    barrier = threading.Barrier(10)

    def write(worker: int) -> None:
        barrier.wait()
        for _ in range(10):
            record(engines[worker % 2], Entry(f"w{worker}", "reviewer", "consultation", "view queue"), at=1_700_000_000)

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verified = verify(engines[0])
    assert (verified.entries, verified.witnessed) == (100, 100)
    for engine in engines:
        engine.dispose()


@pytest.mark.parametrize(("seconds_back", "counted"), [(0, 0), (60, 0), (61, 1), (3600, 1)])
def test_a_clock_set_back_is_counted_and_breaks_nothing(engine, seconds_back, counted):
    """A minute is left for a request that waited while another was logged."""
    record(engine, entry(6), at=1_700_000_005 - seconds_back)
    verified = verify(engine)
    assert (verified.entries, verified.clock_set_back) == (6, counted)


def test_every_step_back_is_counted_against_the_entry_ahead(engine):
    for at in (1_700_001_000, 1_700_000_900, 1_700_000_800, 1_700_000_790):
        record(engine, entry(6), at)
    assert verify(engine).clock_set_back == 2


def test_an_entry_of_a_transaction_undone_is_undone_with_it(engine):
    with suppress(RuntimeError), writing(engine) as connection:
        append(connection, entry(6), at=1_700_000_100)
        raise RuntimeError
    assert verify(engine).entries == 5


def test_a_file_that_is_no_database(tmp_path: Path):
    (tmp_path / "desk.sqlite").write_text("not a database, but long enough to be looked at" * 10)
    with pytest.raises(BadInput, match="cannot be opened"):
        connect(tmp_path / "desk.sqlite")
