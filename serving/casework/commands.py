"""``threat casework open`` and ``check``: what a published list asks of people, and whether heads are as facts say."""

from __future__ import annotations

import time
from typing import Any

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


def _now() -> int:
    return int(time.time())


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
