"""The commands and the desk on a PostgreSQL database: one log, of everything, and no file of another database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import NOW, STARTED_AT, client_of, token_in
from fixtures.golden_lists import REFERENCE
from fixtures.postgresql_server import Server
from fixtures.tampering import tamper

from serving.audit.checkpoints import verify_log
from serving.audit.reading import Wanted, read_entries
from serving.desk.service import Desk
from serving.doctor import check_audit_log
from serving.lists.making import ListOptions, make_list
from serving.storage import address_of, connect
from serving.storage.revisions import HEAD
from threat.doctor.findings import Places
from threat.errors import IntegrityFailure
from threat.release.chains import heads_to_witness
from threat.trust.folder import Trust

Threat = Callable[..., tuple[int, dict, str]]
PAGE = f"/relationships/{REFERENCE['G01']}"


@dataclass(frozen=True)
class OnServer:
    """A folder of lists whose database is on a server."""

    store: Path
    var: Path
    url: str

    @property
    def folders(self) -> tuple[str, ...]:
        return ("--store", str(self.store), "--var", str(self.var))


@pytest.fixture
def on_server(golden_store: Path, tmp_path: Path, postgresql_server: Server) -> Iterator[OnServer]:
    with postgresql_server.database() as name:
        made = OnServer(golden_store, tmp_path / "var", postgresql_server.url(name))
        options = ListOptions(capacity=3, publish=True, database=made.url)
        make_list(made.store, made.var, golden.AS_OF, options, started_at=STARTED_AT)
        yield made


def files(var: Path) -> list[str]:
    return sorted(path.name for path in var.iterdir() if path.is_file())


def actions(on_server: OnServer) -> list[str]:
    engine = connect(address_of(on_server.var, on_server.url))
    try:
        entries = read_entries(engine, Wanted(), page=1, size=100).entries
    finally:
        engine.dispose()
    return [entry.action for entry in reversed(entries)]


def test_a_desk_reads_writes_and_signs_in_one_database_of_a_server(on_server: OnServer) -> None:
    with closing(Desk(on_server.store, on_server.var, clock=lambda: NOW, database=on_server.url)) as desk:
        client = client_of(desk)
        assert client.get("/").status_code == 200
        reason = {"justification": "multi_agency", "reason": "conference of Monday"}
        token = token_in(client.get(PAGE).text)
        assert client.post(f"{PAGE}/names", data={"token": token, **reason}).status_code == 303
        assert "Sam Example" in client.get(PAGE).text
        assert client.post("/sign-out", data={"token": token}).status_code == 303
        assert client.get("/api/v1/queue").status_code == 401
        verified = verify_log(desk.engine, Trust.open())
    assert verified.entries == verified.witnessed == len(actions(on_server))
    assert actions(on_server)[0] == "publish list"
    assert {"sign in", "view queue", "open names for the sitting", "sign out"} <= set(actions(on_server))
    of_log = [name for name in files(on_server.var) if not name.endswith(".key")]
    assert of_log == ["desk.postgresql.checkpoint.json", "desk.postgresql.witness"]
    heads = heads_to_witness(on_server.store, on_server.var, Trust.open())
    assert heads["audit log"].count == verified.entries


def test_the_commands_take_the_database_from_the_environment(
    on_server: OnServer, threat: Threat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREAT_DATABASE", on_server.url)
    threat("explain", REFERENCE["G01"], "--as-of", "2024-01-01", *on_server.folders)
    code, document, _ = threat("audit-log", "verify", "--var", str(on_server.var))
    assert (code, document["verified"], document["entries"]) == (0, True, len(actions(on_server)))
    assert actions(on_server)[:2] == ["publish list", "explain"]
    assert "desk.sqlite" not in files(on_server.var)


def test_a_desk_that_began_with_a_file_moves_to_a_server(
    rule_var: Path, golden_store: Path, tmp_path: Path, threat: Threat, postgresql_server: Server
) -> None:
    var = shutil.copytree(rule_var, tmp_path / "var")
    with postgresql_server.database() as name:
        setting = ("--var", str(var), "--database", postgresql_server.url(name))
        code, document, _ = threat("move-database", *setting)
        assert (code, document["left"]) == (0, str(var / "moved-desk.sqlite"))
        with closing(Desk(golden_store, var, clock=lambda: NOW, database=setting[-1])) as desk:
            assert client_of(desk).get("/").status_code == 200  # the list is shown: its publication is in the log there
        code, again, _ = threat("move-database", *setting)
        assert (code, again["problem"]) == (2, "There is no database to move.")
        code, verified, _ = threat("audit-log", "verify", *setting)
        assert verified["entries"] > document["entries"]


def test_a_tampered_log_on_a_server_is_found(on_server: OnServer) -> None:
    engine = connect(address_of(on_server.var, on_server.url))
    tamper(engine, "UPDATE audit_entries SET who = 'nobody' WHERE sequence = 1")
    with pytest.raises(IntegrityFailure, match="audit log is broken") as caught:
        verify_log(engine, Trust.open())
    assert "entry 1 was changed" in str(caught.value)
    assert "database test_" in caught.value.where
    engine.dispose()


def test_the_doctor_says_what_the_server_is_and_what_it_may_lose(on_server: OnServer) -> None:
    places = Places(on_server.store, on_server.var, STARTED_AT, on_server.url)
    database, risk, log = check_audit_log(places)
    assert database.state == "ok"
    assert "PostgreSQL 1" in database.says
    assert f"revision {HEAD}" in database.says
    assert (risk.state, risk.says) == (  # the tests' own server, which nothing has to outlive
        "broken",
        "the server may lose what was committed when its power fails: switch on fsync, full_page_writes",
    )
    assert log.says == f"1 entries in {address_of(on_server.var, on_server.url)}, one unbroken chain"


def test_the_doctor_makes_nothing_in_an_empty_database(tmp_path: Path, postgresql_server: Server) -> None:
    with postgresql_server.database(template="template0") as name:
        places = Places(tmp_path, tmp_path, STARTED_AT, postgresql_server.url(name))
        for _ in range(2):
            [none] = check_audit_log(places)
            assert (none.state, none.says[:8]) == ("note", "none yet")
