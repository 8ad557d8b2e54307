"""``threat casework open``, ``nightly`` and ``check``: what waits for people, and whether heads are as facts say."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from threat.options import STORE, VAR, DatabaseOption, JsonOption, PolicyOption, StoreOption, VarOption
from threat.terminal import emit

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer(help="Cases: what waits for a person, and whether everything is as it was written.")


@app.command("open")
def open_command(
    policy: PolicyOption = None,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Open the referrals of the published list; the desk does so by itself where nobody has."""
    from serving.casework.published import open_current

    emit(open_current(store, var, _now(), policy, database), as_json=as_json, lines=_show_opened)


@app.command("check")
def check_command(
    policy: PolicyOption = None, var: VarOption = VAR, database: DatabaseOption = "", as_json: JsonOption = False
) -> None:
    """Compute every case again from its facts, and delete drafts that are over; exit 5 where anything differs."""
    from serving.casework.nightly import check_of

    emit(check_of(var, _now(), policy, database), as_json=as_json, lines=_show_checked)


@app.command("nightly")
def nightly_command(
    at: Annotated[
        str | None, typer.Option("--at", help="As if it were then: 2026-05-01T02:00+01:00; else now.")
    ] = None,
    policy: PolicyOption = None,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Bring cases back by date or new record, roll dates on where nothing is new, then check; once a night."""
    from serving.casework.night import night_of
    from threat.asof import parse_as_of

    when = _now() if at is None else parse_as_of(at)
    emit(night_of(store, var, when, policy, database), as_json=as_json, lines=_show_night)


def _now() -> int:
    return int(time.time())


def _show_night(document: dict[str, Any]) -> str:
    lines = [
        f"{document['cases']:,} cases may come back. By a new record came {document['new_record']:,}, and "
        f"{document['collected']:,} that wait took further records. By their date came {document['review_due']:,}. "
        f"Nothing was new in {document['rolled']:,}: the system rolled their date on."
    ]
    from serving.casework.transitions import transitions

    checks = transitions().checks
    for name, count in document["not_rolled"].items():
        lines.append(f"{count:,} went to a person, as this does not hold: {checks[name]}")
    lines += [f"Late feed, so no date was rolled on: {sentence}" for sentence in document["late_feeds"]]
    if document["in_use"]:
        lines.append(f"{document['in_use']:,} cases were acted on just then: they are read again the next night.")
    return "\n".join([*lines, _show_checked(document["check"])])


def _show_checked(document: dict[str, Any]) -> str:
    return (
        f"{document['cases']:,} cases and {document['referrals']:,} referrals are as their facts say. "
        f"{document['drafts_deleted']:,} drafts were over and are deleted."
    )


def _show_opened(document: dict[str, Any]) -> str:
    if not document["opened"]:
        return f"{document['list']}: its referrals are open already."
    return (
        f"{document['list']}: {document['must_see']:,} must-see, {document['for_review']:,} for review, "
        f"{document['questions']:,} questions of identity put before the unit."
    )
