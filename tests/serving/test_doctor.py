"""The checks that ``serving`` adds to ``threat doctor``: the audit log, its witness, the model in service."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures.desk_browser import STARTED_AT
from fixtures.sign_in_settings import write_settings
from fixtures.typed_commands import assert_mends_work

from serving.audit.checkpoints import Checkpoints, checkpoint_path
from serving.audit.log import Entry, record
from serving.doctor import check_audit_log, check_service, check_sign_in
from serving.identity.by_command import add
from serving.identity.people import Account, Standing
from serving.storage import address_of, connect
from serving.storage.revisions import HEAD
from threat.doctor.examination import run_check
from threat.doctor.findings import Finding, Places
from threat.errors import IntegrityFailure
from threat.trust.folder import Trust

READ = Entry(who="Ada Example", role="reviewer", operation="consultation", action="view queue")


@pytest.fixture
def logged(tmp_path: Path) -> Places:
    engine = connect(tmp_path / "desk.sqlite")
    checkpoints = Checkpoints(engine, Trust.open())
    for at in (1, 2):
        checkpoints.after(record(engine, READ, at), at)
    engine.dispose()
    return Places(store=tmp_path / "history", var=tmp_path, now=STARTED_AT)


def test_a_whole_log_is_read_and_not_changed(logged: Places) -> None:
    before = (logged.var / "desk.sqlite").read_bytes()
    path, version = logged.var / "desk.sqlite", sqlite3.sqlite_version
    assert check_audit_log(logged) == [
        Finding("database", "ok", f"{path}: SQLite {version}, revision {HEAD}, journal wal"),
        Finding("audit log", "ok", f"2 entries in {path}, one unbroken chain"),
    ]
    assert (logged.var / "desk.sqlite").read_bytes() == before


def test_a_log_without_its_checkpoint_is_broken(logged: Places) -> None:
    engine = connect(logged.var / "desk.sqlite")
    checkpoint_path(engine).unlink()
    engine.dispose()
    [broken] = run_check("audit log", check_audit_log, logged)
    assert broken.state == "broken"
    assert "2 entries and no signed checkpoint" in broken.says


def test_no_log_makes_none(tmp_path: Path) -> None:
    (none,) = check_audit_log(Places(tmp_path, tmp_path, 1))
    assert none.state == "note"
    assert_mends_work([none.mend])
    assert list(tmp_path.iterdir()) == []


def test_a_log_without_its_witness(logged: Places) -> None:
    witness = logged.var / "desk.sqlite.witness"
    first = witness.read_text().splitlines()[0]
    witness.write_text(f"{first}\n")
    short = check_audit_log(logged)[2]
    assert short.says == "the witness vouches for 1 of 2 entries"
    assert_mends_work([short.mend])
    witness.unlink()
    missing = check_audit_log(logged)[2]
    assert (missing.state, missing.mend) == ("missing", f"threat audit-log verify --var {logged.var}")
    assert "restore it from where it is shipped" in missing.says
    assert_mends_work([missing.mend])


@pytest.mark.parametrize("content", [b"", b"no database at all, but some text of a hundred bytes" * 9])
def test_a_file_that_is_no_log_is_a_finding(logged: Places, content: bytes) -> None:
    (logged.var / "desk.sqlite").write_bytes(content)
    assert [(f.part, f.state) for f in run_check("audit log", check_audit_log, logged)] == [("audit log", "broken")]
    assert (logged.var / "desk.sqlite").read_bytes() == content


def test_a_changed_entry_is_found(logged: Places) -> None:
    database = sqlite3.connect(logged.var / "desk.sqlite")
    database.execute("DROP TRIGGER audit_entries_no_update")
    database.execute("UPDATE audit_entries SET who = 'nobody' WHERE sequence = 1")
    database.commit()
    database.close()
    with pytest.raises(IntegrityFailure):
        check_audit_log(logged)


def test_the_model_in_service(golden_store: Path, model_var: Path, tmp_path: Path, release: Callable[..., str]) -> None:
    places = Places(golden_store, model_var, STARTED_AT)
    assert [(finding.part, finding.state) for finding in check_service(places)] == [("model", "ok")]
    assert check_service(Places(golden_store, tmp_path, STARTED_AT)) == []
    release(golden_store, tmp_path / "expired", accepted=[evidence.acceptance(expires=date(2020, 1, 1))])
    stale = check_service(Places(golden_store, tmp_path / "expired", STARTED_AT))
    var = tmp_path / "expired"
    released_again = (
        f"threat release {var / 'runs' / 'run-1'} --var {var} --store {golden_store} --environment demonstration"
    )
    assert [(finding.state, finding.mend) for finding in stale] == [("stale", released_again)]
    assert_mends_work([released_again])
    spoilt = tmp_path / "spoilt"
    shutil.copytree(model_var, spoilt)
    model = next(spoilt.glob("bundles/*/model/model.txt"))
    model.write_text(model.read_text() + "\n")
    with pytest.raises(IntegrityFailure):
        check_service(Places(golden_store, spoilt, STARTED_AT))


def test_the_development_sign_in_is_worth_knowing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THREAT_SIGN_IN", raising=False)
    [note] = check_sign_in(Places(tmp_path, tmp_path, 1))
    assert (note.state, "development sign-in, on this machine alone" in note.says) == ("note", True)


def test_a_provider_needs_somebody_who_may_say_who_signs_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREAT_SIGN_IN", str(write_settings(tmp_path)))
    places = Places(tmp_path, tmp_path / "var", 1)
    for _ in range(2):  # without a database, and with one that has nobody
        found = check_sign_in(places)
        assert [finding.state for finding in found] == ["ok", "missing"]
        connect(places.var / "desk.sqlite").dispose()
    assert_mends_work([finding.mend for finding in found])
    standing = Standing("Ann Made-up", frozenset({"admin"}))
    account = Account("https://login.force.example/realms/force", "ann")
    add(address_of(places.var), account, standing, "joined", 1)
    assert [finding.state for finding in check_sign_in(places)] == ["ok"]


def test_settings_that_are_wrong_are_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREAT_SIGN_IN", str(write_settings(tmp_path, issuer="login")))
    [broken] = run_check("sign-in", check_sign_in, Places(tmp_path, tmp_path, 1))
    assert broken.state == "broken"
    assert "The address of issuer is none" in broken.says
