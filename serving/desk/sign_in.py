"""The development sign-in: a person picks a role and a signed cookie carries it. Loopback only, marked on every page.

A force uses its own identity provider instead; this exists so that the desk, its roles and its log can be seen
working on one machine. The cookie is HMAC-SHA-256 signed, HttpOnly, SameSite=Strict, and ends after one shift.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from threat import untrusted
from threat.errors import BadInput

Role = Literal["reviewer", "supervisor", "analyst", "governance", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

Permission = Literal["see_cases", "see_names", "see_safe_contact", "see_card", "see_governance", "see_log"]

MAY: dict[Role, frozenset[Permission]] = {
    "reviewer": frozenset({"see_cases", "see_names", "see_safe_contact", "see_card"}),
    "supervisor": frozenset({"see_cases", "see_names", "see_safe_contact", "see_card"}),
    "analyst": frozenset({"see_cases", "see_card"}),
    "governance": frozenset({"see_card", "see_governance", "see_log"}),
    "admin": frozenset({"see_log"}),
}
"""What each role may do. Governance reads evidence without case data; admin runs the service without reading cases."""

ROLE_TITLES: dict[Role, str] = {
    "reviewer": "Reviewer: the review list, records and, with a reason, names and safe contact",
    "supervisor": "Supervisor: as a reviewer",
    "analyst": "Analyst: the review list and records under references, no names",
    "governance": "Governance: what ranks and until when, fairness, the model card and the audit log, no cases",
    "admin": "Administrator: the audit log, no cases",
}

COOKIE = "threat_session"
_SESSION = {"who": str, "role": str, "id": str, "ends_at": int}

SHIFT_SECONDS = 8 * 3600
"""A session ends with the shift, so that a machine left open does not stay signed in overnight."""

KEY_BYTES = 32
"""Bytes of the key: as many as SHA-256 gives, fewer would be the weakest part of the signature."""


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in: ``who`` as the log shows it, ``role``, ``id`` (random), ``ends_at`` in UTC seconds."""

    who: str
    role: Role
    id: str
    ends_at: int

    def may(self, permission: Permission) -> bool:
        """Tell whether the role has the permission."""
        return permission in MAY[self.role]


class SessionSigner:
    """Signs and reads session cookies and form tokens with one secret key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def from_file(cls, path: str | Path) -> SessionSigner:
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

    def start(self, role: Role, now: int) -> Session:
        """Return a new session for a role; ``now`` in UTC seconds."""
        return Session(f"development {role}", role, secrets.token_hex(16), now + SHIFT_SECONDS)

    def cookie(self, session: Session) -> str:
        """Return the session as a signed cookie value."""
        body = base64.urlsafe_b64encode(json.dumps(asdict(session), sort_keys=True).encode()).decode()
        return f"{body}.{self._sign('session', body)}"

    def read(self, cookie: str, now: int) -> Session | None:
        """Return the session of a cookie, or None when the cookie is absent, forged, malformed or over."""
        body, _, signature = cookie.rpartition(".")
        if not body or not hmac.compare_digest(signature.encode(), self._sign("session", body).encode()):
            return None
        # Only signed text is parsed: what a stranger sends never reaches the reader.
        try:
            said = untrusted.decode_object(base64.urlsafe_b64decode(body), _SESSION)
        except ValueError:
            return None  # of another version of the product: they sign in again
        session = Session(**said)
        return session if session.role in ROLES and now < session.ends_at else None

    def form_token(self, session_id: str) -> str:
        """Return the token that each form of this session carries; another site cannot know the token."""
        return self._sign("form", session_id)

    def token_fits(self, token: str, session_id: str) -> bool:
        """Tell whether ``token`` is this session's form token."""
        return hmac.compare_digest(token.encode(), self.form_token(session_id).encode())

    def _sign(self, purpose: str, text: str) -> str:
        # The purpose is signed too, so that a form token can never pass as a cookie.
        return hmac.new(self._key, f"{purpose}\x1f{text}".encode(), hashlib.sha256).hexdigest()
