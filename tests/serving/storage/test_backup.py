"""A copy made while the desk is in use, and what the log says when an older copy is put back."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fixtures.postgresql_server import Server, binaries
from fixtures.trusted import Trusted
from sqlalchemy import Engine

from serving.audit.checkpoints import Checkpoints, checkpoint_path, sign_first, verify_log
from serving.audit.log import Entry, append, record, verify
from serving.audit.witness import witness_path
from serving.storage import address_of, base_path, connect, reading, writing
from serving.storage.metadata import without_triggers
from threat.errors import IntegrityFailure
from threat.trust.folder import Trust

AT = 1_700_000_000
READ = Entry("Test", "reviewer", "consultation", "view queue")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(tmp_path / "desk.sqlite")
    for number in range(3):
        record(engine, READ, AT + number)
    yield engine
    engine.dispose()


def backed_up(engine: Engine, folder: Path) -> Path:
    """A copy as docs/serving.md says: the database by ``VACUUM INTO``, then its witness and checkpoint."""
    folder.mkdir()
    copy = folder / "desk.sqlite"
    with closing(sqlite3.connect(base_path(engine))) as raw:
        raw.execute("VACUUM INTO ?", (str(copy),))
    for path in (witness_path(engine), checkpoint_path(engine)):
        if path.exists():
            shutil.copy(path, folder / path.name)
    return copy


def put_back(engine: Engine, folder: Path, *names: str) -> Engine:
    engine.dispose()
    for name in names:
        shutil.copy(folder / name, base_path(engine).with_name(name))
    return connect(base_path(engine))


def test_a_copy_made_beside_a_writer_is_a_whole_log_of_what_was_committed(engine: Engine, tmp_path: Path) -> None:
    with writing(engine) as connection:
        append(connection, READ, AT + 9)
        copy = backed_up(engine, tmp_path / "backup")
    opened = connect(copy)
    assert (verify(opened).entries, verify(opened).witnessed) == (3, 3)
    with reading(opened) as connection:
        assert without_triggers(connection) == []
    opened.dispose()


def test_an_older_copy_put_back_is_an_alarm_until_its_own_witness_and_checkpoint_are_put_back_too(
    engine: Engine, tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)
    trust = Trust.open()
    checkpoints = Checkpoints(engine, trust)
    checkpoints.after(record(engine, READ, AT + 3), AT + 3)
    assert "no signed checkpoint" in checkpoints.problem  # a log of before keys: a person signs the first
    sign_first(engine, trust, trust.signer("audit"), AT + 4)
    folder = tmp_path / "backup"
    backed_up(engine, folder)
    record(engine, READ, AT + 5)
    Checkpoints(engine, trust).sign(AT + 6)
    shipped = tmp_path / "shipped"
    shipped.write_bytes(witness_path(engine).read_bytes())
    restored = put_back(engine, folder, "desk.sqlite")
    with pytest.raises(IntegrityFailure, match="audit log is broken") as caught:
        verify_log(restored, trust)
    assert "the log ends at entry 4, and the witness saw entry 5: its end is gone" in str(caught.value)
    restored = put_back(restored, folder, "desk.sqlite.witness")
    with pytest.raises(IntegrityFailure, match="audit log is broken") as caught:
        verify_log(restored, trust)
    assert "entry 5 is not the entry that was signed" in str(caught.value)
    restored = put_back(restored, folder, "desk.sqlite.checkpoint.json")
    assert verify_log(restored, trust).entries == 4
    with pytest.raises(IntegrityFailure, match="audit log is broken"):  # what was shipped still says what was lost
        verify_log(restored, trust, witness=shipped)
    restored.dispose()


def test_a_dump_of_a_server_restored_into_a_new_database_is_the_same_log(
    postgresql_server: Server, tmp_path: Path
) -> None:
    programs = binaries()
    assert programs is not None
    with (
        postgresql_server.database() as name,
        postgresql_server.database(template="template0") as other,
    ):
        engine = connect(address_of(tmp_path, postgresql_server.url(name)))
        for number in range(3):
            record(engine, READ, AT + number)
        engine.dispose()
        dump = tmp_path / "desk.dump"
        subprocess.run([programs / "pg_dump", "-Fc", "-f", dump, postgresql_server.url(name)], check=True)
        subprocess.run([programs / "pg_restore", "-d", postgresql_server.url(other), dump], check=True)
        restored = connect(address_of(tmp_path, postgresql_server.url(other)))
        assert (verify(restored).entries, verify(restored).witnessed) == (3, 3)
        with reading(restored) as connection:
            assert without_triggers(connection) == []
        restored.dispose()
