"""What the desk signs with a key of its own: session ids in cookies, form tokens, and a sign-in under way."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from threat.errors import BadInput

KEY_BYTES = 32
"""Bytes of the key: as many as SHA-256 gives, fewer would be the weakest part of the signature."""


class Signer:
    """Signs and reads with one secret key (HMAC-SHA-256)."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def from_file(cls, path: str | Path) -> Signer:
        """Read the key file, or make one readable by its owner only. Raises BadInput for a key under 32 bytes."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Created exclusively and owner-only in one step: no moment in which another user could read or replace the key.
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = secrets.token_bytes(KEY_BYTES)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
        if len(key) < KEY_BYTES:
            raise BadInput(
                "The session key is too short: it needs at least 32 bytes.",
                value=f"{len(key)} bytes",
                where=str(path),
                way_out="remove the file; a new key is made and everyone signs in again",
            )
        return cls(key)

    def cookie(self, session_id: str) -> str:
        """Return the cookie of a session: its id, signed. Nothing else of the session leaves the desk."""
        return f"{session_id}.{self.sign('session', session_id)}"

    def session_id(self, cookie: str) -> str:
        """Return the session id in a cookie; empty for a cookie that is absent, forged or malformed."""
        session_id, _, signature = cookie.rpartition(".")
        return session_id if session_id and self.fits(signature, "session", session_id) else ""

    def form_token(self, session_id: str) -> str:
        """Return the token that each form of this session carries; another site cannot know the token."""
        return self.sign("form", session_id)

    def token_fits(self, token: str, session_id: str) -> bool:
        """Tell whether ``token`` is this session's form token."""
        return self.fits(token, "form", session_id)

    def sign(self, purpose: str, text: str) -> str:
        """Return the signature of a text for a purpose, in hexadecimal digits."""
        # The purpose is signed too, so that a form token can never pass as a cookie.
        return hmac.new(self._key, f"{purpose}\x1f{text}".encode(), hashlib.sha256).hexdigest()

    def fits(self, signature: str, purpose: str, text: str) -> bool:
        """Tell whether a signature is that of a text for a purpose."""
        return hmac.compare_digest(signature.encode(), self.sign(purpose, text).encode())
