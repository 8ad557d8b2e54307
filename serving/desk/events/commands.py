"""``threat services``: the systems that may send records to the desk as they happen."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threat.options import VAR, DatabaseOption, JsonOption, VarOption
from threat.terminal import emit

if TYPE_CHECKING:
    # SQLAlchemy loads when the database is opened: `threat --help` starts without it.
    from sqlalchemy import Engine

app = typer.Typer()
services = typer.Typer(help="Systems that send records to the desk as they happen.", invoke_without_command=True)
app.add_typer(services, name="services")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What people call the system.")]


@services.callback()
def list_services(
    context: typer.Context, var: VarOption = VAR, database: DatabaseOption = "", as_json: JsonOption = False
) -> None:
    """List every system that may send records, or ever could."""
    if context.invoked_subcommand is not None:
        return
    from serving.desk.events.services import all_of

    with _opened(var, database) as engine:
        document = {"services": [_document(row) for row in all_of(engine)]}
    emit(document, as_json=as_json, lines=_show_services)


@services.command("let-in")
def let_in(
    name: NameArgument,
    profile: Annotated[str, typer.Option(help="The profile its rows are read by: a name, or a YAML file.")],
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Let a system send records; its secret is printed this once."""
    from serving.audit.log import account
    from serving.desk.events import services as let
    from threat.history.intake.profile import load_profile

    load_profile(profile)  # a profile that does not read is said now, not at the first delivery
    where = str(Path(profile).resolve()) if profile.endswith((".yaml", ".yml")) else profile
    with _opened(var, database) as engine:
        service, secret = let.let_in(engine, name, where, by=account(), at=_now())
    document = {"id": service.id, "name": service.name, "profile": service.profile, "secret": secret}
    emit(document, as_json=as_json, lines=_show_let_in)


@services.command("end")
def end(name: NameArgument, var: VarOption = VAR, database: DatabaseOption = "", as_json: JsonOption = False) -> None:
    """Refuse a system from its next delivery on."""
    from serving.audit.log import account
    from serving.desk.events import services as let

    with _opened(var, database) as engine:
        service = let.end(engine, name, by=account(), at=_now())
    emit({"id": service.id, "name": service.name}, as_json=as_json, lines=_show_end)


@contextmanager
def _opened(var: Path, database: str) -> Iterator[Engine]:
    from serving.storage import address_of, connect

    engine = connect(address_of(var, database))
    try:
        yield engine
    finally:
        engine.dispose()


def _document(row: Any) -> dict[str, Any]:
    from threat.asof import show

    ended = row.ended_at
    return {
        "id": row.id,
        "name": row.name,
        "profile": row.profile,
        "made_at": show(row.made_at),
        "made_by": row.made_by,
        "ended_at": None if ended is None else show(ended),
    }


def _show_services(document: dict[str, Any]) -> str:
    lines = [
        f"{item['name']}, {item['id']}: profile {item['profile']}, let in {item['made_at']} by {item['made_by']}"
        + (f", ended {item['ended_at']}" if item["ended_at"] else "")
        for item in document["services"]
    ]
    return "\n".join(lines) or "No system sends records here: threat services let-in NAME --profile PROFILE."


def _show_let_in(document: dict[str, Any]) -> str:
    return (
        f"{document['name']} may send records, read by the profile {document['profile']}.\n"
        f"Its secret, which is not kept here and not shown again:\n  {document['secret']}\n"
        "It goes into each request: POST /api/v1/events, Authorization: Bearer SECRET, Idempotency-Key: KEY."
    )


def _show_end(document: dict[str, Any]) -> str:
    return f"{document['name']} is refused from now on."


def _now() -> int:
    return int(time.time())
