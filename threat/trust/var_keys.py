"""Keys in ``var/keys``, as the first releases kept them."""

from __future__ import annotations

import json
from pathlib import Path

from threat.errors import BadInput, UsageError
from threat.files import write_whole
from threat.trust.keys import ENVIRONMENTS, Keys, PublicKey, new_private_key, read_private_key
from threat.trust.signing import Signer
from threat.trust.verbs import verbs as known_verbs

KEY_LIST = "trusted.json"


def load_keys(directory: Path) -> dict[str, PublicKey]:
    """The key list in ``directory`` (``trusted.json``). An absent one trusts nobody. Raises BadInput when malformed."""
    path = directory / KEY_LIST
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["keys"]
        listed = [
            PublicKey(
                key_id=str(row["key_id"]),
                public=str(row["public"]),
                name=str(row["name"]),
                role=str(row["role"]),
                environment=str(row["environment"]),
                verbs=tuple(row["verbs"]),
                state="revoked" if row["revoked"] is True else "in force",
            )
            for row in rows
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("The key list cannot be read.", value=error, where=str(path)) from None
    for row, key in zip(rows, listed, strict=True):
        if (
            key.environment not in ENVIRONMENTS
            or not set(key.verbs) <= set(known_verbs())
            or type(row["revoked"]) is not bool
        ):
            raise BadInput("The key list holds a value outside its choices.", value=key.name, where=str(path))
    keys = {key.key_id: key for key in listed}
    if len(keys) != len(listed):
        raise BadInput("The key list names one key twice.", where=str(path))
    return keys


def load_signer(path: Path, keys: Keys) -> Signer:
    """Return the signer of a private key in a PEM file. Raises UsageError when the list does not name the key."""
    private = read_private_key(path)
    key = keys.get(private.public_key.keyid)
    if key is None:
        raise UsageError("The key list does not name this key.", value=private.public_key.keyid, where=str(path))
    return Signer(private, key)


def demonstration_signer(directory: Path, name: str, *, role: str, verbs: tuple[str, ...]) -> Signer:
    """A key for the demonstration, made on first use (mode 600) and added to the key list; the same one after that.

    ``name`` always shows as ``DEMONSTRATION <name>``: it stands for nobody.
    """
    path = directory / f"demonstration-{'-'.join(name.lower().split())}.pem"
    if path.exists():
        return load_signer(path, load_keys(directory))
    return _generate(directory, path, f"DEMONSTRATION {name}", role, "demonstration", verbs)


def generate_signer(directory: Path, name: str, *, role: str, verbs: tuple[str, ...]) -> Signer:
    """A new key of the force for ``name``, in ``directory`` with mode 600, added to the key list.

    Raises UsageError when the name has a key already.
    """
    path = directory / f"{'-'.join(name.lower().split())}.pem"
    if path.exists():
        raise UsageError("This person has a key already.", value=name, where=str(path))
    return _generate(directory, path, name, role, "force", verbs)


def operator(directory: Path, key: Path | None) -> Signer:
    """Return the signer of a command that a person runs: the holder of the private key file ``key``.

    Without one, the demonstration's release service, and only where the key list holds no key of a force.
    """
    keys = load_keys(directory)
    if key is not None:
        return load_signer(key, keys)
    if any(listed.environment == "force" for listed in keys.values()):
        raise UsageError("No signing key was named, and the key list holds keys of a force.", way_out="--key FILE.pem")
    return demonstration_signer(directory, "release service", role="service", verbs=("promotion",))


def _generate(directory: Path, path: Path, name: str, role: str, environment: str, verbs: tuple[str, ...]) -> Signer:
    private = new_private_key(path)
    public = private.public_key
    key = PublicKey(public.keyid, public.keyval["public"], name, role, environment, verbs)
    write_keys(directory, {**load_keys(directory), key.key_id: key})
    return Signer(private, key)


def write_keys(directory: Path, keys: Keys) -> None:
    """Replace the key list atomically."""
    rows = [
        {
            "key_id": key.key_id,
            "public": key.public,
            "name": key.name,
            "role": key.role,
            "environment": key.environment,
            "verbs": list(key.verbs),
            "revoked": not key.in_force,
        }
        for key in keys.values()
    ]
    write_whole(directory / KEY_LIST, json.dumps({"keys": rows}, indent=2) + "\n")
