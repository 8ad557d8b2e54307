"""Which bundle is served, and who decided: an append-only, hash-linked, signed chain.

Each record is a DSSE envelope, so an entry cannot be added without a promotion key. Next to the chain is a signed
checkpoint of its head, so a chain cut short is found; keep a copy of the checkpoint elsewhere too.

States: draft, validated, shadow (scored, unseen), pilot, live, suspended, retired. ``pilot`` and ``live`` are served.
Suspended means the rule ranking is served, labelled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from threat.errors import IntegrityFailure, UsageError
from threat.files import write_whole
from threat.release import bundle as bundles
from threat.trust import chain
from threat.trust.folder import FOLDER_VARIABLE, Trust
from threat.trust.keys import Keys
from threat.trust.signing import Signer, sign, verify

PAYLOAD_TYPE = "application/vnd.threat.promotion+json"
CHECKPOINT_TYPE = "application/vnd.threat.checkpoint+json"

STATES = ("draft", "validated", "shadow", "pilot", "live", "suspended", "retired")
SERVED = frozenset({"pilot", "live"})

_FORWARD: dict[str, tuple[str, ...]] = {
    "draft": ("validated", "shadow"),
    "validated": ("validated", "shadow"),
    "shadow": ("shadow", "pilot"),
    "pilot": ("pilot", "live"),
    "live": ("live",),
    "suspended": ("pilot", "live"),
}
"""Where a RUN may go from where it is. The demonstration may go anywhere at once: nothing depends on it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says now.

    ``state``: ``none`` (nothing was ever promoted to be served), ``pilot``, ``live`` or ``suspended``. ``bundle``: the
    directory of the bundle that is, or was when suspended, served. ``since``: int64 UTC seconds of the last change.
    """

    state: str
    bundle: Path | None = None
    bundle_sha256: str = ""
    run_id: str = ""
    environment: str = ""
    reason: str = ""
    by: str = ""
    since: int = 0

    @property
    def served(self) -> bool:
        """True when the bundle may be used; otherwise serve the rule ranking, labelled."""
        return self.state in SERVED


@dataclass(frozen=True, slots=True)
class Ledger:
    """The whole chain, read and verified. ``states``: by RUN id. ``revoked``: bundle hashes. ``served``: in order."""

    records: tuple[dict[str, Any], ...]
    standing: Standing
    states: Mapping[str, str]
    revoked: frozenset[str]
    served: tuple[Standing, ...]


def current(path: Path, trust: Trust | None = None) -> Standing:
    """Return the standing: what is served. ``trust``: whose keys count (default: ``Trust.open()``).

    Raises IntegrityFailure when the chain, a signature or the checkpoint does not verify: then nothing may be served.
    """
    return read(path, trust).standing


def open_current(path: Path, trust: Trust | None = None) -> tuple[Standing, bundles.Bundle | None]:
    """The standing and, when served, its bundle, opened and verified against the hash the promotion names."""
    trust = Trust.open() if trust is None else trust
    standing = current(path, trust)
    if not standing.served or standing.bundle is None:
        return standing, None
    return standing, bundles.open(standing.bundle, trust, expected_sha256=standing.bundle_sha256)


def read(path: Path, trust: Trust | None = None) -> Ledger:
    """Verify the chain, every signature and the checkpoint, and fold the records into what they mean.

    ``trust``: whose keys count (default: ``Trust.open()``). Raises IntegrityFailure for anything that does not verify,
    and for any record at all where no trust folder exists.
    """
    trust = Trust.open() if trust is None else trust
    if not trust.exists and path.exists():
        raise IntegrityFailure(
            "The promotions cannot be verified, because no trust folder exists here.",
            where=str(path),
            way_out=f"name the trust folder of these promotions: {FOLDER_VARIABLE}=FOLDER",
        )
    keys = trust.keys
    ledger = Ledger((), Standing("none"), {}, frozenset(), ())
    count, last = 0, chain.START
    checkpoint = _checkpoint(path, keys)
    at_checkpoint = chain.START if checkpoint is not None and checkpoint.count == 0 else None
    for line in chain.entries(path):
        record, key = verify(line["entry"], PAYLOAD_TYPE, keys, verb="promotion")
        if record.get("environment") != key.environment:
            raise IntegrityFailure(
                "The promotion names another environment than the key that signed it.",
                value=record.get("environment"),
                where=f"{path}, line {line['sequence'] + 1}",
            )
        ledger = _fold(ledger, record, path)
        count, last = count + 1, line["hash"]
        if checkpoint is not None and count == checkpoint.count:
            at_checkpoint = last
    if count and checkpoint is None:
        raise IntegrityFailure("The promotions have no checkpoint next to them.", where=str(_checkpoint_path(path)))
    if checkpoint is not None and at_checkpoint != checkpoint.hash:
        raise IntegrityFailure(
            "The promotions no longer hold the record their checkpoint names: records were removed.",
            value=f"{count} records, the checkpoint names {checkpoint.count}",
            where=str(path),
        )
    return ledger


def promote(
    path: Path, built: Path, to: str, signer: Signer, *, at: int, reason: str, trust: Trust | None = None
) -> Standing:
    """Record that the bundle in ``built`` enters the state ``to``. Returns the new standing.

    The bundle is opened and verified first. Raises UsageError for a step the states do not allow, or a revoked bundle.
    """
    if to not in STATES[1:5]:
        raise UsageError("No bundle is promoted to this state.", value=to, way_out=f"one of: {', '.join(STATES[1:5])}")
    trust = Trust.open() if trust is None else trust
    opened = bundles.open(built, trust)
    ledger = read(path, trust)
    run_id = opened.manifest.run_id
    before = ledger.states.get(run_id, "draft")
    if opened.sha256 in ledger.revoked:
        raise UsageError(
            "This bundle was revoked. A revoked bundle is never promoted again.",
            value=opened.sha256,
            way_out="train again",
        )
    if signer.key.environment != "demonstration" and to not in _FORWARD.get(before, ()):
        raise UsageError(
            f"The model is {before}, and cannot become {to}.",
            value=run_id,
            way_out=f"next: {' or '.join(_FORWARD.get(before, ())) or 'train again'}",
        )
    passed_for = opened.released.to
    reach = STATES.index(passed_for) if passed_for in STATES else 0
    if signer.key.environment != "demonstration" and STATES.index(to) > reach:
        raise UsageError(
            f"The gate did not pass this bundle for {to}.",
            value=f"passed for {passed_for}",
            way_out=f"threat release RUN --to {to}",
        )
    return _record(
        path,
        signer,
        trust,
        {
            "action": "promote",
            "state": to,
            "run_id": run_id,
            "bundle": os.path.relpath(built, path.parent),
            "bundle_sha256": opened.sha256,
            "at": at,
            "reason": reason,
        },
    )


def suspend(path: Path, signer: Signer, *, at: int, reason: str, trust: Trust | None = None) -> Standing:
    """Stop serving the model; the rule ranking takes over. Raises UsageError when nothing is served."""
    if not current(path, trust).served:
        raise UsageError("Nothing is being served, so there is nothing to suspend.", way_out="see: threat promotions")
    return _record(path, signer, trust, {"action": "suspend", "at": at, "reason": reason})


def resume(path: Path, signer: Signer, *, at: int, reason: str, trust: Trust | None = None) -> Standing:
    """Serve the suspended model again, in the state it had. Raises UsageError when nothing is, or it is revoked."""
    ledger = read(path, trust)
    if ledger.standing.state != "suspended":
        raise UsageError("Nothing is suspended.", way_out="see: threat promotions")
    if ledger.standing.bundle_sha256 in ledger.revoked:
        raise UsageError(
            "The suspended bundle was revoked. A revoked bundle is never served again.", way_out="threat roll-back"
        )
    return _record(path, signer, trust, {"action": "resume", "at": at, "reason": reason})


def roll_back(path: Path, signer: Signer, *, at: int, reason: str, trust: Trust | None = None) -> Standing:
    """Serve again the bundle that was served before this one. Raises UsageError when there is none left."""
    ledger = read(path, trust)
    if _earlier(ledger) is None:
        raise UsageError(
            "No earlier bundle can be served.", way_out="stop the model with: threat suspend (the rule ranking serves)"
        )
    return _record(path, signer, trust, {"action": "roll_back", "at": at, "reason": reason})


def revoke(
    path: Path, bundle_sha256: str, signer: Signer, *, at: int, reason: str, trust: Trust | None = None
) -> Standing:
    """Never serve this bundle again; suspended at once when it is the one served. It stays readable for replay."""
    if bundle_sha256 not in {record.get("bundle_sha256") for record in read(path, trust).records}:
        raise UsageError("No promotion names this bundle.", value=bundle_sha256, way_out="see: threat promotions")
    record = {"action": "revoke", "revoked_sha256": bundle_sha256, "at": at, "reason": reason}
    return _record(path, signer, trust, record)


def _record(path: Path, signer: Signer, trust: Trust | None, record: dict[str, Any]) -> Standing:
    if not record["reason"].strip():
        raise UsageError("The reason is blank. A change of what is served needs a reason.", way_out="--reason 'why'")
    trust = Trust.open() if trust is None else trust
    _may_record(signer, trust)
    record |= {"by": signer.key.name, "environment": signer.key.environment}
    if not path.exists():
        _keep_head(path, signer, record["at"])  # so that a process killed after its first record leaves a checkpoint
    chain.append(path, sign(record, PAYLOAD_TYPE, signer))
    _keep_head(path, signer, record["at"])
    return current(path, trust)


def _may_record(signer: Signer, trust: Trust) -> None:
    """Refuse a key whose record would not verify: once written, it would close the whole chain."""
    key = trust.keys.get(signer.key.key_id)
    if key is None or not key.in_force or "promotion" not in key.verbs:
        raise UsageError(
            "This key may not change what is served.",
            value=signer.key.name,
            way_out="sign with a key in force that has the verb promotion; see: threat keys",
        )


def _keep_head(path: Path, signer: Signer, at: int) -> None:
    """Replace the checkpoint. A process killed before this leaves an earlier one, which the chain still holds."""
    head = chain.head(path)
    envelope = sign({"count": head.count, "hash": head.hash, "at": at}, CHECKPOINT_TYPE, signer)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(_checkpoint_path(path), chain.canonical(envelope))


def _checkpoint_path(path: Path) -> Path:
    return path.with_suffix(".checkpoint.json")


def _checkpoint(path: Path, keys: Keys) -> chain.Head | None:
    file = _checkpoint_path(path)
    if not file.exists():
        return None
    try:
        envelope = json.loads(file.read_bytes())
    except ValueError:
        raise IntegrityFailure("The checkpoint of the promotions cannot be read.", where=str(file)) from None
    document, _ = verify(envelope, CHECKPOINT_TYPE, keys, verb="promotion")
    return chain.Head(int(document["count"]), str(document["hash"]))


def _earlier(ledger: Ledger) -> Standing | None:
    """The latest served bundle that is neither the present one nor revoked."""
    for standing in reversed(ledger.served):
        if standing.bundle_sha256 not in {ledger.standing.bundle_sha256, *ledger.revoked}:
            return standing
    return None


def _fold(ledger: Ledger, record: dict[str, Any], path: Path) -> Ledger:
    action, now, states = record.get("action"), ledger.standing, dict(ledger.states)
    said = {"reason": record["reason"], "by": record["by"], "since": record["at"]}
    served, revoked = ledger.served, ledger.revoked
    if action == "promote":
        states[record["run_id"]] = record["state"]
        if record["state"] in SERVED:
            if now.run_id and now.run_id != record["run_id"]:
                states[now.run_id] = "retired"
            now = Standing(
                state=record["state"],
                bundle=path.parent / record["bundle"],
                bundle_sha256=record["bundle_sha256"],
                run_id=record["run_id"],
                environment=record["environment"],
                **said,
            )
            served = (*served, now)
    elif action in {"suspend", "revoke"}:
        if action == "revoke":
            revoked = revoked | {record["revoked_sha256"]}
        if now.served and (action == "suspend" or now.bundle_sha256 in revoked):
            now = replace(now, state="suspended", **said)
            states[now.run_id] = "suspended"
    elif action == "resume":
        now = replace(now, state=_last_state(served, now.bundle_sha256), **said)
        states[now.run_id] = now.state
    elif action == "roll_back":
        earlier = _earlier(ledger)
        if earlier is None:
            raise IntegrityFailure("The promotions hold a roll-back to nothing.", where=str(path))
        states[now.run_id] = "retired"
        now = replace(earlier, **said)
        states[now.run_id] = now.state
        served = (*(standing for standing in served if standing.bundle_sha256 != ledger.standing.bundle_sha256), now)
    else:
        raise IntegrityFailure("The promotions hold a record of an unknown action.", value=action, where=str(path))
    return Ledger((*ledger.records, record), now, states, revoked, served)


def _last_state(served: tuple[Standing, ...], bundle_sha256: str) -> str:
    return next(standing.state for standing in reversed(served) if standing.bundle_sha256 == bundle_sha256)
