"""``threat people``: who may sign in to the desk, for the first administrator and where no administrator can."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from threat.options import VAR, DatabaseOption, JsonOption, VarOption
from threat.terminal import emit

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()
people = typer.Typer(help="Who may sign in to the desk.", invoke_without_command=True)
app.add_typer(people, name="people")

RoleOption = Annotated[
    list[str] | None,
    typer.Option("--role", help="reviewer, supervisor, analyst, governance or admin; repeat for more."),
]
AuthorityOption = Annotated[str | None, typer.Option("--authority", help="none, inspector or superintendent.")]
UnitOption = Annotated[str | None, typer.Option("--unit", help="Of the force.")]
TrainedOption = Annotated[str | None, typer.Option("--trained-until", help="Last day of their training: 2027-03-31.")]
JustificationOption = Annotated[
    str, typer.Option("--why", help="joined, moved, rank, cover, training, left, concern or correction.")
]
PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="U- and 16 hexadecimal digits.")]


@people.callback()
def list_people(
    context: typer.Context, var: VarOption = VAR, database: DatabaseOption = "", as_json: JsonOption = False
) -> None:
    """List everybody who may sign in, or ever could, with their roles."""
    if context.invoked_subcommand is not None:
        return
    from serving.identity.by_command import listed
    from serving.identity.settings import sign_in_settings
    from serving.storage import address_of

    issuer = sign_in_settings().issuer
    document = {"issuer": issuer, "people": listed(address_of(var, database), issuer)}
    emit(document, as_json=as_json, lines=_show_people)


@people.command("show")
def show_person(
    person: PersonArgument,
    at: Annotated[str | None, typer.Option("--at", help="How they stood then: 2026-05-01T08:00+01:00.")] = None,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show one person, and every change of them: who had which role, and when."""
    from serving.identity.by_command import history
    from serving.storage import address_of
    from threat.asof import parse_as_of

    document = history(address_of(var, database), person, None if at is None else parse_as_of(at))
    emit(document, as_json=as_json, lines=_show_history)


@people.command("add")
def add_person(
    subject: Annotated[str, typer.Argument(help="Who they are to the identity provider: the subject, not the e-mail.")],
    name: Annotated[str, typer.Option("--name", help="As pages and the audit log show it.")],
    role: RoleOption = None,
    authority: AuthorityOption = None,
    unit: UnitOption = None,
    trained_until: TrainedOption = None,
    why: JustificationOption = "joined",
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Add a person, who may sign in from now on."""
    from serving.identity.by_command import add, as_document
    from serving.identity.people import Account, Standing, fields_given
    from serving.identity.settings import VARIABLE, sign_in_settings
    from serving.storage import address_of
    from threat.errors import UsageError

    provider = sign_in_settings().provider
    if provider is None:
        raise UsageError(
            "There is no identity provider that could say who this person is.",
            way_out=f"name the settings of the force's provider in {VARIABLE} (docs/serving.md)",
        )
    standing = Standing(
        **fields_given(shown=name, roles=role or [], authority=authority, unit=unit, trained_until=trained_until)
    )
    person = add(address_of(var, database), Account(provider.issuer, subject), standing, why, int(time.time()))
    emit(as_document(person), as_json=as_json, lines=_show_person)


@people.command("change")
def change_person(
    person: PersonArgument,
    why: JustificationOption,
    name: Annotated[str | None, typer.Option("--name", help="As pages and the audit log show it.")] = None,
    role: RoleOption = None,
    no_role: Annotated[bool, typer.Option("--no-role", help="Take every role away.")] = False,
    authority: AuthorityOption = None,
    unit: UnitOption = None,
    trained_until: TrainedOption = None,
    active: Annotated[bool, typer.Option("--active", help="They may sign in again.")] = False,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Change what a person may do, from their next request on; what is not given stays. --role replaces all roles."""
    from serving.identity.by_command import as_document, change
    from serving.identity.people import fields_given
    from serving.storage import address_of

    changes = fields_given(
        shown=name,
        roles=[] if no_role else role,
        authority=authority,
        unit=unit,
        trained_until=trained_until,
    )
    changes |= {"active": True} if active else {}
    changed, differing = change(address_of(var, database), person, changes, why, int(time.time()))
    emit(as_document(changed) | {"changed": differing}, as_json=as_json, lines=_show_person)


@people.command("deactivate")
def deactivate_person(
    person: PersonArgument,
    why: JustificationOption,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """End the access of a person, at their next request. What was said of them stays; their roles come back with it."""
    from serving.identity.by_command import as_document, change
    from serving.storage import address_of

    changed, differing = change(address_of(var, database), person, {"active": False}, why, int(time.time()))
    emit(as_document(changed) | {"changed": differing}, as_json=as_json, lines=_show_person)


def _show_people(document: dict[str, Any]) -> str:
    if not document["people"]:
        return f"Nobody of {document['issuer']} may sign in yet. Add the first administrator: threat people add."
    return "\n".join(_show_person(person) for person in document["people"])


def _show_person(document: dict[str, Any]) -> str:
    parts = [document["roles"]]
    parts += [document["authority"]] if document["authority"] != "none" else []
    parts += [f"trained until {document['trained_until']}"] if document["trained_until"] else []
    parts += [] if document["active"] else ["ACCESS HAS ENDED"]
    return f"{document['person']}  {document['shown']}: {', '.join(parts)}"


def _show_history(document: dict[str, Any]) -> str:
    from serving.identity.people import JUSTIFICATIONS
    from threat.asof import show

    lines = [_show_person(document), f"  {document['subject']} of {document['issuer']}"]
    if "at" in document:
        lines.append(f"  {document['at']}  {_stood(document['stood'])}")
        lines.append("  Every change:")
    lines += [
        f"  {show(change['at'])}  {_stood(change)} {JUSTIFICATIONS[change['justification']]}. By {change['by']}."
        for change in document["changes"]
    ]
    return "\n".join(lines)


def _stood(standing: dict[str, Any] | None) -> str:
    if standing is None:
        return "Not yet among the people of the desk."
    access = "" if standing["active"] else ", access ended"
    return f"{standing['roles']}, authority {standing['authority']}{access}."
