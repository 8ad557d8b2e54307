"""``Trust``: the keys that count here, from a trust folder outside everything that is served.

Where a trust folder exists, everything is signed and verified. Where none exists (a developer, an analyst's first
hour), nothing can be signed, and everything that reads says so.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from threat.errors import IntegrityFailure, UsageError
from threat.trust import belief, key_list, witness
from threat.trust.belief import ChainBelief, Judgement, belief_in
from threat.trust.keys import Keys, PublicKey, read_private_key
from threat.trust.signing import Signer, verify
from threat.trust.witness import Witnessed

FOLDER_VARIABLE = "THREAT_TRUST"
KEYS_VARIABLE = "THREAT_KEYS"
DEFAULT_FOLDER = Path("/etc/threat/trust")
"""Outside every folder that the product writes, and owned by an administrator on any ordinary machine."""

UNSIGNED = "No trust folder: nothing is signed here, and nothing that was signed is checked. See: threat new-trust"
"""The line that a command prints where no trust folder exists."""


class NoTrustFolder(IntegrityFailure):
    """What was signed is here, and no trust folder to verify it by."""


_OPENED: dict[Path, tuple[tuple[object, ...], Trust]] = {}
"""Trusts opened by this process, with the stamps of their files. A desk opens its trust at every request, so that a
revocation takes effect at once; the signatures of the list (0.2 ms each) are checked again only for changed files."""


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is written or replaced; zeros for a missing file."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return (0, 0, 0, 0)
    return facts.st_mtime_ns, facts.st_ctime_ns, facts.st_size, facts.st_ino


def trust_folder() -> Path:
    """Return the path that is opened where no folder is named: ``$THREAT_TRUST``, else ``/etc/threat/trust``."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


@dataclass(frozen=True, slots=True)
class Trust:
    """The key list of a trust folder, verified; without a folder, no keys at all.

    ``folder``: None where no trust folder exists. ``keys``: by key id, retired and revoked keys included.
    ``environment``: ``force`` or ``demonstration``; empty without a folder. ``witnessed``: how far chains had come when
    governance last looked. ``judgements``: what governance said of records by name.
    """

    folder: Path | None = None
    keys: Keys = field(default_factory=dict)
    environment: str = ""
    witnessed: tuple[Witnessed, ...] = ()
    judgements: tuple[Judgement, ...] = ()

    @classmethod
    def open(cls, folder: Path | None = None) -> Trust:
        """Return the trust of ``folder``, else of ``$THREAT_TRUST``, else of ``/etc/threat/trust``.

        Raises UsageError for a folder that was named and does not exist, IntegrityFailure for a key list that does not
        verify. Where no folder was named and the default does not exist, the trust has no keys.
        """
        place = trust_folder() if folder is None else folder
        if not place.exists():
            if folder is None and not os.environ.get(FOLDER_VARIABLE):
                return cls.none()
            # A folder that somebody named and is not there must not turn every check off.
            raise UsageError(
                "The trust folder that was named does not exist.",
                value=place,
                where=f"${FOLDER_VARIABLE}" if folder is None else "",
                way_out="name the trust folder, or make one: threat new-trust",
            )
        stamp = tuple(_stamp(place / name) for name in (key_list.PIN, key_list.KEY_LIST, witness.FILE))
        opened = _OPENED.get(place)
        if opened is None or opened[0] != stamp:
            opened = stamp, cls._read(place)
            _OPENED[place] = opened
        return opened[1]

    @classmethod
    def _read(cls, folder: Path) -> Trust:
        listed = key_list.read_list(folder)
        witnessed = witness.read(folder, belief_in(belief.WITNESS, listed.keys, listed.judgements, None))
        environment = key_list.read_pin(folder)["environment"]
        trust = cls(folder, _with_heads_of_before(listed.keys, witnessed), environment, witnessed, listed.judgements)
        trust.belief(belief.KEY_LIST).require_heads(folder / key_list.KEY_LIST, listed.hashes)
        return trust

    @classmethod
    @cache
    def none(cls) -> Trust:
        """Return the trust of a place without a trust folder: no keys, nothing verifies, nothing can be signed.

        The same object each time, as ``open`` gives: a desk judges its list anew when the object is another.
        """
        return cls()

    @property
    def exists(self) -> bool:
        """Return True where a trust folder exists: then whatever is unsigned is refused."""
        return self.folder is not None

    @property
    def is_demonstration(self) -> bool:
        """Return True for the trust of a demonstration, which counts nowhere else."""
        return self.environment == "demonstration"

    def belief(self, chain: str) -> ChainBelief:
        """Return whose word counts in a chain, by its name in ``threat.trust.belief``."""
        return belief_in(chain, self.keys, self.judgements, witness.latest(self.witnessed, chain))

    def for_record(self, chain: str, sequence: int, record_hash: str) -> Trust:
        """Return this trust for what record ``sequence`` of a chain names by its hash: a key counts as the record does.

        What the record names was there before the record: a revoked key that is believed up to it signed before the
        theft, and counts as a retired one.
        """
        judged = self.belief(chain)
        return self.believing(
            {key.key_id for key in self.keys.values() if judged.of(sequence, record_hash, key) == "believed"}
        )

    def believing(self, key_ids: Collection[str]) -> Trust:
        """Return this trust with some keys as retired ones, where they were revoked."""
        believed = {
            key_id: replace(key, state="retired")
            for key_id, key in self.keys.items()
            if key.state == "revoked" and key_id in key_ids
        }
        return replace(self, keys={**self.keys, **believed}) if believed else self

    def with_revoked_keys(self) -> Trust:
        """Return this trust with revoked keys as retired ones: for replay, and for what a believed record names."""
        return self.believing(self.keys)

    def verify(self, envelope: Any, payload_type: str, verb: str) -> tuple[dict[str, Any], PublicKey]:
        """Return the signed document and the key that signed the document, a key with this verb.

        Raises IntegrityFailure when no key of the list verifies the envelope, always so without a trust folder.
        """
        return verify(envelope, payload_type, self.keys, verb=verb)

    def signer(self, verb: str, key: Path | None = None) -> Signer:
        """Return the signer for ``verb``: the private key file ``key``, else ``$THREAT_KEYS/<verb>.pem``.

        Raises UsageError for a missing or open key file, a key that is not on the list, no longer in force, or without
        the verb, and where no trust folder exists.
        """
        if not self.exists:
            raise UsageError(
                f"Nothing can be signed for {verb} here, because no trust folder exists.",
                value=DEFAULT_FOLDER,
                way_out=f"make a trust folder (threat new-trust), or name one: {FOLDER_VARIABLE}=FOLDER",
            )
        path = key or self._default_key(verb)
        if path is None:
            raise UsageError(
                f"No private key was named for the verb {verb}.",
                way_out=f"--key FILE.pem, or {KEYS_VARIABLE}=FOLDER that holds {verb}.pem",
            )
        if not path.exists():
            raise UsageError(
                f"There is no private key for the verb {verb} here.",
                where=str(path),
                way_out=f"--key FILE.pem, or {KEYS_VARIABLE}=FOLDER that holds {verb}.pem; a new one: threat new-key",
            )
        private = read_private_key(path)
        listed = self.keys.get(private.public_key.keyid)
        if listed is None:
            raise UsageError(
                "The key list does not name this key.",
                value=private.public_key.keyid,
                where=str(path),
                way_out="have a person of governance register the key: threat register-key",
            )
        if not listed.in_force:
            raise UsageError(f"This key is {listed.state} and signs nothing.", value=listed.name, where=str(path))
        if verb not in listed.verbs:
            raise UsageError(
                f"This key does not sign for {verb}.",
                value=f"{listed.name}: {', '.join(listed.verbs)}",
                where=str(path),
                way_out=f"sign with a key that has the verb {verb}; see: threat keys",
            )
        return Signer(private, listed)

    def may_sign(self, verb: str) -> Signer | None:
        """Return the signer for ``verb`` of this process; None where the process has no such key.

        A key file that is there and cannot be used raises, as ``signer`` does: an open key is not a missing key.
        """
        path = self._default_key(verb)
        return self.signer(verb) if self.exists and path is not None and path.exists() else None

    @staticmethod
    def _default_key(verb: str) -> Path | None:
        folder = os.environ.get(KEYS_VARIABLE)
        return Path(folder) / f"{verb}.pem" if folder else None


def _with_heads_of_before(keys: Keys, witnessed: tuple[Witnessed, ...]) -> Keys:
    """Return the keys, with how far a key is believed that was revoked before ends named heads.

    Then promotions stood as far as governance witnessed, and nothing else did.
    """
    head = witness.latest(witnessed, belief.PROMOTIONS)
    until = {} if head is None else {belief.PROMOTIONS: head}
    return {
        key.key_id: replace(key, until=until) if key.state == "revoked" and key.until is None else key
        for key in keys.values()
    }
