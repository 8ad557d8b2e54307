"""``threat score``, ``explain``, ``replay``, ``serve`` and ``audit-log verify``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serving.casework.commands import app as casework
from threat.asof import parse_as_of, show
from threat.errors import IntegrityFailure, UsageError
from threat.options import (
    STORE,
    VAR,
    AsOfOption,
    DatabaseOption,
    JsonOption,
    PolicyOption,
    PortOption,
    StoreOption,
    VarOption,
)
from threat.terminal import emit, progress

if TYPE_CHECKING:
    # SQLAlchemy loads when a log is opened: `threat --help` starts without it.
    from sqlalchemy import Engine

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()
audit_log = typer.Typer(help="The audit log of the desk.")
app.add_typer(audit_log, name="audit-log")
app.add_typer(casework, name="casework")


@app.command("score")
def score(
    as_of: AsOfOption,
    capacity: Annotated[int | None, typer.Option(help="Relationships the unit reviews; else the policy's.")] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Make it the list the desk shows.")] = False,
    rule: Annotated[str | None, typer.Option(help="Rank by this rule, whatever is in service.")] = None,
    policy: PolicyOption = None,
    previous: Annotated[
        str | None, typer.Option(help="List that changes are compared with; otherwise the published list.")
    ] = None,
    stale_ok: Annotated[
        bool, typer.Option("--stale-ok", help="Publish although a feed is old; marked on the list and every page.")
    ] = False,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Rank every eligible relationship at an as-of, with reasons, into a frozen list."""
    from serving.casework.published import open_current
    from serving.lists.feed_words import feed_sentence, feeds_alike
    from serving.lists.making import ListOptions, make_list
    from threat.trust.folder import Trust

    options = ListOptions(
        capacity=capacity,
        publish=publish,
        rule=rule,
        policy_path=policy,
        previous=previous,
        stale_ok=stale_ok,
        database=database,
    )
    with progress("scoring", 1.0) as advance:
        made = make_list(store, var, parse_as_of(as_of), options, started_at=_now(), advance=advance)
    opened = open_current(store, var, _now(), policy, database) if publish else {}
    zone = made.basis.time_zone
    document = {
        "list": made.id,
        "path": str(var / "lists" / made.id),
        "as_of": show(made.basis.as_of),
        "snapshot": made.basis.snapshot,
        "ranking": made.basis.ranking,
        "ranking_title": made.basis.ranking_title,
        "ranking_note": made.basis.ranking_note,
        "demonstration": made.basis.demonstration,
        "capacity": made.basis.capacity,
        "selected": made.selected,
        "ranked": len(made),
        "ties": made.ties,
        "must_see": len(made.must_see),
        "safeguarding": len(made.safeguarding),
        "attrition": [step.as_json() for step in made.basis.attrition],
        "feeds": [
            feed.as_json() | {"says": feed_sentence([feed], made.basis.as_of, zone)} for feed in made.basis.feeds
        ],
        "feeds_in_words": [
            {"stale": alike[0].stale, "says": feed_sentence(alike, made.basis.as_of, zone)}
            for alike in feeds_alike(made.basis.feeds, zone)
        ],
        "stale": any(feed.stale for feed in made.basis.feeds),
        "stale_ok": made.basis.stale_ok,
        "previous": made.basis.previous,
        "published": publish,
        "referrals": {name: opened.get(name, 0) for name in ("must_see", "for_review", "questions")},
        "remarks": list(made.remarks),
        "signed": Trust.open().exists,
    }
    emit(document, as_json=as_json, lines=_show_list)


@app.command("explain")
def explain(
    relationship: Annotated[str, typer.Argument(help="R- and 16 hexadecimal digits.")],
    as_of: AsOfOption,
    policy: PolicyOption = None,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say why a relationship has its place: contributions that add up to its score, in sentences."""
    from serving.lists.making import explain_relationship

    at = parse_as_of(as_of)
    document = explain_relationship(
        store, var, relationship, at, started_at=_now(), policy_path=policy, database=database
    )
    emit(document, as_json=as_json, lines=_show_reasons)


@app.command("replay")
def replay(
    list_id: Annotated[str, typer.Argument(metavar="LIST", help="The list's id, L-...")],
    policy: PolicyOption = None,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Compute a list again from the same snapshot and compare every value; exit 5 when anything differs."""
    from serving.lists.making import replay_list

    with progress("scoring again", 1.0) as advance:
        document = replay_list(
            store, var, list_id, started_at=_now(), policy_path=policy, advance=advance, database=database
        )
    if not document["same"]:
        raise IntegrityFailure(
            "The list computed again differs from the frozen list.",
            value="; ".join(document["differences"]),
            where=list_id,
            way_out="find what changed: the records of the snapshot, the catalogue, the policy or the model",
        )
    emit(document, as_json=as_json, lines=_show_replay)


@app.command("serve")
def serve(
    host: Annotated[
        str, typer.Option(help="A loopback address, unless people sign in at an identity provider.")
    ] = "127.0.0.1",
    port: PortOption = 8000,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    database: DatabaseOption = "",
    development: Annotated[
        bool, typer.Option("--development", help="Serve although this user could change whom the desk believes.")
    ] = False,
    tour: Annotated[Path | None, typer.Option(help="The tour of a demonstration.", hidden=True)] = None,
    as_json: JsonOption = False,
) -> None:
    """The desk: pages and API, on this machine unless $THREAT_SIGN_IN names a provider. Ctrl-C ends it."""
    from serving.desk.server import Served, run

    served = Served(store=store, var=var, tour=tour, database=database, development=development)
    run(host, port, served, as_json=as_json, clock=_now)


@app.command("sentences")
def sentences(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of forces: as --var, with the history in history or force/history.")
    ],
    count: Annotated[int, typer.Option(min=1, help="Sentences to draw.")] = 30,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 1,
    make: Annotated[
        bool, typer.Option("--make", help="First make a small synthetic force in each folder that has no list.")
    ] = False,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Random sentences of lists, by the rule and by the model, each with its records, for a person to read."""
    from serving.lists.drawn_sentences import draw

    if make:
        from serving.demonstration.forces import make_forces

        make_forces(folders, quiet=as_json)
    drawn = draw(folders, count, seed, at=_now(), database=database)
    emit({"seed": seed, "sentences": [sentence.as_json() for sentence in drawn]}, as_json=as_json, lines=_show_drawn)


@audit_log.command("verify")
def verify(
    var: VarOption = VAR,
    witness: Annotated[Path | None, typer.Option(help="Another copy of the witness file.")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="A copy of a signed checkpoint, kept elsewhere.")] = None,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read the whole chain again; exit 5 at the first entry that doesn't fit."""
    from serving.audit.checkpoints import verify_log
    from threat.trust.folder import UNSIGNED, Trust

    trust = Trust.open()
    with _audit_log_of(var, database) as engine:
        verified = verify_log(engine, trust, witness=witness, shipped=checkpoint)
    document = verified.as_dict() | {"note": "" if trust.exists else UNSIGNED}
    emit(document, as_json=as_json, lines=_show_verified)


@audit_log.command("sign")
def sign(
    var: VarOption = VAR,
    witness: Annotated[Path | None, typer.Option(help="Another copy of the witness file.")] = None,
    key: Annotated[Path | None, typer.Option(help="Private key for audit; else audit.pem of $THREAT_KEYS.")] = None,
    database: DatabaseOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read the whole chain again and sign its last entry: the first checkpoint of a log, or one more."""
    from serving.audit.checkpoints import sign_first
    from threat.trust.folder import Trust

    trust = Trust.open()
    signer = trust.signer("audit", key)
    with _audit_log_of(var, database) as engine:
        checkpoint = sign_first(engine, trust, signer, _now(), witness)
    document = {"signed": checkpoint.sequence, "head": checkpoint.hash, "by": checkpoint.by}
    emit(document, as_json=as_json, lines=_show_signed)


@app.command("move-database")
def move_database(
    var: VarOption = VAR,
    database: DatabaseOption = "",
    source: Annotated[
        str, typer.Option("--from", metavar="URL", help="Where it is; else desk.sqlite in the folder of --var.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Copy the desk's database into an empty one (--database), with its log as the same chain. Stop the desk first."""
    from serving.audit.moving import move
    from serving.storage import address_of
    from threat.trust.folder import Trust

    moved = move(address_of(var, source), address_of(var, database), Trust.open(), _now())
    left = "" if moved.left is None else str(moved.left)
    emit({"rows": moved.rows, "entries": moved.entries, "left": left}, as_json=as_json, lines=_show_moved)


@contextmanager
def _audit_log_of(var: Path, database: str) -> Iterator[Engine]:
    from serving.storage import address_of, connect

    address = address_of(var, database)
    if not address.may_exist:
        way_out = "name its folder with --var, or its database with --database"
        raise UsageError("There is no audit log in this folder.", where=str(address), way_out=way_out)
    engine = connect(address)
    try:
        yield engine
    finally:
        engine.dispose()


def _now() -> int:
    return int(time.time())


def _show_list(document: dict[str, Any]) -> str:
    from threat.trust.folder import UNSIGNED

    ties = document["ties"]
    lines = [
        f"{document['list']}: {document['ranked']:,} relationships ranked, {document['selected']:,} for review, "
        f"{document['must_see']:,} must-see, {document['safeguarding']:,} for safeguarding (a party may be a child).",
        f"Order: {document['ranking_title']}. {document['ranking_note']}",
    ]
    if document["demonstration"]:
        lines.append("DEMONSTRATION: approved by signatories who count nowhere else.")
    if ties["groups"]:
        lines.append(f"Ties: {ties['rows']:,} rows in {ties['groups']:,} groups; {ties['at_edge']:,} at the edge.")
    lines += [f"  {step['step']}: {step['dropped']:,} left out, {step['reason']}" for step in document["attrition"][1:]]
    lines += [f"{'WARNING: ' if feed['stale'] else ''}{feed['says']}" for feed in document["feeds_in_words"]]
    if document["stale"]:
        lines.append(
            "WARNING: a feed that is behind is silent, which is not calm: nothing recorded since is in the list."
        )
    lines += [f"WARNING: {remark}" for remark in document["remarks"]]
    lines.append("Published: the desk shows it." if document["published"] else "Not published (add --publish).")
    if document["published"]:
        put = document["referrals"]
        lines.append(
            f"Put before the unit: {put['must_see']:,} must-see, {put['for_review']:,} for review, "
            f"{put['questions']:,} questions of identity."
        )
    lines += [] if document["signed"] else [UNSIGNED]
    lines.append("Not being on the list is not a sign of safety.")
    return "\n".join(lines)


def _show_replay(document: dict[str, Any]) -> str:
    marked = " Its model was revoked, and ranks nobody any more." if document["revoked"] else ""
    return f"{document['list']}: {document['rows']:,} rows, the same again.{marked}"


def _show_reasons(document: dict[str, Any]) -> str:
    from serving.relationship.panel_words import OTHER_PARTS, PANEL_WORDS, REST, STILL, sign_of

    panel, words = document["panel"], PANEL_WORDS[document["ranking"]]
    lines = [f"{document['relationship']} at {document['as_of']}", f"Order: {document['ranking_title']}.", words.raises]
    for reason in panel["raises"]:
        titles = f"{', '.join(reason['titles'])}: " if reason["strength"] else ""
        lines.append(f"  {_bar(reason['strength'])}{titles}{reason['text']}.")
    if not panel["raises"]:
        lines.append(f"  {words.nothing} {STILL}")
    if panel["on_record"]:
        lines += [words.on_record, f"  {words.limit}"]
        lines += [f"  {marker['title']}: {marker['text']}." for marker in panel["on_record"]]
    if document["ranking"] == "model":
        lines += [OTHER_PARTS, f"  {_bar(panel['other_strength'])}{sign_of(panel['other'])}. {REST}"]
    return "\n".join(lines)


def _show_drawn(document: dict[str, Any]) -> str:
    lines = []
    for number, drawn in enumerate(document["sentences"], 1):
        lines += [
            f"{number}. {drawn['force']}, {drawn['relationship']}. {drawn['order']}.",
            f"   {', '.join(dict.fromkeys((drawn['heading'], *drawn['titles'])))}",
            f"   > {drawn['text']}.",
        ]
        lines += [f"     read by the order: {figure}" for figure in drawn["figures"][:_FIGURES_SHOWN]]
        lines += [f"     {record}" for record in drawn["records"][:_RECORDS_SHOWN]]
        if (more := len(drawn["records"]) - _RECORDS_SHOWN) > 0:
            lines.append(f"     and {more:,} more records")
    lines.append(f"\n{len(document['sentences'])} sentences. Does each help somebody who has to decide?")
    return "\n".join(lines)


_RECORDS_SHOWN, _FIGURES_SHOWN = 12, 4
"""Lines under a drawn sentence: enough to judge it by, few enough that thirty sentences are read at a sitting."""


def _bar(strength: int) -> str:
    return f"{'#' * strength:<8}  " if strength else ""


def _show_verified(document: dict[str, Any]) -> str:
    lines = [
        f"The audit log is whole: {document['entries']:,} entries, {document['witnessed']:,} vouched for by the "
        "witness."
    ]
    if document["torn"]:
        lines.append("The last line of the witness is torn, and its entry is in the log: the next entry completes it.")
    if document["lines_missing"]:
        lines.append(
            f"{document['lines_missing']:,} entries have no line of their own in the witness (a crash, or a line taken "
            "out); a later line vouches for them."
        )
    lines.append(document["note"] or f"Under a signed checkpoint: {document['signed']:,} entries.")
    return "\n".join([*lines, f"Last hash: {document['head']}"])


def _show_moved(document: dict[str, Any]) -> str:
    rows = sum(document["rows"].values())
    moved = f"Moved: {rows:,} rows, {document['entries']:,} entries in one chain with that of the move."
    return f"{moved} The file of before is {document['left']}." if document["left"] else moved


def _show_signed(document: dict[str, Any]) -> str:
    return f"Signed by {document['by']}: {document['signed']:,} entries, up to {document['head']}."
