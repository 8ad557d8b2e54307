"""Public keys, their holders and verbs; private keys in files that their owner alone can read."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from threat.errors import BadInput, UsageError
from threat.files import PRIVATE_MASK, private_folder, sync_folder
from threat.trust.chain import Head, canonical

if TYPE_CHECKING:
    # The signing library loads when a key is read or made: commands that sign nothing start without it.
    from securesystemslib.signer import CryptoSigner

ENVIRONMENTS: Final = ("demonstration", "force")

_LARGEST_KEY: Final = 65_536
"""Bytes of a private key file at most: an Ed25519 key in PEM has 119."""

KeyState = Literal["in force", "retired", "revoked"]
"""``in force``: signs and verifies. ``retired``: signs nothing new, and what has no place in a chain still verifies.
``revoked``: what has no place verifies no longer. In a chain both are believed up to ``PublicKey.until``."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key of the key list.

    ``key_id``: SHA-256 of the key, 64 hexadecimal digits. ``public``: the key, 64 hexadecimal digits. ``name``: the
    person or service that holds the private half. ``verbs``: what the key may sign. ``registered_by``: key id of the
    governance key that signed the registration; of the root, its own. ``until``: of a key that was ended, the head of
    each chain up to which what the key signed is believed; None for a key in force, and for a key that was retired
    before ends named heads.
    """

    key_id: str
    public: str
    name: str
    role: str
    environment: str
    verbs: tuple[str, ...]
    registered_by: str = ""
    state: KeyState = "in force"
    until: Mapping[str, Head] | None = field(default=None, hash=False)

    @property
    def in_force(self) -> bool:
        """Return True for a key that may sign today."""
        return self.state == "in force"


Keys = Mapping[str, PublicKey]
"""Public keys by key id."""


def key_id_of(public: str) -> str:
    """Return the key id of an Ed25519 public key (64 hexadecimal digits): the SHA-256 of its canonical record.

    The rule of securesystemslib, computed here so that a list cannot give a key the id of another.
    """
    record = {"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": public}}
    return hashlib.sha256(canonical(record)).hexdigest()


def same_person(name: str, other: str) -> bool:
    """Return True for two spellings of one name: case, width of letters and spaces are not a difference.

    >>> same_person("Ada  Example", "ada example")
    True
    """
    return spelling(name) == spelling(other)


def spelling(name: str) -> str:
    """Return a name as names are compared: every spelling that ``same_person`` takes for one person is one."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def are_two_people(first: PublicKey, second: PublicKey, keys: Keys) -> bool:
    """Return True when two keys are of two people: two holders, neither of whom registered either key."""
    if same_person(first.name, second.name):
        return False
    registrars = [keys.get(key.registered_by) for key in (first, second)]
    return all(
        registrar is not None
        and not same_person(registrar.name, first.name)
        and not same_person(registrar.name, second.name)
        for registrar in registrars
    )


def new_private_key(path: Path) -> CryptoSigner:
    """Make an Ed25519 key pair, write the private half to ``path`` (mode 600) and return the pair.

    Folders that are missing are made with mode 700. Raises UsageError when ``path`` exists.
    """
    from securesystemslib.signer import CryptoSigner

    private = CryptoSigner.generate_ed25519()
    private_folder(path.parent)
    try:
        # O_EXCL: a private key is never written over, not even by two commands at once.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(
            "There is a file here already, and a private key is never written over.",
            where=str(path),
            way_out="name another file, or move the old key away",
        ) from None
    with os.fdopen(handle, "wb") as file:
        file.write(private.private_bytes)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return private


def read_private_key(path: Path) -> CryptoSigner:
    """Return the private key in a PEM file (PKCS#8, Ed25519).

    Raises UsageError for a missing file and for a file that others can read, BadInput for any other content.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    if not path.is_file():
        raise UsageError("There is no signing key here.", where=str(path))
    # The mode of the very file that is read: another may be put in its place between a look and the reading.
    with path.open("rb") as file:
        mode, data = os.fstat(file.fileno()).st_mode, file.read(_LARGEST_KEY + 1)
    if mode & PRIVATE_MASK:
        raise UsageError(
            "This signing key is not private: it can also be read by others.",
            where=str(path),
            way_out=f"chmod 600 {path.name}; when others may have read the key, have the key revoked",
        )
    if len(data) > _LARGEST_KEY:
        raise BadInput(
            "This is not an Ed25519 private key in PEM.", value=f"over {_LARGEST_KEY:,} bytes", where=str(path)
        )
    try:
        private = CryptoSigner(load_pem_private_key(data, None))
        scheme = private.public_key.scheme
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise BadInput("This is not an Ed25519 private key in PEM.", value=error, where=str(path)) from None
    if scheme != "ed25519":
        raise BadInput("This is not an Ed25519 private key in PEM.", value=scheme, where=str(path))
    return private
