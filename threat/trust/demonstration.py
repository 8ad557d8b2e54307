"""The trust of a demonstration: invented holders, one key for every verb, marked, and believed nowhere else."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from threat.errors import UsageError
from threat.trust import key_list
from threat.trust.folder import FOLDER_VARIABLE, KEYS_VARIABLE, Trust
from threat.trust.key_list import Holder
from threat.trust.keys import read_private_key
from threat.trust.signing import Signer

_MARK: Final = "DEMONSTRATION "
"""Begins every name, so that whatever these keys sign says at once that nobody signed."""

_ROOT: Final = Holder(f"{_MARK}governance", "governance", ("governance",))

_HOLDERS: Final = {
    "intake": Holder(f"{_MARK}intake service", "service", ("intake",)),
    "list": Holder(f"{_MARK}scoring service", "service", ("list",)),
    "audit": Holder(f"{_MARK}desk service", "service", ("audit",)),
    "evidence": Holder(f"{_MARK}training service", "service", ("evidence",)),
    "promotion": Holder(f"{_MARK}release service", "service", ("promotion",)),
    "approval": Holder(f"{_MARK}validator", "validator", ("approval",)),
    "approval-owner": Holder(f"{_MARK}SRO", "SRO", ("approval",)),
    "approval-equality": Holder(f"{_MARK}equality lead", "equality_lead", ("approval",)),
    "approval-dpo": Holder(f"{_MARK}DPO", "DPO", ("approval",)),
    "approval-unit": Holder(f"{_MARK}unit lead", "unit_lead", ("approval",)),
    "approval-security": Holder(f"{_MARK}security officer", "security_officer", ("approval",)),
}
"""Holders by the name of their key file; a file called as a verb is the one that ``Trust.signer`` takes."""


@dataclass(frozen=True, slots=True)
class DemonstrationTrust:
    """The trust folder of a demonstration and the folder of all its private keys."""

    folder: Path
    keys: Path

    @property
    def variables(self) -> dict[str, str]:
        """Return what a process of the demonstration finds its trust and its keys by."""
        return {FOLDER_VARIABLE: str(self.folder.absolute()), KEYS_VARIABLE: str(self.keys.absolute())}

    @property
    def exports(self) -> str:
        """Return the line that a person types in a shell before any other command on the demonstration."""
        return "export " + " ".join(f"{name}='{value}'" for name, value in self.variables.items())


def place_of(var: Path) -> DemonstrationTrust:
    """Return the places of the trust of the demonstration in ``var``: next to the folder that is served, never inside.

    >>> place_of(Path("var/demo")).folder.as_posix()
    'var/demo.demonstration-trust/trust'
    """
    named = var if var.name not in ("", "..") else var.resolve()
    place = named.with_name(f"{named.name}.demonstration-trust")
    return DemonstrationTrust(place / "trust", place / "keys")


def make(place: DemonstrationTrust, *, at: int) -> DemonstrationTrust:
    """Make the trust of a demonstration where there is none yet, and return the place. ``at``: int64 UTC seconds.

    Keys that an interrupted run left without a whole list are made again: nothing was signed with the keys.
    """
    if (place.keys / "complete").is_file():
        return place
    for folder in (place.folder, place.keys):
        shutil.rmtree(folder, ignore_errors=True)
    root = place.keys / "governance.pem"
    key_list.request_key(root, _ROOT)
    key_list.new_trust(place.folder, "demonstration", _ROOT, root, at=at)
    governance = Trust.open(place.folder).signer("governance", root)
    for name, holder in _HOLDERS.items():
        key_list.register(place.folder, key_list.request_key(place.keys / f"{name}.pem", holder), governance, at=at)
    (place.keys / "complete").touch(mode=0o600)
    return place


def signers_by_role(trust: Trust) -> dict[str, Signer]:
    """Return the invented signatories of a demonstration by role: the keys for ``approval`` in ``$THREAT_KEYS``.

    Raises UsageError for the trust of a force, where nobody signs for another person.
    """
    if not trust.is_demonstration:
        raise UsageError("The trust folder is no demonstration's, so nobody is invented.", value=trust.environment)
    keys = Path(os.environ.get(KEYS_VARIABLE, "."))
    signers: dict[str, Signer] = {}
    for path in sorted(keys.glob("approval*.pem")):
        listed = trust.keys.get(read_private_key(path).public_key.keyid)
        if listed is not None and listed.in_force:
            signers[listed.role] = trust.signer("approval", path)
    return signers
