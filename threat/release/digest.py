"""The digest of a release: what people approve, as one hash. Whatever of it changes, no approval counts any more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

from threat.files import sha256_of
from threat.trust.chain import canonical

FORMAT: Final = "threat-release/1"
"""Inside what is hashed: a digest of another rule is another digest."""


@dataclass(frozen=True, slots=True)
class ReleaseParts:
    """What a release is made of, by SHA-256.

    ``run``: of the RUN's manifest. ``fairness``: of the audit's report; None without one. ``policies``: of the policy
    files that decide, by kind. ``card``: of the card as it was before the gate's verdict, with what people provided.
    """

    run: str
    fairness: str | None
    policies: Mapping[str, str]
    card: str
    environment: str
    state: str

    @property
    def digest(self) -> str:
        """Return the digest: SHA-256 of the canonical JSON of every part, 64 hexadecimal digits.

        >>> live, pilot = (ReleaseParts("r", None, {"gate": "g"}, "c", "force", state) for state in ("live", "pilot"))
        >>> len(live.digest), live.digest == pilot.digest
        (64, False)
        """
        return sha256_of(canonical({"format": FORMAT, **asdict(self), "policies": dict(self.policies)}))
