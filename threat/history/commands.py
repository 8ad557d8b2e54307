"""``threat load``, ``threat profile`` and ``threat history``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from threat.asof import instant, parse_as_of, seconds, show
from threat.options import STORE, AsOfOption, JsonOption, PolicyOption, StoreOption
from threat.terminal import emit, progress, warn

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()
profile_app = typer.Typer(no_args_is_help=True, help="Write and try the profile of a source.")
app.add_typer(profile_app, name="profile")


@app.command("load")
def load_command(
    profile: Annotated[str, typer.Argument(help="Name of a profile, or the path of a YAML file.")],
    path: Annotated[Path, typer.Argument(help="The export: a folder, or a file where the profile reads one.")],
    covers_until: Annotated[
        list[str] | None,
        typer.Option(help="Up to when the export covers its feeds: TIME, or SOURCE=TIME for one. Say it every time."),
    ] = None,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Load an export into the history. Rows that do not fit are quarantined with a reason, never dropped.

    Exit codes: 0 loaded; 6 loaded, but more rows were quarantined than the profile's quarantine_limit allows, or with a
    warning; 3 refused, nothing was loaded; 2 wrong usage.
    """
    from threat.history.feeds import read_covers_until
    from threat.history.intake.export import find_files
    from threat.history.intake.load import load
    from threat.history.intake.profile import load_profile
    from threat.history.intake.report import lines

    source, now = load_profile(profile), seconds(datetime.now(tz=UTC))
    covers = read_covers_until(covers_until or [], now)
    size = sum(file.stat().st_size for _, file in find_files(source, path))
    with progress("Loading", total=size) as advance:
        report = load(source, path, store, now, advance, covers_until=covers)
    _derive(store)
    emit(report.as_dict(), as_json=as_json, lines=lambda _: lines(report))
    if report.exit_code:
        raise typer.Exit(report.exit_code)


def _derive(store: Path) -> None:
    """Make the arrays of what was just loaded where they must be signed: other processes have no key of intake."""
    from threat.history.store import Store
    from threat.trust.folder import UNSIGNED

    opened = Store.open(store)
    if opened.trust.exists:
        opened.snapshot().sightings()
    else:
        warn(UNSIGNED)


@profile_app.command("try")
def try_command(
    profile: Annotated[str, typer.Argument(help="Name of a profile, or the path of a YAML file.")],
    path: Annotated[Path, typer.Argument(help="The export: a folder, or a file where the profile reads one.")],
    against: Annotated[
        Path | None, typer.Option("--against", help="A history to compare with; it is only read.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Try a profile on an export: what a load would keep, quarantine and not know. No store is made or changed.

    Exit codes are those of ``threat load``.
    """
    from threat.history.intake.profile import load_profile
    from threat.history.intake.trial import lines, try_profile
    from threat.history.store import Store

    snapshot = None if against is None else Store.open(against).snapshot()
    trial = try_profile(load_profile(profile), path, seconds(datetime.now(tz=UTC)), snapshot)
    emit(trial.as_dict(), as_json=as_json, lines=lambda _: lines(trial))
    if trial.report.exit_code:
        raise typer.Exit(trial.report.exit_code)


@app.command("history")
def history_command(
    store: StoreOption = STORE,
    verify: Annotated[bool, typer.Option("--verify", help="Check every part against its SHA-256 first.")] = False,
    full: Annotated[
        bool, typer.Option("--full", help="With --verify: read every row, and compute every id and content again.")
    ] = False,
    policy: PolicyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print what is in the history: batches, rows by kind and source, where each source begins, how much came late."""
    from threat.history.overview import lines, overview
    from threat.history.store import Store
    from threat.policy import load_policy
    from threat.trust.folder import UNSIGNED

    zone = load_policy(policy).time_zone
    opened = Store.open(store)
    checked = opened.verify(full=full) if verify or full else None
    # Figures alone: what is read here decides nothing, so that a damaged store can still be looked at.
    document = {"parts_verified": checked, **_chain(opened.manifest()), **overview(opened.snapshot(check=False))}
    document["strays"] = [file.relative_to(store).as_posix() for file in opened.strays()]
    if not opened.trust.exists:
        warn(UNSIGNED)
    emit(document, as_json=as_json, lines=lambda shown: lines(shown, zone))


def _chain(manifest: Any) -> dict[str, Any]:
    """Return whether a history is signed, its records and head, and its erasures. ``manifest``: a ``Manifest``."""
    erasures = [
        {"erased_at": show(erasure.erased_at), "rows": erasure.counts, "reason": erasure.reason, "by": erasure.by}
        for erasure in manifest.erasures
    ]
    return {
        "signed": manifest.signed,
        "records": len(manifest.records),
        "head": manifest.head,
        "erasures": erasures,
    }


@app.command("erase")
def erase_command(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Id of the person: P- and 16 hexadecimal digits.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, without naming the person: kept for ever.")],
    by: Annotated[list[Path], typer.Option("--by", help="Private key file of one of the two people; say it twice.")],
    name: Annotated[
        list[str] | None,
        typer.Option(help="A name of the person, as the request gives it, to look for in quarantined rows; not kept."),
    ] = None,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Erase a person from the history: two people sign, and a record says what became of which file.

    Erase the person at the source first: a later export that names the person brings the person back.
    """
    from threat.history.erasure import Asked, erase
    from threat.history.store import Store
    from threat.ids import parse_id

    now = seconds(datetime.now(tz=UTC))
    opened = Store.open(store)
    erasure = erase(opened, Asked(parse_id(person, "P"), reason, tuple(by), now, tuple(name or ())))
    document = {
        "persons": erasure.persons,
        "rows": erasure.counts,
        "reason": erasure.reason,
        "by": erasure.by,
        "erased_at": show(erasure.erased_at),
        "snapshot_id": opened.snapshot(check=False).id,
    }
    emit(document, as_json=as_json, lines=_erased_lines)


def _erased_lines(document: dict[str, Any]) -> str:
    rows = ", ".join(f"{count:,} of {table}" for table, count in sorted(document["rows"].items()))
    return "\n".join(
        [
            f"Erased: {', '.join(document['persons'])}, by {' and '.join(document['by'])}.",
            f"Rows taken out, or without the person now: {rows}.",
            f"The history is at snapshot {document['snapshot_id']}. Lists and RUNs of before cannot be computed again.",
            "Publish a new list (threat score --publish): until then the desk shows none. Lists, RUNs and logs in var "
            "still name the person by id.",
        ]
    )


@app.command("retention")
def retention_command(
    table: Annotated[
        Path | None, typer.Option("--table", help="The force's table; the shipped one has no periods and is refused.")
    ] = None,
    as_of: AsOfOption = "",
    review: Annotated[
        str | None, typer.Option("--review", metavar="CLASS", help="Record that who is due of this class was reviewed.")
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option("--person", help="With --review: these persons alone; may be repeated.")
    ] = None,
    until: Annotated[str, typer.Option("--until", help="With --review: until when the records stay.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="With --review: why they stay, without naming anybody.")] = "",
    by: Annotated[Path | None, typer.Option("--by", help="With --review: your private key.")] = None,
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """List the persons whose records are due for a review, by the force's own table of retention classes.

    With --review CLASS: record, signed, that the records of those who are due stay until a day, and list who is left.
    """
    from threat.history.retention import day_of, due, load_table, review_of
    from threat.history.retention_decisions import VERB, Review, decisions, record_review
    from threat.history.store import Store
    from threat.ids import parse_id, show_id

    rules, opened = load_table(table), Store.open(store)
    at = parse_as_of(as_of) if as_of else seconds(datetime.now(tz=UTC))
    snapshot, today = opened.snapshot(), instant(at).date()
    if review is not None:
        signer = opened.trust.signer(VERB, by)
        chosen = frozenset(parse_id(each, "P") for each in person or ())
        asked = Review(review, chosen, day_of(until), reason, signer.key.name, today)
        rows = due(snapshot, rules, at, decisions(store, opened.trust))
        record_review(store, review_of(rows, rules, asked), opened.trust, signer)
    decided = decisions(store, opened.trust)
    rows = due(snapshot, rules, at, decided)
    holds = {hold.person: hold for hold in reversed(decided.holds) if hold.in_force(today)}
    document = {
        "as_of": show(at),
        "version": rules.version,
        "owner": rules.owner,
        "source": rules.source,
        "classes": {each.name: sum(row.retention_class == each.name for row in rows) for each in rules.classes},
        "due": [
            {
                "person": show_id("P", row.person),
                "class": row.retention_class,
                "last_record": str(row.last_record),
                "due": str(row.due),
                "hold": holds[row.person].reference if row.person in holds else None,
            }
            for row in rows
        ],
    }
    emit(document, as_json=as_json, lines=_retention_lines)


def _retention_lines(document: dict[str, Any]) -> str:
    counts, rows = document["classes"], document["due"]
    head = f"Due for a review on {document['as_of'][:10]} by the table {document['version']} ({document['owner']})"
    return "\n".join(
        [
            f"{head}: {len(rows):,} persons",
            *(f"  {name}: {count:,}" for name, count in counts.items()),
            *(
                f"{row['person']}  {row['class']}  last record {row['last_record']}, due since {row['due']}"
                + (f"; under the legal hold {row['hold']}" if row["hold"] else "")
                for row in rows
            ),
        ]
    )


@app.command("legal-hold")
def legal_hold_command(
    person: Annotated[str, typer.Argument(metavar="PERSON", help="Id of the person: P- and 16 hexadecimal digits.")],
    reference: Annotated[str, typer.Option("--reference", help="The authority's own reference of the hold.")],
    by: Annotated[Path, typer.Option("--by", help="Your private key.")],
    authority: Annotated[str, typer.Option("--authority", help="By whose word, such as a coroner.")] = "",
    until: Annotated[str, typer.Option("--until", help="Last day of the hold; without one, until it is lifted.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="Lift the hold.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="With --lift: why.")] = "",
    store: StoreOption = STORE,
    as_json: JsonOption = False,
) -> None:
    """Hold the records of a person, signed: nobody erases them while the hold lasts. With --lift: end the hold."""
    from threat.history.retention import day_of
    from threat.history.retention_decisions import VERB, Hold, lift_hold, record_hold
    from threat.history.store import Store
    from threat.ids import parse_id

    opened, today = Store.open(store), datetime.now(tz=UTC).date()
    signer = opened.trust.signer(VERB, by)
    last = day_of(until) if until else None
    hold = Hold(parse_id(person, "P"), authority, reference, last, signer.key.name, today)
    if lift:
        lift_hold(store, hold, reason, today, opened.trust, signer)
    else:
        record_hold(store, hold, opened.trust, signer)
    document = {
        "person": person,
        "reference": reference,
        "authority": authority,
        "until": None if last is None else last.isoformat(),
        "lifted": lift,
        "by": signer.key.name,
    }
    emit(document, as_json=as_json, lines=_hold_lines)


def _hold_lines(document: dict[str, Any]) -> str:
    if document["lifted"]:
        return f"The hold {document['reference']} on {document['person']} is lifted, by {document['by']}."
    end = f"until {document['until']}" if document["until"] else "until it is lifted"
    return f"{document['person']} is held for {document['authority']} ({document['reference']}) {end}."


@app.command("sign-history")
def sign_history_command(store: StoreOption = STORE, as_json: JsonOption = False) -> None:
    """Verify a history in full and sign all of it with the key of intake.

    Once, for a history of before there was a trust folder; and again after the key of intake was lost or revoked.
    """
    from threat.history.store import Store

    manifest = Store(store).sign()
    document = {"store": str(store), "records": len(manifest.records), "head": manifest.head, "signed": True}
    emit(
        document,
        as_json=as_json,
        lines=lambda shown: f"Verified in full and signed: {shown['records']} records, head {shown['head'][:16]}",
    )
