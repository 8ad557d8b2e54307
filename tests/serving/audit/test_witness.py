"""The witness file: what a crash between the commit and its line leaves is mended and said; the rest is an alarm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from serving.audit.log import Entry, append, record, verify
from serving.audit.tables import AUDIT_ENTRIES
from serving.audit.witness import append_line, line_of, read_witness, witness_path
from serving.storage import base_path, connect, reading, writing
from serving.storage.address import Address
from threat.errors import IntegrityFailure

AT = 1_700_000_000


def entry(number: int) -> Entry:
    return Entry("Test", "reviewer", "consultation", "view queue", subject=f"L-{number}")


@pytest.fixture
def engine(database: Address) -> Iterator[Engine]:
    engine = connect(database)
    for number in range(1, 13):
        record(engine, entry(number), AT + number)
    yield engine
    engine.dispose()


def crash_in_the_line(engine: Engine, kept: int) -> None:
    """Commit an entry of which only ``kept`` bytes of the witness line reach the disk."""
    with writing(engine) as connection:
        sequence, digest = append(connection, entry(99), AT + 99)
    with witness_path(engine).open("a", encoding="ascii") as file:
        file.write(line_of(sequence, digest)[:kept])


def actions(engine: Engine) -> list[tuple[str, str]]:
    with reading(engine) as connection:
        query = select(AUDIT_ENTRIES.c.action, AUDIT_ENTRIES.c.detail).order_by(AUDIT_ENTRIES.c.sequence)
        return [tuple(row) for row in connection.execute(query)]


@pytest.mark.parametrize("kept", [1, 2, 3, 40, 66, 67])
def test_a_torn_last_line_is_no_alarm_and_is_said(engine: Engine, kept: int) -> None:
    crash_in_the_line(engine, kept)
    verified = verify(engine)
    assert (verified.entries, verified.witnessed, verified.torn) == (13, 12, True)


@pytest.mark.parametrize("kept", [1, 3, 40, 67])
def test_the_next_entry_completes_a_torn_line_and_an_entry_says_so(engine: Engine, kept: int) -> None:
    crash_in_the_line(engine, kept)
    record(engine, entry(14), AT + 100)
    verified = verify(engine)
    assert (verified.entries, verified.witnessed, verified.torn) == (15, 15, False)
    assert actions(engine)[-1] == ("mend witness", '{"entry": 13}')
    assert sorted(read_witness(witness_path(engine), required=True).vouched) == list(range(1, 16))


def test_a_line_left_out_is_vouched_for_by_the_next(engine: Engine) -> None:
    crash_in_the_line(engine, 0)
    assert verify(engine).witnessed == 12
    record(engine, entry(14), AT + 100)
    verified = verify(engine)
    assert (verified.entries, verified.witnessed, verified.lines_missing) == (14, 14, 1)


@pytest.mark.parametrize("torn", ["13 0000", "99 ab", "x", "12 ", "1"], ids=repr)
def test_a_torn_line_of_no_entry_stays_an_alarm_after_the_next_entry(engine: Engine, torn: str) -> None:
    """Also a piece of a line that is there whole: nothing crashed while it was written."""
    with witness_path(engine).open("a", encoding="ascii") as file:
        file.write(torn)
    with pytest.raises(IntegrityFailure, match="audit log is broken") as caught:
        verify(engine)
    assert "begins the line of no entry" in str(caught.value)
    record(engine, entry(13), AT + 100)
    with pytest.raises(IntegrityFailure):
        verify(engine)
    assert len(actions(engine)) == 13  # nothing claims that it was mended


def test_a_torn_line_in_the_middle_is_an_alarm(engine: Engine) -> None:
    path = witness_path(engine)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:5], lines[5][:20] + "\n", *lines[6:]]))
    with pytest.raises(IntegrityFailure, match="not a number and a hash"):
        verify(engine)


def test_a_torn_line_whose_entry_is_gone_is_an_alarm(engine: Engine, tmp_path: Path) -> None:
    """The end of the log cut off, and its line in the witness shortened to look like a crash."""
    path = witness_path(engine)
    lines = path.read_text().splitlines(keepends=True)
    engine.dispose()
    shorter = connect(tmp_path / "shorter.sqlite")
    for number in range(1, 12):
        record(shorter, entry(number), AT + number)
    witness_path(shorter).write_text("".join(lines[:11]) + lines[11][:30])
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify(shorter)
    shorter.dispose()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_a_whole_line_is_an_alarm(engine: Engine, data: st.DataObject) -> None:
    path = witness_path(engine)
    good = path.read_bytes()
    # The last end of line apart: without it the line is torn, which is no alarm.
    at = data.draw(st.integers(0, len(good) - 2))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != good[at]))
    try:
        path.write_bytes(good[:at] + bytes([byte]) + good[at + 1 :])
        with pytest.raises(IntegrityFailure):
            verify(engine)
    finally:
        path.write_bytes(good)


def test_only_its_owner_reads_the_log_and_its_witness(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        assert base_path(engine).stat().st_mode & 0o777 == 0o600
    assert witness_path(engine).stat().st_mode & 0o777 == 0o600


def test_nothing_is_mended_in_a_file_without_a_torn_line(engine: Engine) -> None:
    assert append_line(engine, 13, "a" * 64) == 0
