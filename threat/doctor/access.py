"""Checks of who may read what was made, and of whom this installation believes."""

from __future__ import annotations

import shlex
from pathlib import Path

from threat.doctor.findings import Finding, Places, command
from threat.release.ledger import Ledger
from threat.trust import witness
from threat.trust.belief import PROMOTIONS
from threat.trust.folder import FOLDER_VARIABLE, Trust, trust_folder

_OTHERS = 0o077
"""Bits of a mode that let anybody but the owner read, write or enter."""


def check_modes(places: Places) -> list[Finding]:
    """Report every folder of these whose files others can read, such as files of before modes were set."""
    findings = []
    for place in dict.fromkeys((places.store, places.var)):
        open_paths = [path for path in _everything(place) if path.lstat().st_mode & _OTHERS and not path.is_symlink()]
        if open_paths:
            says = f"{len(open_paths):,} files and folders in {place} can be read by others, first {open_paths[0]}"
            findings.append(Finding("modes", "broken", says, shlex.join(["chmod", "-R", "go=", str(place)])))
    return findings or [Finding("modes", "ok", "what is here is for this user alone (modes 600 and 700)")]


def _everything(place: Path) -> list[Path]:
    return [place, *sorted(place.rglob("*"))] if place.exists() else []


def check_trust(places: Places, trust: Trust) -> Finding:
    """Report the trust folder and how many of its keys are in force; once, what cannot be verified without one."""
    if trust.exists:
        usable = sum(key.in_force for key in trust.keys.values())
        return Finding("trust", "ok", f"{usable} keys in force in {trust.folder} ({trust.environment})")
    if places.promotions.exists():
        says = (
            f"no trust folder in {trust_folder()}, and {places.promotions} was signed under one: neither promotions "
            "nor the model in service can be verified; name that folder"
        )
        return Finding("trust", "missing", says, f"export {FOLDER_VARIABLE}=FOLDER")
    says = f"no trust folder in {trust_folder()}: nothing is signed, no release verifies, and the desk stays closed"
    return Finding("trust", "missing", says, command("new-trust", "FOLDER", "--name", "NAME", "--key", "ROOT.pem"))


def check_witness(places: Places, trust: Trust, ledger: Ledger) -> list[Finding]:
    """Report how many promotions governance has witnessed; nothing is asked of a demonstration."""
    if not ledger.lines or trust.is_demonstration:
        return []
    head = witness.latest(trust.witnessed, PROMOTIONS)
    witnessed = 0 if head is None else head.count
    says = f"governance witnessed {witnessed} of {ledger.lines} promotions"
    if witnessed == ledger.lines:
        return [Finding("witness", "ok", says)]
    mend = command("witness", "--store", places.store, "--var", places.var, "--key", "KEY.pem")
    return [Finding("witness", "stale", f"{says}: the others could be cut off unnoticed", mend)]
