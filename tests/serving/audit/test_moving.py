"""The database moved to a server and back: every row, one chain, and nobody who goes on with the file of before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fixtures.casework_unit import Unit
from fixtures.tampering import tamper
from fixtures.trusted import Trusted
from sqlalchemy import MetaData, select

from serving.audit.checkpoints import Checkpoints, verify_log
from serving.audit.log import Entry, record, verify
from serving.audit.moving import move
from serving.storage import address_of, connect, reading
from serving.storage.address import Address
from serving.storage.metadata import without_triggers
from threat.errors import IntegrityFailure, UsageError
from threat.trust.audit_checkpoint import checkpoint_of
from threat.trust.folder import Trust

AT = 1_780_400_000
READ = Entry("Test", "reviewer", "consultation", "view queue", session="0" * 16)


@contextmanager
def opened(address: Address) -> Iterator[Unit]:
    engine = connect(address)
    try:
        yield Unit(engine)
    finally:
        engine.dispose()


@pytest.fixture
def trust(force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Trust:
    force_trusted.use(monkeypatch)
    return Trust.open()


@pytest.fixture
def used(tmp_path: Path, trust: Trust) -> Address:
    """A file with a log under a checkpoint, and cases with grades, text, an opened order and a second look."""
    address = address_of(tmp_path)
    with opened(address) as unit:
        Checkpoints(unit.engine, trust).after(record(unit.engine, READ, AT), AT)
        for relationship in (1, -(2**62)):
            case_id = unit.waiting_case(relationship)
            unit.grade(case_id, facts=("not_on_record",), note="“Ünïcode”, and 'quotes'\nin two lines.")
            unit.reveal(case_id, f"L-{relationship}")
        Checkpoints(unit.engine, trust).sign(AT)
    return address


def rows(address: Address) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    with opened(address) as unit, reading(unit.engine) as connection:
        found = MetaData()
        found.reflect(connection)
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in found.sorted_tables
        }


def test_every_row_goes_to_the_server_and_the_chain_goes_on(
    used: Address, postgresql_database: Address, trust: Trust
) -> None:
    before = rows(used)
    moved = move(used, postgresql_database, trust, AT + 1)
    after = rows(postgresql_database)
    [added] = set(after["audit_entries"]) - set(before["audit_entries"])
    assert after | {"audit_entries": [row for row in after["audit_entries"] if row != added]} == before
    assert added[5] == "move database"
    assert moved.rows == {name: len(found) for name, found in before.items() if name != "alembic_version"}
    assert sum(moved.rows[name] > 0 for name in ("acts", "cases", "grades", "grade_facts", "texts", "reveals")) == 6
    with opened(postgresql_database) as unit:
        verified = verify_log(unit.engine, trust)
        assert (verified.entries, verified.witnessed) == (moved.entries, moved.entries)
        assert verified.signed == moved.entries  # on top of the checkpoint of before
        with reading(unit.engine) as connection:
            assert without_triggers(connection) == []
            # A number that the server draws by itself would begin again at 1.
            assert connection.exec_driver_sql("SELECT sequence_name FROM information_schema.sequences").all() == []
        unit.waiting_case(3)  # work goes on there
        assert verify(unit.engine).entries > moved.entries
    assert checkpoint_of(used.base_path.parent).name == "desk.postgresql.checkpoint.json"


def test_nobody_goes_on_with_the_file_of_before(used: Address, postgresql_database: Address, trust: Trust) -> None:
    content = used.base_path.read_bytes()
    moved = move(used, postgresql_database, trust, AT + 1)
    folder = used.base_path.parent
    assert moved.left == folder / "moved-desk.sqlite"
    assert moved.left.read_bytes() == content
    assert sorted(path.name for path in folder.iterdir()) == [
        "desk.postgresql.checkpoint.json",
        "desk.postgresql.witness",
        "moved-desk.sqlite",
        "moved-desk.sqlite.checkpoint.json",
        "moved-desk.sqlite.witness",
    ]
    with pytest.raises(UsageError, match="no database to move"):
        move(used, postgresql_database, trust, AT + 2)


def test_and_back_again(used: Address, postgresql_database: Address, trust: Trust, tmp_path: Path) -> None:
    move(used, postgresql_database, trust, AT + 1)
    back = address_of(tmp_path, tmp_path / "back.sqlite")
    moved = move(postgresql_database, back, trust, AT + 2)
    assert moved.left is None
    there, here = rows(postgresql_database), rows(back)
    assert len(here["audit_entries"]) == len(there["audit_entries"]) + 1
    assert {**here, "audit_entries": []} == {**there, "audit_entries": []}
    with opened(back) as unit:
        assert verify_log(unit.engine, trust).entries == moved.entries


def test_what_is_not_moved(used: Address, postgresql_database: Address, trust: Trust) -> None:
    before = rows(used)
    with pytest.raises(UsageError, match="to where it is"):
        move(used, used, trust, AT)
    with opened(postgresql_database) as unit:
        record(unit.engine, READ, AT)
    with pytest.raises(UsageError, match="not empty") as caught:
        move(used, postgresql_database, trust, AT)
    assert caught.value.value == "rows of audit_entries"
    with opened(used) as unit:
        tamper(unit.engine, "UPDATE audit_entries SET who = 'nobody' WHERE sequence = 1")
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        move(used, postgresql_database, trust, AT)
    assert {**rows(used), "audit_entries": []} == {**before, "audit_entries": []}
    assert len(rows(postgresql_database)["audit_entries"]) == 1
