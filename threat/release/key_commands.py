"""How keys end, and what becomes of what they signed: ``threat witness``, ``chains``, ``revoke-key``, ``vouch`` ..."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from threat.asof import parse_as_of, show
from threat.options import STORE, VAR, JsonOption, KeyOption, ReasonOption, StoreOption, VarOption
from threat.terminal import emit

if TYPE_CHECKING:
    from threat.release.chains import Line
    from threat.release.key_ends import Asked
    from threat.trust.keys import Keys

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()

KeyIdArgument = Annotated[str, typer.Argument(metavar="KEY_ID", help="Key id, or its first digits: threat keys")]
ChainArgument = Annotated[
    str, typer.Argument(metavar="CHAIN", help="Name of a chain, or its first word: threat chains")
]
RecordOption = Annotated[
    list[str], typer.Option("--record", help="Hash of a record, or its first digits; may be repeated: threat chains")
]


@app.command("witness")
def witness_command(
    store: StoreOption = STORE, var: VarOption = VAR, key: KeyOption = None, as_json: JsonOption = False
) -> None:
    """Sign, with a governance key, how far every chain has come; the line printed is to be shipped.

    The chains are the key list, promotions, policies, the history with its opened tests, and the audit log. Kept in the
    trust folder, where no service writes: a chain cut short afterwards is noticed, what is covered stays believed when
    a key is ended, and the weeks in shadow are counted by these dates. Send the line elsewhere too (mail, paper,
    another machine's log).
    """
    from threat.release.chains import heads_to_witness
    from threat.trust import belief, witness
    from threat.trust.folder import Trust

    trust = Trust.open()
    signer = trust.signer("governance", key)
    assert trust.folder is not None  # signer() raised where no trust folder exists
    heads = heads_to_witness(store, var, trust)
    at = _now()
    line = witness.add(trust.folder, trust.belief(belief.WITNESS), heads, signer, at=at)
    missing = [f"the history (--store {store})"] * (not any(name.startswith("history") for name in heads))
    missing += [f"the audit log (--var {var})"] * (belief.AUDIT_LOG not in heads)
    document = {
        "at": show(at),
        "by": signer.key.name,
        "heads": {name: {"count": head.count, "hash": head.hash} for name, head in heads.items()},
        "not_here": missing,
        "line": line,
    }
    emit(document, as_json=as_json, lines=_show_witness)


@app.command("chains")
def chains_command(store: StoreOption = STORE, var: VarOption = VAR, as_json: JsonOption = False) -> None:
    """List every signed chain: its records, how far governance witnessed it, and what in it is not believed."""
    from threat.release.chains import chains
    from threat.trust.folder import UNSIGNED, Trust

    trust = Trust.open()
    shown = []
    for chain in chains(store, var, trust) if trust.exists else ():
        judged = trust.belief(chain.name)
        lost = chain.not_believed(judged)
        shown.append(
            {
                "chain": chain.name,
                "path": str(chain.path),
                "records": chain.head.count,
                "witnessed": max((head.count for head in judged.heads), default=0),
                "judged": {
                    record: {"action": judgement.action, "reason": judgement.reason, "by": judgement.by.name}
                    for record, judgement in judged.judgements.items()
                },
                "not_believed": _lines(lost, trust.keys),
                "effect": chain.effect if lost else "",
            }
        )
    emit({"chains": shown}, as_json=as_json, lines=lambda d: _show_chains(d) if trust.exists else UNSIGNED)


@app.command("retire-key")
def retire_key_command(
    key_id: KeyIdArgument,
    reason: ReasonOption,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a key that is replaced by a new one (rotation): what it signed stays believed, and it signs nothing new.

    Refused while a chain holds a record of the key that no witness covers: sign one first. Destroy the file of the key:
    what has no place in a chain (a bundle, a list, a statement) cannot be told from what it signed before.
    """
    from threat.release.key_ends import Asked

    _end(Asked("retire", key_id, reason, (), _now()), store, var, key, as_json)


@app.command("revoke-key")
def revoke_key_command(
    key_id: KeyIdArgument,
    reason: ReasonOption,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="A key that the revoked governance key registered and that stays: you vouch for it."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="When the key may have been stolen: what was witnessed from then on is no proof.")
    ] = None,
    although_not_believed: Annotated[
        bool, typer.Option("--although-not-believed", help="End the key at once, whatever then stops.")
    ] = False,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a key that was stolen or lost: only what governance witnessed before stays believed.

    With a governance key go the keys that it registered, and those that they did, but for those you keep by name.
    Before anything is written, the command names per chain every record that would not be believed any more, and what
    then stops; where there is one it ends nothing unless asked to.
    """
    from threat.release.key_ends import Asked

    stolen = None if since is None else parse_as_of(since)
    asked = Asked("revoke", key_id, reason, tuple(keep or ()), _now(), stolen, although_not_believed)
    _end(asked, store, var, key, as_json)


@app.command("vouch")
def vouch_command(
    chain: ChainArgument,
    record: RecordOption,
    reason: ReasonOption,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Countersign records of a chain, by name, as governance: they stay believed although their key was ended.

    Before the end of the key too, so that nothing stops. Look at what each record does first: you answer for it. Nobody
    vouches for what they signed themselves.
    """
    _judge(("vouch", chain, record, reason), _Place(store, var, key), as_json)


@app.command("exclude")
def exclude_command(
    chain: ChainArgument,
    record: RecordOption,
    reason: ReasonOption,
    store: StoreOption = STORE,
    var: VarOption = VAR,
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Leave records of a chain out of what it comes to, as governance; they stay in the file, and are named.

    Of the promotions every record that follows goes too, since it was built on the first, and a model that was served
    before them is suspended until somebody resumes it.
    """
    _judge(("exclude", chain, record, reason), _Place(store, var, key), as_json)


class _Place(NamedTuple):
    store: Path
    var: Path
    key: Path | None


def _judge(asked: tuple[str, str, Sequence[str], str], place: _Place, as_json: bool) -> None:
    from threat.release.judging import Asked, judge
    from threat.trust.folder import Trust

    action, name, records, reason = asked
    trust = Trust.open()
    signer = trust.signer("governance", place.key)
    judged = judge(trust, signer, Asked(action, name, tuple(records), reason, _now()), place.store, place.var)
    document = {
        "chain": judged.chain.name,
        "action": action,
        "records": _lines(judged.lines, trust.keys),
        "by": signer.key.name,
        "still": judged.still,
    }
    emit(document, as_json=as_json, lines=_show_judged)


def _end(asked: Asked, store: Path, var: Path, key: Path | None, as_json: bool) -> None:
    from threat.release.key_ends import end_key, said_of
    from threat.trust.commands import shown
    from threat.trust.folder import Trust

    trust = Trust.open()
    ended = end_key(trust, trust.signer("governance", key), asked, store, var)
    document = shown(ended.key) | {
        "ended_with_it": [shown(listed) for listed in ended.with_it],
        "kept": [shown(listed) for listed in ended.kept],
        "believed": said_of(ended.last),
        "not_believed": [
            {"chain": chain.name, "records": _lines(lines, trust.keys), "effect": chain.effect}
            for chain, lines in ended.not_believed
        ],
    }
    emit(document, as_json=as_json, lines=_show_end)


def _now() -> int:
    return int(datetime.now(UTC).timestamp())


def _lines(lines: Sequence[Line], keys: Keys) -> list[dict[str, Any]]:
    return [
        {
            "record": line.sequence + 1,
            "hash": line.hash,
            "signed_by": sorted(keys[key_id].name for key_id in line.key_ids & keys.keys()),
        }
        for line in lines
    ]


def _shown_lines(lines: Sequence[dict[str, Any]]) -> list[str]:
    return [f"    record {line['record']}  {line['hash'][:16]}  {', '.join(line['signed_by'])}" for line in lines]


def _show_chains(document: dict[str, Any]) -> str:
    out = []
    for chain in document["chains"]:
        out.append(f"{chain['chain']}: {chain['records']} records, {chain['witnessed']} witnessed ({chain['path']})")
        for record, said in chain["judged"].items():
            done = "vouched for" if said["action"] == "vouch" else "excluded"
            out.append(f"  {done} by {said['by']}: {record[:16]}, {said['reason']}")
        if chain["not_believed"]:
            out += [f"  not believed: {chain['effect']}", *_shown_lines(chain["not_believed"])]
    return "\n".join(out)


def _show_judged(document: dict[str, Any]) -> str:
    done = "vouches for" if document["action"] == "vouch" else "excluded"
    lines = [f"{document['by']} {done} these records of the {document['chain']}:", *_shown_lines(document["records"])]
    return "\n".join([*lines, *filter(None, [document["still"]])])


def _show_end(document: dict[str, Any]) -> str:
    lines = [f"The key of {document['name']} is {document['state']}. {document['believed']}"]
    for title, keys in (("Ended with it", document["ended_with_it"]), ("Kept, and vouched for", document["kept"])):
        if keys:
            lines.append(f"{title}, because it registered them:")
            lines += [f"  {key['key_id'][:16]}  {key['name']} ({key['role']})" for key in keys]
    for chain in document["not_believed"]:
        lines += [f"Not believed any more in the {chain['chain']}: {chain['effect']}.", *_shown_lines(chain["records"])]
    return "\n".join(lines)


def _show_witness(document: dict[str, Any]) -> str:
    lines = [f"Witnessed at {document['at']} by {document['by']}:"]
    lines += [f"  {name}: {head['count']} records, {head['hash']}" for name, head in document["heads"].items()]
    lines += [f"Not here, so not witnessed: {missing}" for missing in document["not_here"]]
    return "\n".join([*lines, "Ship this line where nobody who writes here can write:", json.dumps(document["line"])])
