"""Which database is meant, and what is said of one that cannot be opened: never a password."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fixtures.postgresql_server import Server

from serving.storage import address_of, base_path, connect, open_read_only, shown
from serving.storage.address import Address
from threat.errors import BadInput, UsageError

VAR = Path("var")


@pytest.mark.parametrize(
    ("database", "path"),
    [
        ("", "var/desk.sqlite"),
        ("other.sqlite", "other.sqlite"),
        (Path("other.sqlite"), "other.sqlite"),
        ("sqlite:///folder/other.sqlite", "folder/other.sqlite"),
        ("sqlite:////srv/desk.sqlite", "/srv/desk.sqlite"),
    ],
)
def test_a_file(database: str | Path, path: str) -> None:
    address = address_of(VAR, database)
    assert (address.is_file, str(address.base_path), str(address)) == (True, path, path)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_server(scheme: str) -> None:
    address = address_of(VAR, f"{scheme}://desk:secret@db.example:5433/threat?sslmode=verify-full&password=secret")
    assert str(address) == "postgresql at db.example:5433, database threat"
    assert address.base_path == VAR / "desk.postgresql"
    assert address.url.drivername == "postgresql+psycopg"
    assert address.url.query["sslmode"] == "verify-full"


@pytest.mark.parametrize(
    ("database", "problem"),
    [
        (
            "mysql://desk:secret@db.example/threat",
            "The desk cannot keep its database there: it uses SQLite or PostgreSQL.",
        ),
        ("postgresql://desk:secret@db.example:port/threat", "The address of the database cannot be read."),
        ("://secret", "The address of the database cannot be read."),
        ("sqlite://", "The SQLite database has no file: one in memory would be another at each connection."),
        ("sqlite:///:memory:", "The SQLite database has no file: one in memory would be another at each connection."),
    ],
)
def test_an_address_that_is_none_is_said_without_repeating_it(database: str, problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        address_of(VAR, database)
    assert caught.value.problem == problem
    assert "secret" not in str(caught.value)


def test_a_password_is_in_no_message(postgresql_server: Server, tmp_path: Path) -> None:
    wrong = address_of(tmp_path, postgresql_server.url("migrated", password="a-wrong-secret"))
    for opening in (connect, open_read_only):
        with pytest.raises(BadInput, match="cannot be opened") as caught:
            opening(wrong)
        assert "password authentication failed" in str(caught.value)
        assert "~/.pgpass" in str(caught.value)
        assert "a-wrong-secret" not in str(caught.value)
    right = connect(address_of(tmp_path, postgresql_server.url("migrated", password=postgresql_server.password)))
    assert postgresql_server.password not in repr(right) + shown(right)
    assert base_path(right) == tmp_path / "desk.postgresql"
    right.dispose()


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be opened") as caught:
        connect(address_of(tmp_path, "postgresql://desk@127.0.0.1:9/threat"))
    assert "refused" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_cannot_hold_every_letter_is_refused(postgresql_server: Server, tmp_path: Path) -> None:
    postgresql_server.run("CREATE DATABASE ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(BadInput, match="not in UTF-8"):
        connect(address_of(tmp_path, postgresql_server.url("ascii")))
    postgresql_server.run("DROP DATABASE ascii")


def test_a_server_that_is_too_old_is_refused(postgresql_database: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.storage.postgresql._OLDEST", 99)
    with pytest.raises(BadInput, match="is too old"):
        connect(postgresql_database)


def test_a_driver_that_is_not_installed_is_said_with_what_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from threat import cli

    monkeypatch.setitem(sys.modules, "psycopg", None)
    database = "postgresql://desk@db.example/threat"
    monkeypatch.setattr(sys, "argv", ["threat", "audit-log", "verify", "--var", str(tmp_path), "--database", database])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == UsageError.exit_code
    assert "pip install 'threat-assessment[postgresql]'" in capsys.readouterr().err


def test_the_setting_of_the_environment_counts_for_a_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from threat import cli

    monkeypatch.setenv("THREAT_DATABASE", "postgresql://desk:secret@127.0.0.1:9/threat")
    monkeypatch.setattr(sys, "argv", ["threat", "audit-log", "verify", "--var", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr().err
    assert left.value.code == BadInput.exit_code
    assert "postgresql at 127.0.0.1:9, database threat" in said
    assert "secret" not in said
