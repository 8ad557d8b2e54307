"""``threat services``: a system is let in with a secret that is shown once, listed, and ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from serving.audit.tables import AUDIT_ENTRIES
from serving.desk.events.services import SERVICES, of_secret
from serving.storage import connect, reading


def test_let_in_listed_and_ended(tmp_path: Path, threat: Any) -> None:
    var = str(tmp_path / "var")
    code, made, _ = threat("services", "let-in", "crime system", "--profile", "standard_csv", "--var", var)
    assert (code, made["name"], made["profile"]) == (0, "crime system", "standard_csv")
    engine = connect(tmp_path / "var" / "desk.sqlite")
    with reading(engine) as connection:
        service = of_secret(connection, made["secret"])
        kept = connection.execute(select(SERVICES.c.secret_sha256)).scalars().all()
        logged = connection.execute(select(AUDIT_ENTRIES.c.action, AUDIT_ENTRIES.c.detail)).all()
    assert service is not None
    assert service.id == made["id"]
    assert made["secret"] not in str([*kept, *logged])
    assert [action for action, _ in logged] == ["let a system in"]
    code, refused, _ = threat("services", "let-in", "crime system", "--profile", "standard_csv", "--var", var)
    assert (code, refused["problem"]) == (2, "This name is of a system that is let in already.")
    assert threat("services", "end", "crime system", "--var", var)[0] == 0
    with reading(engine) as connection:
        assert of_secret(connection, made["secret"]) is None
    engine.dispose()
    code, listed, _ = threat("services", "--var", var)
    assert (code, [(row["id"], row["ended_at"] is None) for row in listed["services"]]) == (0, [(made["id"], False)])


def test_what_is_not_let_in_is_not_ended(tmp_path: Path, threat: Any) -> None:
    code, refused, _ = threat("services", "end", "crime system", "--var", str(tmp_path))
    assert (code, refused["problem"]) == (2, "No system of this name is let in.")


def test_a_profile_that_is_none_is_said_at_once(tmp_path: Path, threat: Any) -> None:
    assert threat("services", "let-in", "crime system", "--profile", "absent.yaml", "--var", str(tmp_path))[0] == 2
    assert not (tmp_path / "desk.sqlite").exists()
