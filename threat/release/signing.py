"""Signatures: one mechanism (DSSE envelopes, Ed25519) for bundles, approvals and promotions.

A *key list* (``trusted.json``) says whose public keys count, in which environment and for what. Keys made for the
demonstration carry the environment ``demonstration`` and count nowhere else. A force keeps its list and its private
keys where the service account cannot write.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threat.errors import BadInput, IntegrityFailure, UsageError
from threat.files import write_whole
from threat.release.chain import canonical

if TYPE_CHECKING:
    # The signing libraries are optional (extras release and serving): the key list is read without them.
    from securesystemslib.signer import CryptoSigner

ENVIRONMENTS = ("demonstration", "force")
PURPOSES = ("bundle", "promotion", "approval")
KEY_LIST = "trusted.json"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One line of the key list. ``name``: the person or service that holds it. ``revoked``: no longer counts."""

    key_id: str
    public: str
    name: str
    role: str
    environment: str
    purposes: tuple[str, ...]
    revoked: bool = False


Keys = Mapping[str, PublicKey]
"""Public keys by key id."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and what the key list says of it."""

    private: CryptoSigner
    key: PublicKey


def sign(payload: Mapping[str, Any], payload_type: str, signer: Signer) -> dict[str, Any]:
    """A DSSE envelope over the canonical JSON of ``payload``."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(canonical(payload), payload_type, {})
    envelope.sign(signer.private)
    return dict(envelope.to_dict())


def verify(envelope: Any, payload_type: str, keys: Keys, *, purpose: str) -> tuple[dict[str, Any], PublicKey]:
    """The signed document and the key that signed it.

    Raises IntegrityFailure when no key of the list, unrevoked and for this purpose, verifies it, or when the envelope
    is of another type (an approval cannot pass for a promotion).
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    try:
        parsed = Envelope.from_dict(copy.deepcopy(envelope))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityFailure("The signature envelope cannot be read.", value=error) from None
    if parsed.payload_type != payload_type:
        raise IntegrityFailure(
            "The signature was made for another kind of document.", value=parsed.payload_type, way_out=payload_type
        )
    usable = [key for key in keys.values() if not key.revoked and purpose in key.purposes]
    accepted: dict[str, Any] = {}
    if usable:
        try:
            accepted = parsed.verify(
                [SSlibKey(key.key_id, "ed25519", "ed25519", {"public": key.public}) for key in usable], 1
            )
        except VerificationError:
            accepted = {}
    if not accepted:
        named = ", ".join(sorted(parsed.signatures)) or "no signature"
        raise IntegrityFailure(
            f"No key trusted for a {purpose} verifies the signature.",
            value=named,
            way_out="check the key list, and that the file is the one that was signed",
        )
    try:
        document = json.loads(parsed.payload)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise IntegrityFailure("The signed document is not a JSON object.")
    return document, keys[next(iter(accepted))]


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
                purposes=tuple(row["purposes"]),
                revoked=row["revoked"],
            )
            for row in rows
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("The key list cannot be read.", value=error, where=str(path)) from None
    for key in listed:
        if (
            key.environment not in ENVIRONMENTS
            or not set(key.purposes) <= set(PURPOSES)
            or type(key.revoked) is not bool
        ):
            raise BadInput("The key list holds a value outside its choices.", value=key.name, where=str(path))
    keys = {key.key_id: key for key in listed}
    if len(keys) != len(listed):
        raise BadInput("The key list names one key twice.", where=str(path))
    return keys


def load_signer(path: Path, keys: Keys) -> Signer:
    """The private key in a PEM file (PKCS#8, Ed25519), if the key list knows it.

    Raises UsageError when others can read the file, or the list does not name the key.
    """
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    if not path.exists():
        raise UsageError("There is no signing key here.", where=str(path))
    if path.stat().st_mode & 0o077:
        raise UsageError(
            "This signing key is not private: it can also be read by others.",
            where=str(path),
            way_out=f"chmod 600 {path.name}",
        )
    try:
        private = CryptoSigner(load_pem_private_key(path.read_bytes(), None))
    except (TypeError, ValueError) as error:
        raise BadInput("This is not an Ed25519 private key in PEM.", value=error, where=str(path)) from None
    key = keys.get(private.public_key.keyid)
    if key is None:
        raise UsageError("The key list does not name this key.", value=private.public_key.keyid, where=str(path))
    return Signer(private, key)


def demonstration_signer(directory: Path, name: str, *, role: str, purposes: tuple[str, ...]) -> Signer:
    """A key for the demonstration, made on first use (mode 600) and added to the key list; the same one after that.

    ``name`` always shows as ``DEMONSTRATION <name>``: it stands for nobody.
    """
    path = directory / f"demonstration-{'-'.join(name.lower().split())}.pem"
    if path.exists():
        return load_signer(path, load_keys(directory))
    return _generate(directory, path, f"DEMONSTRATION {name}", role, "demonstration", purposes)


def generate_signer(directory: Path, name: str, *, role: str, purposes: tuple[str, ...]) -> Signer:
    """A new key of the force for ``name``, in ``directory`` with mode 600, added to the key list.

    Raises UsageError when the name has a key already.
    """
    path = directory / f"{'-'.join(name.lower().split())}.pem"
    if path.exists():
        raise UsageError("This person has a key already.", value=name, where=str(path))
    return _generate(directory, path, name, role, "force", purposes)


def operator(directory: Path, key: Path | None) -> Signer:
    """Return the signer of a command that a person runs: the holder of the private key file ``key``.

    Without one, the demonstration's release service, and only where the key list holds no key of a force.
    """
    keys = load_keys(directory)
    if key is not None:
        return load_signer(key, keys)
    if any(listed.environment == "force" for listed in keys.values()):
        raise UsageError("No signing key was named, and the key list holds keys of a force.", way_out="--key FILE.pem")
    return demonstration_signer(directory, "release service", role="service", purposes=("bundle", "promotion"))


def _generate(directory: Path, path: Path, name: str, role: str, environment: str, purposes: tuple[str, ...]) -> Signer:
    from securesystemslib.signer import CryptoSigner

    private = CryptoSigner.generate_ed25519()
    public = private.public_key
    key = PublicKey(public.keyid, public.keyval["public"], name, role, environment, purposes)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes)
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
            "purposes": list(key.purposes),
            "revoked": key.revoked,
        }
        for key in keys.values()
    ]
    write_whole(directory / KEY_LIST, json.dumps({"keys": rows}, indent=2) + "\n")
