"""Every promotion on record with its evidence: who brought which RUN from which state to which, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serving.desk.service import Desk
from threat.dates import as_of_day
from threat.release import promotions
from threat.release.ledger import Ledger
from threat.trust import witness
from threat.trust.belief import PROMOTIONS

ACTIONS = {
    "promote": "Promoted",
    "suspend": "Suspended",
    "resume": "Resumed",
    "roll_back": "Rolled back to",
    "retire": "Retired",
    "revoke": "Bundle revoked",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One record of the promotions, in words. ``evidence``: its evidence, by title and SHA-256 or version."""

    number: int
    day: str
    action: str
    run: str
    states: str
    by: str
    reason: str
    evidence: tuple[tuple[str, str], ...]
    witnessed: bool


def steps(desk: Desk) -> tuple[Step, ...]:
    """Return every record of the promotions, the latest first.

    Raises IntegrityFailure when the promotions do not verify: then nothing of them is shown.
    """
    ledger: Ledger = promotions.read(desk.promotions_path, desk.trust)
    seen = witness.latest(desk.trust.witnessed, PROMOTIONS)
    count = 0 if seen is None else seen.count
    shown = [_step(record["sequence"] + 1, record, witnessed=record["sequence"] < count) for record in ledger.records]
    return tuple(reversed(shown))


def _step(number: int, record: Mapping[str, Any], *, witnessed: bool) -> Step:
    return Step(
        number=number,
        day=as_of_day(record["at"]),
        action=ACTIONS[record["action"]],
        run=record["run_id"],
        states=f"{record['from']} to {record['to']}",
        by=record["by"],
        reason=record["reason"],
        evidence=tuple(_evidence(record)),
        witnessed=witnessed,
    )


def _evidence(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name the evidence of a record; a record of before it named its model has fewer lines."""
    release: Mapping[str, Any] = record.get("release") or {}
    named = [
        ("Bundle", record.get("bundle_sha256")),
        ("Manifest of the RUN", record.get("run_manifest_sha256")),
        ("Release digest", release.get("release_digest")),
        ("Policy of the gate", release.get("policy")),
    ]
    lines = [(title, str(value)) for title, value in named if value]
    if shadow := record.get("shadow"):
        lines.append(("In shadow", f"{shadow['days']:g} days by the witness, {shadow['least_days']} asked for"))
    return lines
