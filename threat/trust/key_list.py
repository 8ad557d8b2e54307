"""The key list of a trust folder: a signed chain that says whose keys count, and for which verbs.

``trust.json`` pins the environment and the root: the first governance key. Every later line of ``keys.jsonl`` is signed
by a governance key in force. It registers a key of another person, or ends a key (retired: rotation; revoked: theft)
and says up to where in each chain the key stays believed, or judges records of a chain by name. The end of a
governance key that was revoked ends the keys that it registered too, but for those that the line keeps by name.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from threat import untrusted
from threat.errors import IntegrityFailure, UsageError
from threat.files import locked_folder, whole_folder
from threat.trust import chain, records
from threat.trust.belief import Judgement
from threat.trust.ends import End, ended_by, record_of
from threat.trust.keys import (
    ENVIRONMENTS,
    Keys,
    PublicKey,
    key_id_of,
    new_private_key,
    read_private_key,
    same_person,
)
from threat.trust.signing import Signer, seal, verify
from threat.trust.verbs import verbs

FORMAT: Final = "threat-trust/1"
PIN: Final = "trust.json"
KEY_LIST: Final = "keys.jsonl"
READABLE_FILE, READABLE_FOLDER = 0o644, 0o755
"""Modes of a trust folder: written by its owner alone, read by every process that has to verify."""

PAYLOAD_TYPE: Final = "application/vnd.threat.key+json"
REQUEST_TYPE: Final = "application/vnd.threat.key-request+json"


JUDGEMENTS: Final = ("vouch", "exclude")
"""Actions that judge records of a chain by name: to be believed all the same, or to be left out of what is read."""


@dataclass(frozen=True, slots=True)
class KeyList:
    """What a key list says. ``keys``: by key id, in order. ``hashes``: of its lines."""

    keys: Mapping[str, PublicKey]
    judgements: tuple[Judgement, ...]
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holder:
    """Who asks for a key, and for what: the person or service, the role, and the verbs of the key."""

    name: str
    role: str
    verbs: tuple[str, ...]


def new_trust(folder: Path, environment: str, holder: Holder, root: Path, *, at: int) -> PublicKey:
    """Make a trust folder whose root is the governance key in the file ``root``; return the root's public key.

    ``at``: int64 UTC seconds. Raises UsageError for a folder that holds anything, an unknown environment, and a root
    without the verb ``governance``.
    """
    if environment not in ENVIRONMENTS:
        raise UsageError("The environment is unknown.", value=environment, way_out=" or ".join(ENVIRONMENTS))
    if "governance" not in holder.verbs:
        raise UsageError("The root lacks the verb governance.", value=", ".join(holder.verbs))
    _check_holder(holder)
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(
            "The folder is not empty, and a trust folder is never made over another.",
            where=str(folder),
            way_out="name another folder",
        )
    private = read_private_key(root)
    public = private.public_key.keyval["public"]
    key = PublicKey(key_id_of(public), public, holder.name, holder.role, environment, holder.verbs, key_id_of(public))
    start = chain.Head(0, chain.START)
    entry = seal(records.placed(_registration(key, at), start, environment), PAYLOAD_TYPE, private)
    line = {"entry": entry, "hash": chain.link(start.hash, 0, entry), "previous": start.hash, "sequence": 0}
    pin = {"format": FORMAT, "environment": environment, "root": key.key_id}
    files = {PIN: json.dumps(pin, indent=2).encode() + b"\n", KEY_LIST: chain.canonical(line) + b"\n"}
    _readable_folders(folder.parent)
    whole_folder(folder, files)
    # Public keys are no secret, and a service of another user must be able to read whom to believe.
    folder.chmod(READABLE_FOLDER)
    for name in files:
        (folder / name).chmod(READABLE_FILE)
    return key


def _readable_folders(folder: Path) -> None:
    """Make a folder, and the folders above that are missing, readable by others."""
    for missing in reversed([place for place in (folder, *folder.parents) if not place.exists()]):
        missing.mkdir()
        missing.chmod(READABLE_FOLDER)


def request_key(path: Path, holder: Holder) -> dict[str, Any]:
    """Make a key pair, keep the private half in ``path`` and return the public half as a signed request.

    The request is signed with the key itself, which shows that the holder has the private half. Raises UsageError for
    an unknown verb, a blank name or role, and a file that exists.
    """
    _check_holder(holder)
    new_private_key(path)
    return request_for(path, holder)


def request_for(path: Path, holder: Holder) -> dict[str, Any]:
    """Return the signed request for the private key that is in ``path``. Raises as ``request_key`` does."""
    _check_holder(holder)
    private = read_private_key(path)
    request = {"public": private.public_key.keyval["public"], "name": holder.name, "role": holder.role}
    return seal({**request, "verbs": list(holder.verbs)}, REQUEST_TYPE, private)


def register(folder: Path, request: Mapping[str, Any], signer: Signer, *, at: int) -> PublicKey:
    """Add the key of a request to the key list and return the key. ``at``: int64 UTC seconds.

    Raises IntegrityFailure for a request that its own key did not sign, UsageError for a key of the person who
    registers, a key on the list already, and a signer who may not register.
    """
    key = replace(asked_in(request), environment=signer.key.environment, registered_by=signer.key.key_id)
    with locked_folder(folder):  # two writers could each register the same key
        keys = read(folder)
        _may_govern(signer, keys)
        if key.key_id in keys:
            raise UsageError("The key is on the list already.", value=key.key_id, way_out="see: threat keys")
        if same_person(key.name, signer.key.name):
            raise UsageError(
                "Nobody registers a key of their own.",
                value=key.name,
                way_out="have another person with a governance key register the key",
            )
        records.append(folder / KEY_LIST, _registration(key, at), PAYLOAD_TYPE, signer)
    return key


def retire(folder: Path, key_id: str, signer: Signer, end: End) -> KeyList:
    """Record that a key signs nothing new; what it signed earlier still verifies. For rotation."""
    return _end(folder, key_id, "retire", signer, end)


def revoke(folder: Path, key_id: str, signer: Signer, end: End) -> KeyList:
    """Record that what a key signed counts no longer, but for what its end names. For a key that was stolen or lost."""
    return _end(folder, key_id, "revoke", signer, end)


def judge(
    folder: Path, action: str, chain_name: str, hashes: Sequence[str], signer: Signer, *, reason: str, at: int
) -> KeyList:
    """Record that governance vouches for records of a chain, or excludes them (``action``: vouch, exclude).

    ``hashes``: of the records' lines. Raises UsageError for a blank reason, no record, and who may not sign.
    """
    if not reason.strip():
        raise UsageError("The reason is blank. A judgement needs a reason.", way_out="--reason 'why'")
    if not hashes:
        raise UsageError("No record is named, so there is nothing to judge.", way_out="see: threat chains")
    with locked_folder(folder):
        _may_govern(signer, read(folder))
        said = {"action": action, "chain": chain_name, "records": list(hashes), "reason": reason, "at": at}
        records.append(folder / KEY_LIST, said, PAYLOAD_TYPE, signer)
        return read_list(folder)


def read_pin(folder: Path) -> dict[str, str]:
    """Return format, environment and root of a trust folder. Raises IntegrityFailure for a damaged pin."""
    path = folder / PIN
    try:
        pin = untrusted.decode_object(untrusted.read(path), {"format": str, "environment": str, "root": str})
        if pin["format"] != FORMAT or pin["environment"] not in ENVIRONMENTS:
            raise ValueError(f"format {pin['format']}, environment {pin['environment']}")
    except (OSError, ValueError) as error:
        raise IntegrityFailure(
            "The pin of the trust folder cannot be read.",
            value=error,
            where=str(path),
            way_out="restore the trust folder from a copy; the root's fingerprint is on paper",
        ) from None
    return dict(pin)


def read(folder: Path) -> dict[str, PublicKey]:
    """Return the keys of a trust folder by key id. Raises as ``read_list`` does."""
    return dict(read_list(folder).keys)


def read_list(folder: Path) -> KeyList:
    """Return what the key list of a trust folder says, after verifying the pin and every line.

    Raises IntegrityFailure naming the first line that does not verify.
    """
    pin, path = read_pin(folder), folder / KEY_LIST
    keys: dict[str, PublicKey] = {}
    judgements: list[Judgement] = []
    hashes: list[str] = []
    for line in chain.entries(path):
        # Who was in force when the line was written: a line stands although its key was ended by a later line.
        registrars = _in_force(keys) if keys else _root_of(line, pin, path)
        signed = records.check(line, PAYLOAD_TYPE, registrars, verb="governance", path=path)
        hashes.append(signed.hash)
        try:
            if signed.record["action"] in JUDGEMENTS:
                judgements.append(_judgement(signed))
            else:
                keys |= _follow(keys, signed, pin)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise IntegrityFailure(
                "The line of the key list says something that no registration may say.",
                value=error,
                where=f"{path}, line {signed.sequence + 1}",
            ) from None
    if not keys:
        raise IntegrityFailure(
            "The key list is missing or empty.", where=str(path), way_out="restore the trust folder from a copy"
        )
    return KeyList(keys, tuple(judgements), tuple(hashes))


def _judgement(signed: records.SignedRecord) -> Judgement:
    record = signed.record
    named = tuple(str(digest) for digest in record["records"])
    said = str(record["chain"]), named, str(record["reason"]), int(record["at"])
    return Judgement(record["action"], *said, signed.key, signed.sequence)


def _follow(
    keys: Mapping[str, PublicKey], signed: records.SignedRecord, pin: Mapping[str, str]
) -> dict[str, PublicKey]:
    """Return the keys that a line makes or changes. Raises ValueError or KeyError for a line against a rule.

    The rules are checked again here, and not in ``register`` alone: the list may have been written by anything.
    """
    record = signed.record
    if signed.environment != pin["environment"]:
        raise ValueError(f"environment {signed.environment}, the trust folder is {pin['environment']}")
    if record["action"] != "register":
        return ended_by(keys, record, signed.key)
    key = PublicKey(
        key_id=record["key_id"],
        public=record["public"],
        name=record["name"],
        role=record["role"],
        environment=signed.environment,
        verbs=tuple(record["verbs"]),
        registered_by=signed.key.key_id,
    )
    if key.key_id in keys:
        raise ValueError(f"the key of {key.name} is on the list already")
    if key.key_id != key_id_of(key.public):
        raise ValueError(f"the key id of {key.name} is not the hash of the key")
    if not key.verbs or not set(key.verbs) <= set(verbs()):
        raise ValueError(f"verbs {', '.join(key.verbs)}")
    if not keys and "governance" not in key.verbs:
        raise ValueError("the root lacks the verb governance")
    if keys and same_person(key.name, signed.key.name):
        raise ValueError(f"{key.name} registered a key of their own")
    return {key.key_id: key}


def _root_of(line: Mapping[str, Any], pin: Mapping[str, str], path: Path) -> dict[str, PublicKey]:
    """Return the key that the first line registers, when the pin names that key: the root vouches for itself."""
    try:
        # Read before any signature is checked: only the key with the pinned id is taken, and the signature comes next.
        document = untrusted.decode_object(_payload(line["entry"]))
        public = str(document["public"])
        key_id = key_id_of(public)
        root = PublicKey(key_id, public, str(document["name"]), "", pin["environment"], ("governance",), key_id)
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityFailure(
            "The first line of the key list cannot be read.", value=error, where=f"{path}, line 1"
        ) from None
    if root.key_id != pin["root"]:
        raise IntegrityFailure(
            "The first line of the key list is not of the root that was pinned.",
            value=root.key_id,
            where=f"{path}, line 1",
            way_out=f"the pin names {pin['root']}",
        )
    return {root.key_id: root}


def _payload(entry: Mapping[str, Any]) -> bytes:
    return base64.b64decode(entry["payload"], validate=True)


def _in_force(keys: Keys) -> Keys:
    return {key_id: key for key_id, key in keys.items() if key.in_force}


def asked_in(request: Mapping[str, Any]) -> PublicKey:
    """Return the key that a request asks for, once the request is verified with that very key."""
    try:
        asked = untrusted.decode_object(_payload(request))
        public, names = str(asked["public"]), [str(verb) for verb in asked["verbs"]]
        holder = Holder(str(asked["name"]), str(asked["role"]), tuple(names))
        key = PublicKey(key_id_of(public), public, holder.name, holder.role, "", holder.verbs)
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityFailure("The request for a key cannot be read.", value=error) from None
    _check_holder(holder)
    # Any verb of its own will do: what is checked is that the holder has the private half.
    verify(request, REQUEST_TYPE, {key.key_id: key}, verb=key.verbs[0])
    return key


def _check_holder(holder: Holder) -> None:
    if not holder.name.strip() or not holder.role.strip():
        raise UsageError("The name or the role of the holder is blank.", value=f"{holder.name!r}, {holder.role!r}")
    unknown = sorted(set(holder.verbs) - set(verbs()))
    if unknown or not holder.verbs:
        raise UsageError(
            "The verb of the key is unknown." if unknown else "The key has no verb.",
            value=", ".join(unknown) or None,
            way_out=f"one or several of: {', '.join(verbs())}",
        )
    if len(set(holder.verbs)) != len(holder.verbs):
        raise UsageError("The key names a verb twice.", value=", ".join(holder.verbs))


def _registration(key: PublicKey, at: int) -> dict[str, Any]:
    return {
        "action": "register",
        "key_id": key.key_id,
        "public": key.public,
        "name": key.name,
        "role": key.role,
        "verbs": list(key.verbs),
        "at": at,
    }


def _end(folder: Path, key_id: str, action: str, signer: Signer, end: End) -> KeyList:
    if not end.reason.strip():
        raise UsageError("The reason is blank. The end of a key needs a reason.", way_out="--reason 'why'")
    with locked_folder(folder):
        keys = read(folder)
        _may_govern(signer, keys)
        if key_id not in keys:
            raise UsageError("The key list does not name this key.", value=key_id, way_out="see: threat keys")
        if keys[key_id].state == "revoked":
            raise UsageError("The key is revoked already.", value=keys[key_id].name, way_out="see: threat keys")
        said = record_of(key_id, action, end)
        # The rule of reading, before writing: a line that would not be read back would close the whole list.
        try:
            after = keys | ended_by(keys, said, signer.key)
        except ValueError as error:
            raise UsageError(
                "The key to be kept was not registered by the key that ends, or is ended already.",
                value=error,
                way_out="--keep names keys that the ended governance key registered; see: threat keys",
            ) from None
        if not any(key.in_force and "governance" in key.verbs for key in after.values()):
            raise UsageError(
                "This is the last governance key in force: without governance, nobody could be registered any more.",
                value=keys[key_id].name,
                way_out="register a governance key of another person first: threat register-key",
            )
        records.append(folder / KEY_LIST, said, PAYLOAD_TYPE, signer)
        return read_list(folder)


def _may_govern(signer: Signer, keys: Keys) -> None:
    """Refuse a signer whose line would not verify: once written, the line would close the whole list."""
    key = keys.get(signer.key.key_id)
    if key is None or not key.in_force or "governance" not in key.verbs:
        raise UsageError(
            "This key may not change the key list.",
            value=signer.key.name,
            way_out="sign with a governance key in force: --key FILE.pem; see: threat keys",
        )
