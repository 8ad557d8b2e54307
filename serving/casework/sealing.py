"""Which cases of a list are sealed: for those no order is ever shown, so that grades can be compared with it.

Drawn with a secret key by reference and list, so that nobody who grades can tell beforehand, and that the same list
draws the same cases again. The draw is made when a list is published and kept with the referral.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from threat.errors import BadInput

KEY_FILE = "sealing.key"
"""Name of the key file, next to the desk's database. Not the key of sessions: that may be changed at any time."""

KEY_BYTES = 32
"""Bytes of the key: as many as SHA-256 gives, fewer would be the weakest part of the draw."""


@dataclass(frozen=True, slots=True)
class Sealer:
    """Draws one case in ``one_in``, of a list or of those that are let go."""

    key: bytes = field(repr=False)
    one_in: int

    @classmethod
    def from_file(cls, path: Path, one_in: int) -> Sealer:
        """Read the key file, or make one that its owner alone can read. Raises BadInput for a key under 32 bytes."""
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
                "The key of the sealed share is too short: it needs at least 32 bytes.",
                value=f"{len(key)} bytes",
                where=str(path),
                way_out="restore it from a backup; without one remove it: lists from now on are drawn by a new key",
            )
        return cls(key, one_in)

    def sealed(self, reference: str, list_id: str) -> bool:
        """Tell whether a relationship (``R-...``) is sealed in a list (``L-...``).

        By the relationship and not by its case, whose reference is drawn anew wherever a list is published again.

        >>> sealer = Sealer(bytes(32), 10)
        >>> [n for n in range(40) if sealer.sealed(f"R-{n}", "L-1")]
        [8, 25, 29, 32, 35]
        """
        return self._drawn("sealed", reference, list_id)

    def read_again(self, case_id: str, looked_at: int) -> bool:
        """Tell whether a second person reads the letting go of a case, by when it was last looked at (UTC seconds)."""
        return self._drawn("read again", case_id, str(looked_at))

    def _drawn(self, *about: str) -> bool:
        # 0x1f is in no reference, so that two of them can't be cut differently into the same text.
        drawn = hmac.new(self.key, "\x1f".join(about).encode(), hashlib.sha256).digest()
        return int.from_bytes(drawn) % self.one_in == 0
