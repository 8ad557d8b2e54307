"""Attacks on the record of who read what."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fixtures.attacked import Installation

from serving.audit.checkpoints import Checkpoints, checkpoint_path, sign_first, verify_log
from serving.audit.log import Entry, record
from serving.audit.witness import witness_path
from serving.storage import connect
from threat.asof import parse_as_of
from threat.errors import IntegrityFailure
from threat.trust.folder import Trust

AT = parse_as_of("2024-07-01")


def forget(made: Installation, *files: str) -> None:
    for name in files:
        Path(f"{made.database}.{name}").unlink()


def written_anew(made: Installation, entries: int) -> None:
    """Put a log of other entries, one unbroken chain, in the place of the log."""
    path = made.var / "other.sqlite"
    engine = connect(path)
    for number in range(entries):
        record(engine, Entry("nobody", "reviewer", "consultation", "view queue", f"L-{number}"), AT + number)
    engine.dispose()
    path.replace(made.database)


def verify(made: Installation, **copies: Path) -> int:
    engine = connect(made.database)
    try:
        return verify_log(engine, Trust.open(), **copies).entries
    finally:
        engine.dispose()


def test_the_end_of_the_log_cut_off(made: Installation) -> None:
    with closing(sqlite3.connect(made.database)) as raw, raw:
        raw.execute("DROP TRIGGER audit_entries_no_delete")
        raw.execute("DELETE FROM audit_entries WHERE sequence > 6")
    forget(made, "witness")
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify(made)


@pytest.mark.parametrize("entries", [3, 12, 40])
def test_the_whole_log_written_anew(made: Installation, entries: int) -> None:
    written_anew(made, entries)
    forget(made, "witness")
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify(made)


def test_the_whole_log_written_anew_without_its_checkpoint(made: Installation) -> None:
    written_anew(made, 12)
    forget(made, "witness", "checkpoint.json")
    with pytest.raises(IntegrityFailure, match="no signed checkpoint"):
        verify(made)
    engine = connect(made.database)
    Checkpoints(engine, Trust.open()).sign(AT)  # the service itself, which holds the key, signs no such log
    assert not checkpoint_path(engine).exists()
    engine.dispose()


def test_theft_of_the_key_for_audit_is_shown_by_the_copy_of_the_witness(made: Installation, tmp_path: Path) -> None:
    shipped = tmp_path / "shipped.witness"
    shipped.write_bytes(Path(f"{made.database}.witness").read_bytes())
    checkpoint = tmp_path / "shipped.json"
    checkpoint.write_bytes(Path(f"{made.database}.checkpoint.json").read_bytes())
    written_anew(made, 12)
    forget(made, "checkpoint.json")
    engine = connect(made.database)
    witness_path(engine).unlink()
    sign_first(engine, Trust.open(), made.trusted.signer("audit"), AT)
    engine.dispose()
    assert verify(made) == 12  # here it cannot be seen
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify(made, witness=shipped)
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify(made, shipped=checkpoint)


def test_a_crash_is_no_alarm_and_a_torn_line_of_no_entry_is_one(made: Installation) -> None:
    witness = Path(f"{made.database}.witness")
    whole = witness.read_bytes()
    witness.write_bytes(whole[:-9])
    assert verify(made) == 12
    witness.write_bytes(whole + b"99 0123")
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify(made)
