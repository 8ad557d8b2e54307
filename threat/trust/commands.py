"""``threat new-trust``, ``new-key``, ``register-key`` and ``keys``: who is believed.

How a key ends is in ``threat.release.key_commands``, which knows the chains that the key signed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from threat import untrusted
from threat.errors import BadInput, UsageError
from threat.options import JsonOption, KeyOption
from threat.terminal import emit

if TYPE_CHECKING:
    from threat.trust.keys import PublicKey

# Commands import the rest of the product when they run, so that `threat --help` loads none of it.
app = typer.Typer()

NameOption = Annotated[str, typer.Option("--name", help="The person or service that holds the private key.")]
RoleOption = Annotated[str, typer.Option("--role", help="validator, SRO, equality_lead, DPO ... or service.")]


@app.command("new-trust")
def new_trust_command(
    folder: Annotated[Path, typer.Argument(help="The new trust folder, outside everything that is served.")],
    name: NameOption = "",
    role: RoleOption = "governance",
    key: Annotated[
        Path | None, typer.Option("--key", help="File of the root's private key; made where it is missing.")
    ] = None,
    demonstration: Annotated[
        bool, typer.Option("--demonstration", help="Invented holders, and every key, in FOLDER: believed nowhere else.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a trust folder, with the first governance key as its root; nothing else ever makes the folder of a force."""
    from threat.trust import key_list
    from threat.trust.key_list import Holder

    if demonstration:
        _new_demonstration(folder, as_json)
        return
    if key is None or not name:
        raise UsageError(
            "The root has no name or no key file.",
            way_out="threat new-trust FOLDER --name 'Who holds the root' --key ROOT.pem",
        )
    holder = Holder(name, role, ("governance",))
    if not key.exists():
        key_list.request_key(key, holder)
    root = key_list.new_trust(folder, "force", holder, key, at=_now())
    emit(
        {"folder": str(folder), "environment": "force", "root": root.key_id, "name": root.name, "key": str(key)},
        as_json=as_json,
        lines=lambda d: (
            f"The trust folder is {d['folder']}, and its root is the governance key of {d['name']}:\n"
            f"  {fingerprint(d['root'])}\n"
            "Keep this fingerprint on paper. Give the folder, and every folder above, to a user that no service runs\n"
            f"as. Commands find the folder by: export THREAT_TRUST={d['folder']}"
        ),
    )


def _new_demonstration(folder: Path, as_json: bool) -> None:
    from threat.trust.demonstration import DemonstrationTrust, make

    place = make(DemonstrationTrust(folder / "trust", folder / "keys"), at=_now())
    emit(
        {"folder": str(place.folder), "environment": "demonstration", "keys": str(place.keys), **place.variables},
        as_json=as_json,
        lines=lambda d: f"DEMONSTRATION: invented holders, believed nowhere else.\n{place.exports}",
    )


@app.command("new-key")
def new_key_command(
    out: Annotated[Path, typer.Argument(metavar="FILE.pem", help="The private key; an existing key is not changed.")],
    name: NameOption,
    role: RoleOption,
    verb: Annotated[list[str], typer.Option(help="What the key signs; may be repeated. See docs/security.md.")],
    as_json: JsonOption = False,
) -> None:
    """Make a key pair for yourself: a private file (mode 600), and FILE.request.json to hand to governance.

    For a private key that exists, only the request is made: so a key of an earlier key list moves to a trust folder.
    """
    from threat.files import write_whole
    from threat.trust import key_list
    from threat.trust.chain import canonical
    from threat.trust.key_list import Holder

    holder = Holder(name, role, tuple(dict.fromkeys(verb)))
    request = key_list.request_for(out, holder) if out.exists() else key_list.request_key(out, holder)
    handed_over = out.with_suffix(".request.json")
    write_whole(handed_over, canonical(request))
    emit(
        {"key": str(out), "request": str(handed_over), "key_id": key_list.asked_in(request).key_id, "name": name},
        as_json=as_json,
        lines=lambda d: (
            f"The private key of {d['name']} is {d['key']}: keep the file to yourself.\n"
            f"Hand {d['request']} to a person of governance, and read out:\n  {fingerprint(d['key_id'])}\n"
            "The key counts once another person has registered it: threat register-key"
        ),
    )


@app.command("register-key")
def register_key_command(
    request: Annotated[Path, typer.Argument(help="FILE.request.json, as the holder of the key handed it over.")],
    key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register the key of another person, signed with your governance key."""
    from threat.trust import key_list
    from threat.trust.folder import Trust

    trust = Trust.open()
    signer = trust.signer("governance", key)
    try:
        envelope = untrusted.decode_object(untrusted.read(request))
    except untrusted.MalformedError as error:
        raise BadInput("This is not a request for a key.", value=error, where=str(request)) from None
    registered = key_list.register(_folder(trust.folder), envelope, signer, at=_now())
    emit(
        shown(registered),
        as_json=as_json,
        lines=lambda d: (
            f"{d['name']} ({d['role']}) may sign for {', '.join(d['verbs'])}, registered by {signer.key.name}:\n"
            f"  {fingerprint(d['key_id'])}\nCompare these digits with what {d['name']} reads out."
        ),
    )


@app.command("keys")
def keys_command(as_json: JsonOption = False) -> None:
    """List every key of the trust folder, after verifying every registration."""
    from threat.trust.folder import UNSIGNED, Trust
    from threat.trust.key_list import read_pin

    trust = Trust.open()
    root = "" if trust.folder is None else read_pin(trust.folder)["root"]
    document = {
        "folder": None if trust.folder is None else str(trust.folder),
        "environment": trust.environment,
        "root": root,
        "keys": [shown(key) | {"registered_by": trust.keys[key.registered_by].name} for key in trust.keys.values()],
    }
    emit(document, as_json=as_json, lines=lambda d: _list(d) if trust.exists else UNSIGNED)


def _folder(folder: Path | None) -> Path:
    assert folder is not None  # Trust.signer raised where no trust folder exists
    return folder


def fingerprint(key_id: str) -> str:
    """Return a key id in eight groups of eight, as people compare the id with the copy on paper.

    >>> fingerprint("0123456789abcdef" * 4)[:17]
    '01234567 89abcdef'
    """
    return " ".join(key_id[start : start + 8] for start in range(0, len(key_id), 8))


def shown(key: PublicKey) -> dict[str, Any]:
    """Return a key as commands print it."""
    return {
        "key_id": key.key_id,
        "name": key.name,
        "role": key.role,
        "environment": key.environment,
        "verbs": list(key.verbs),
        "state": key.state,
        # Of a key that was retired before the end of a key named heads: whatever it signs later is believed too.
        "without_limit": key.state == "retired" and key.until is None,
    }


def _list(document: dict[str, Any]) -> str:
    lines = [f"{document['folder']} ({document['environment']}), root {fingerprint(document['root'])}"]
    lines += [
        f"  {key['key_id'][:16]}  {key['state']:<8}  {', '.join(key['verbs']):<12} "
        f"{key['name']} ({key['role']}), registered by {key['registered_by']}"
        + (": retired without a limit, retire it again" if key["without_limit"] else "")
        for key in document["keys"]
    ]
    return "\n".join(lines)


def _now() -> int:
    return int(datetime.now(UTC).timestamp())
