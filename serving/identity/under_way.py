"""A sign-in at the provider that is under way: what the desk remembers of it, in a signed cookie of ten minutes.

The desk keeps nothing of it, so that strangers cannot fill its database. The nonce and the PKCE verifier are not in the
cookie either: they are signatures of the random ``state`` under the desk's key, made again when the person comes back.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import asdict, dataclass

from serving.identity.signing import Signer
from threat import untrusted

SECONDS = 600
"""Ten minutes to sign in at the provider, with a second factor that has to be found first."""

_FIELDS = {"state": str, "begun_at": int, "back": str, "again": str}


@dataclass(frozen=True, slots=True)
class UnderWay:
    """``state``: random. ``begun_at``: UTC seconds. ``back``: an address of the desk to go on to.

    ``again``: id of the session whose person proves again who they are; empty for a session that begins.
    """

    state: str
    begun_at: int
    back: str = ""
    again: str = ""

    def nonce(self, signer: Signer) -> str:
        """Return what the ID token must carry, so that no other token can be put in its place."""
        return signer.sign("nonce", self.state)

    def verifier(self, signer: Signer) -> str:
        """Return the PKCE code verifier (RFC 7636), without which the code is worth nothing."""
        return signer.sign("code verifier", self.state)

    def cookie(self, signer: Signer) -> str:
        """Return it as a signed cookie value."""
        body = base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode()
        return f"{body}.{signer.sign('sign-in', body)}"


def begin(at: int, back: str = "", again: str = "") -> UnderWay:
    """Return a sign-in that begins now."""
    return UnderWay(secrets.token_urlsafe(32), at, back, again)


def read(cookie: str, state: str, at: int, signer: Signer) -> UnderWay | None:
    """Return the sign-in of a cookie that has come back with ``state``; None for any other, or after ten minutes."""
    body, _, signature = cookie.rpartition(".")
    if not body or not signer.fits(signature, "sign-in", body):
        return None
    # Only signed text is parsed: what a stranger sends never reaches the reader.
    try:
        begun = UnderWay(**untrusted.decode_object(base64.urlsafe_b64decode(body), _FIELDS))
    except ValueError:
        return None  # of another version of the product
    fits = secrets.compare_digest(begun.state.encode(), state.encode())
    return begun if fits and at - SECONDS < begun.begun_at <= at + SECONDS else None
