"""Signed checkpoints: a log that was rewritten, cut or put in another's place does not verify, and is never signed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.tampering import tamper
from fixtures.trusted import Trusted
from sqlalchemy import Engine

from serving.audit.checkpoints import (
    EVERY_ENTRIES,
    EVERY_SECONDS,
    PAYLOAD_TYPE,
    Checkpoints,
    checkpoint_path,
    read_checkpoint,
    sign_first,
    verify_log,
)
from serving.audit.log import Entry, record
from serving.audit.witness import witness_path
from serving.storage import connect
from serving.storage.address import Address
from threat.errors import IntegrityFailure, UsageError
from threat.trust.folder import Trust
from threat.trust.signing import sign

AT = 1_700_000_000


def entry(number: int) -> Entry:
    return Entry("Test", "reviewer", "consultation", "view queue", subject=f"L-{number}")


def grown(engine: Engine, checkpoints: Checkpoints, count: int, *, seconds: int = 1) -> None:
    for number in range(1, count + 1):
        at = AT + number * seconds
        checkpoints.after(record(engine, entry(number), at), at)


@pytest.fixture
def engine(database: Address) -> Iterator[Engine]:
    engine = connect(database)
    yield engine
    engine.dispose()


@pytest.fixture
def holding(force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Trust:
    """The trust of a force, in a process that holds its keys."""
    force_trusted.use(monkeypatch)
    return force_trusted.trust


def rewritten(engine: Engine, statements: str) -> None:
    """Change the log behind its back, and take the witness away."""
    tamper(engine, statements)
    witness_path(engine).unlink(missing_ok=True)


def forged(engine: Engine, path: Path, count: int) -> Engine:
    """A log of other entries, whole by itself, in the place of the log of ``engine``."""
    other = connect(path)
    for number in range(count):
        record(other, entry(1000 + number), AT + number)
    checkpoint_path(other).write_bytes(checkpoint_path(engine).read_bytes())
    return other


def test_the_first_entry_is_signed_and_then_every_so_many(engine: Engine, holding: Trust) -> None:
    checkpoints = Checkpoints(engine, holding)
    grown(engine, checkpoints, 1)
    assert verify_log(engine, holding).signed == 1
    grown(engine, checkpoints, EVERY_ENTRIES - 1)
    assert verify_log(engine, holding).signed == 1
    grown(engine, checkpoints, 1)
    verified = verify_log(engine, holding)
    assert (verified.entries, verified.signed, checkpoints.problem) == (EVERY_ENTRIES + 1, EVERY_ENTRIES + 1, "")


def test_a_quiet_log_is_signed_by_time(engine: Engine, holding: Trust) -> None:
    checkpoints = Checkpoints(engine, holding)
    grown(engine, checkpoints, 3, seconds=EVERY_SECONDS)
    assert verify_log(engine, holding).signed == 3


def test_without_the_key_nothing_is_signed_and_the_service_signs_over_it(
    engine: Engine, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    force_trusted.use(monkeypatch)
    grown(engine, Checkpoints(engine, force_trusted.trust), 1)
    monkeypatch.setenv("THREAT_KEYS", str(tmp_path))  # a command that holds no key for audit
    grown(engine, Checkpoints(engine, force_trusted.trust), 3)
    verified = verify_log(engine, force_trusted.trust)
    assert (verified.entries, verified.signed) == (4, 1)
    force_trusted.use(monkeypatch)
    grown(engine, Checkpoints(engine, force_trusted.trust), 1)
    assert verify_log(engine, force_trusted.trust).signed == 5


def test_where_no_trust_exists_nothing_is_signed_or_asked_for(engine: Engine) -> None:
    grown(engine, Checkpoints(engine, Trust.none()), 3)
    assert not checkpoint_path(engine).exists()
    assert (verify_log(engine, Trust.none()).entries, verify_log(engine, Trust.none()).signed) == (3, 0)


def test_a_log_without_its_checkpoint_is_an_alarm_and_is_not_signed_again(engine: Engine, holding: Trust) -> None:
    grown(engine, Checkpoints(engine, holding), 3)
    checkpoint_path(engine).unlink()
    with pytest.raises(IntegrityFailure, match="3 entries and no signed checkpoint"):
        verify_log(engine, holding)
    checkpoints = Checkpoints(engine, holding)
    grown(engine, checkpoints, 2)
    assert not checkpoint_path(engine).exists()
    assert "no signed checkpoint" in checkpoints.problem


def test_a_person_signs_the_first_checkpoint_of_a_log_of_before(engine: Engine, holding: Trust) -> None:
    grown(engine, Checkpoints(engine, Trust.none()), 3)
    signed = sign_first(engine, holding, holding.signer("audit"), AT)
    assert (signed.sequence, signed.by) == (3, "Desk service")
    checkpoints = Checkpoints(engine, holding)
    grown(engine, checkpoints, 1)
    assert (verify_log(engine, holding).signed, checkpoints.problem) == (4, "")


def test_an_empty_log_is_not_signed(engine: Engine, holding: Trust) -> None:
    Checkpoints(engine, holding).sign(AT)
    assert not checkpoint_path(engine).exists()
    with pytest.raises(UsageError, match="no entry to sign"):
        sign_first(engine, holding, holding.signer("audit"), AT)


@pytest.mark.parametrize(
    "statements",
    [
        "DELETE FROM audit_entries WHERE sequence > 2",
        "DELETE FROM audit_entries",
        "UPDATE audit_entries SET subject = 'L-9' WHERE sequence = 2",
    ],
)
def test_a_log_cut_or_changed_is_found_without_its_witness(engine: Engine, holding: Trust, statements: str) -> None:
    grown(engine, Checkpoints(engine, holding), 1)
    grown(engine, Checkpoints(engine, holding), 4)
    Checkpoints(engine, holding).sign(AT)
    rewritten(engine, statements)
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify_log(engine, holding)


def test_a_log_written_anew_is_found_and_never_signed_over(engine: Engine, holding: Trust, tmp_path: Path) -> None:
    grown(engine, Checkpoints(engine, holding), 5)
    other = forged(engine, tmp_path / "forged.sqlite", 9)
    with pytest.raises(IntegrityFailure) as caught:
        verify_log(other, holding)
    assert "is not the entry that was signed" in str(caught.value)
    before = checkpoint_path(other).read_bytes()
    checkpoints = Checkpoints(other, holding)
    checkpoints.sign(AT + 50)
    assert "is not the entry that was signed" in checkpoints.problem
    assert checkpoint_path(other).read_bytes() == before
    with pytest.raises(IntegrityFailure):
        sign_first(other, holding, holding.signer("audit"), AT)
    other.dispose()


def test_an_older_checkpoint_kept_elsewhere_still_holds(engine: Engine, holding: Trust, tmp_path: Path) -> None:
    grown(engine, Checkpoints(engine, holding), 1)
    shipped = tmp_path / "shipped.json"
    shipped.write_bytes(checkpoint_path(engine).read_bytes())
    grown(engine, Checkpoints(engine, holding), 4)
    assert verify_log(engine, holding, shipped=shipped).entries == 5
    other = connect(tmp_path / "other.sqlite")
    grown(other, Checkpoints(other, holding), 2, seconds=2)
    with pytest.raises(IntegrityFailure, match="audit log is broken"):
        verify_log(other, holding, shipped=shipped)
    other.dispose()
    with pytest.raises(IntegrityFailure, match="checkpoint file is missing"):
        verify_log(engine, holding, shipped=tmp_path / "absent.json")


@pytest.mark.parametrize("holder", ["list", "promotion", "intake", "evidence", "governance", "approval"])
def test_a_key_for_something_else_signs_no_checkpoint(
    engine: Engine, holding: Trust, force_trusted: Trusted, holder: str
) -> None:
    grown(engine, Checkpoints(engine, holding), 1)
    document = {"sequence": 1, "hash": "0" * 64, "at": AT, "environment": "force"}
    checkpoint_path(engine).write_text(json.dumps(sign(document, PAYLOAD_TYPE, force_trusted.signer(holder))))
    with pytest.raises(IntegrityFailure, match="not signed by a key that counts here"):
        read_checkpoint(checkpoint_path(engine), holding)


def test_a_checkpoint_of_the_demonstration_counts_for_no_force(
    engine: Engine, holding: Trust, demonstration_trusted: Trusted
) -> None:
    grown(engine, Checkpoints(engine, holding), 1)
    document = {"sequence": 1, "hash": "0" * 64, "at": AT, "environment": "demonstration"}
    checkpoint_path(engine).write_text(json.dumps(sign(document, PAYLOAD_TYPE, demonstration_trusted.signer("audit"))))
    with pytest.raises(IntegrityFailure):
        verify_log(engine, holding)


def test_a_desk_signs_as_it_closes(open_desk, rule_var: Path, holding: Trust, tmp_path: Path) -> None:
    desk = open_desk(rule_var, database_path=tmp_path / "own.sqlite", trust=holding)
    for number in range(1, 4):
        desk.log(entry(number), AT + number)
    desk.close()
    assert verify_log(desk.engine, holding).signed == 3
