"""``threat people``: the first administrator, a change, the end of access; each is an entry of the log."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fixtures.sign_in_settings import write_settings

from serving.audit.log import account


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("THREAT_SIGN_IN", str(write_settings(tmp_path)))
    return str(tmp_path / "var")


def test_the_first_administrator_a_change_and_the_end_of_access(threat, var):
    assert threat("people", "--var", var)[1]["people"] == []
    code, ann, noise = threat("people", "add", "ann-1", "--name", "Ann Made-up", "--role", "admin", "--var", var)
    assert (code, noise, ann["subject"], ann["roles"]) == (0, "", "ann-1", "admin")
    person = ann["person"]
    given = ("--role", "supervisor", "--role", "analyst", "--authority", "inspector", "--unit", "TAU")
    _, changed, _ = threat("people", "change", person, "--why", "rank", *given, "--var", var)
    assert (changed["roles"], changed["changed"]) == ("supervisor, analyst", ["roles", "unit", "authority"])
    _, ended, _ = threat("people", "deactivate", person, "--why", "left", "--var", var)
    assert (ended["active"], ended["changed"], ended["roles"]) == (False, ["active"], "supervisor, analyst")
    _, shown, _ = threat("people", "show", person, "--var", var)
    by = f"command line ({account()})"
    assert [
        (change["roles"], change["active"], change["justification"], change["by"]) for change in shown["changes"]
    ] == [
        ("supervisor, analyst", False, "left", by),
        ("supervisor, analyst", True, "rank", by),
        ("admin", True, "joined", by),
    ]
    assert threat("people", "show", person, "--at", "2020-01-01", "--var", var)[1]["stood"] is None
    stood = threat("people", "show", person, "--at", "2099-01-01", "--var", var)[1]["stood"]
    assert (stood["roles"], stood["active"]) == ("supervisor, analyst", False)
    assert [listed["person"] for listed in threat("people", "--var", var)[1]["people"]] == [person]
    with closing(sqlite3.connect(f"{var}/desk.sqlite")) as raw:
        rows = raw.execute(
            "SELECT who, role, operation, action, subject FROM audit_entries ORDER BY sequence"
        ).fetchall()
    assert rows == [
        ("command line", "operator", operation, action, person)
        for operation, action in (
            ("collection", "add a person"),
            ("alteration", "change a person"),
            ("alteration", "change a person"),
        )
    ]
    code, verified, _ = threat("audit-log", "verify", "--var", var)
    assert (code, verified["entries"], verified["witnessed"]) == (0, 3, 3)


def test_everything_that_is_wrong_is_said_at_once(threat, var):
    given = ("--role", "chief", "--authority", "king", "--trained-until", "soon")
    code, said, _ = threat("people", "add", "ann-1", "--name", "Ann", *given, "--var", var)
    assert code == 2
    for problem in ("There is no such role.", "There is no such authority.", "The last day of training is no day."):
        assert problem in said["problem"]


def test_nobody_is_added_without_a_provider_that_could_vouch_for_them(threat, tmp_path, monkeypatch):
    monkeypatch.delenv("THREAT_SIGN_IN", raising=False)
    code, said, _ = threat("people", "add", "ann-1", "--name", "Ann", "--var", str(tmp_path))
    assert (code, said["problem"]) == (2, "There is no identity provider that could say who this person is.")
    assert "THREAT_SIGN_IN" in said["way_out"]
