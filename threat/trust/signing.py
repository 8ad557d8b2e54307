"""Signatures: one mechanism (DSSE envelopes, Ed25519) for everything that is signed.

The payload type says which kind of document is signed, and the verb of a key what the key may sign: a signature made
for an approval passes neither for a promotion nor for a ranked list.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from threat import untrusted
from threat.errors import IntegrityFailure
from threat.trust.chain import canonical
from threat.trust.keys import Keys, PublicKey

if TYPE_CHECKING:
    # The signing library loads when something is signed or verified: commands that do neither start without it.
    from securesystemslib.signer import CryptoSigner


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and its line of the key list."""

    private: CryptoSigner
    key: PublicKey


def sign(payload: Mapping[str, Any], payload_type: str, signer: Signer) -> dict[str, Any]:
    """Return a DSSE envelope over the canonical JSON of ``payload``. Raises BadInput for what is not JSON."""
    return seal(payload, payload_type, signer.private)


def seal(payload: Mapping[str, Any], payload_type: str, private: CryptoSigner) -> dict[str, Any]:
    """Return a DSSE envelope signed by a private key that need not be on a key list yet."""
    from securesystemslib.dsse import Envelope

    envelope = Envelope(canonical(payload), payload_type, {})
    envelope.sign(private)
    return dict(envelope.to_dict())


def verify(
    envelope: Any, payload_type: str, keys: Keys, *, verb: str, ended: bool = False
) -> tuple[dict[str, Any], PublicKey]:
    """Return the signed document and the key that signed the document.

    ``ended``: revoked keys verify too, for whoever judges the place of the document next (``threat.trust.belief``).
    Raises IntegrityFailure when no key of the list with this verb, in force or retired, verifies the signature, or when
    the envelope is of another payload type.
    """
    from securesystemslib.dsse import Envelope
    from securesystemslib.exceptions import VerificationError
    from securesystemslib.signer import SSlibKey

    try:
        parsed = Envelope.from_dict(copy.deepcopy(envelope))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise IntegrityFailure("The signature envelope cannot be read.", value=error) from None
    if parsed.to_dict() != envelope:
        # Base64 has several spellings of one content, and unknown fields are not signed: only what was written counts.
        raise IntegrityFailure("The signature envelope is not as it was written.", way_out="restore the file")
    if parsed.payload_type != payload_type:
        raise IntegrityFailure(
            "The signature was made for another kind of document.", value=parsed.payload_type, way_out=payload_type
        )
    usable = [key for key in keys.values() if (ended or key.state != "revoked") and verb in key.verbs]
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
            f"No key trusted for {verb} verifies the signature.",
            value=named,
            way_out="check the key list (threat keys), and that the file is the one that was signed",
        )
    try:
        document = untrusted.decode_object(parsed.payload)
    except untrusted.MalformedError as error:
        raise IntegrityFailure("The signed document cannot be read.", value=error) from None
    return document, keys[next(iter(accepted))]
