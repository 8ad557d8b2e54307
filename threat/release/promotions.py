"""Which bundle is served, and who decided: an append-only chain of signed records, each bound to its place.

Inside what is signed are the place in the chain, the action, the states it leads from and to, the RUN, the hash of the
bundle, of its documents, of the model and of the RUN's manifest. So no record can be added without a promotion key,
moved, or used twice, and no other model comes in under the id of a RUN that was promoted. The approvals of people are
verified where a bundle is opened. A checkpoint next to the chain finds a chain that broke off; the witness in the trust
folder, signed by governance, finds a chain that somebody cut short. The allowed steps are in ``transitions.csv``.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from threat import untrusted
from threat.errors import IntegrityFailure, UsageError
from threat.files import locked_folder, private_folder, sha256_of
from threat.release import bundle as bundles
from threat.release import checkpoint, promoted
from threat.release.bundle_files import DOCUMENTS
from threat.release.documents.document import json_object
from threat.release.documents.gate import Gate
from threat.release.ledger import (
    Ledger,
    PromotedModel,
    Standing,
    days_asked,
    days_in_shadow,
    follow,
    problem_with,
    without,
)
from threat.release.policies import LEAST_SHADOW_DAYS
from threat.release.transitions import PROMOTED_TO, STATES, is_allowed, next_states
from threat.trust import chain, records
from threat.trust.belief import PROMOTIONS
from threat.trust.folder import FOLDER_VARIABLE, NoTrustFolder, Trust
from threat.trust.signing import Signer

FILE = "promotions.jsonl"
"""Name of the chain in ``var``."""

PAYLOAD_TYPE = "application/vnd.threat.promotion+json"


def current(path: Path, trust: Trust | None = None) -> Standing:
    """Return the standing: what is served. ``trust``: whose keys count (default: ``Trust.open()``).

    Raises IntegrityFailure when the chain, a signature, the checkpoint or the witness does not verify: then nothing may
    be served.
    """
    return read(path, trust).standing


def open_current(path: Path, trust: Trust | None = None) -> tuple[Standing, bundles.Bundle | None]:
    """Return the standing and, when served, its bundle, opened and verified against the hash the promotion names.

    A bundle that was revoked is never opened here: for replay there is ``open_for_replay``.
    """
    trust = Trust.open() if trust is None else trust
    ledger = read(path, trust)
    standing = ledger.standing
    if not standing.served or standing.bundle is None:
        return standing, None
    if standing.bundle_sha256 in ledger.revoked:
        raise IntegrityFailure("The bundle in service was revoked.", value=standing.bundle_sha256, where=str(path))
    opened = promoted.open_promoted(standing, trust)
    model = ledger.models.get(standing.run_id)
    if model is not None and model != _model_of(opened):
        raise IntegrityFailure(
            "The bundle in service holds another model than its promotion names.",
            value=opened.manifest.model_sha256,
            where=str(standing.bundle),
            way_out="suspend it (threat suspend), and tell the person responsible for security",
        )
    return standing, opened


def open_for_replay(
    path: Path, bundle_sha256: str, trust: Trust | None = None
) -> tuple[Standing, bundles.Bundle] | None:
    """Return how a bundle was last served, and the bundle, to read and to replay; None for a bundle never served.

    A bundle that was revoked, or whose key was, opens too, marked ``revoked``: it ranks nobody any more.
    """
    trust = Trust.open() if trust is None else trust
    ledger = read(path, trust)
    standing = next((past for past in reversed(ledger.ever_served) if past.bundle_sha256 == bundle_sha256), None)
    if standing is None or standing.bundle is None:
        return None
    opened = promoted.open_promoted(standing, trust, to_serve=False)
    return standing, replace(opened, revoked=bundle_sha256 in ledger.revoked)


def read(path: Path, trust: Trust | None = None) -> Ledger:
    """Verify chain, signatures, steps, checkpoint and witness, and return what the records come to.

    ``trust``: whose keys count (default: ``Trust.open()``). A record that governance witnessed before its key was ended
    stands, and so does a record that governance vouched for; a record that was excluded takes no step. Raises
    IntegrityFailure naming the first line that does not verify or is not believed, and for any record at all where no
    trust folder exists.
    """
    trust = Trust.open() if trust is None else trust
    if not trust.exists and path.exists():
        raise NoTrustFolder(
            "The promotions cannot be verified, because no trust folder exists here.",
            where=str(path),
            way_out=f"name the trust folder of these promotions: {FOLDER_VARIABLE}=FOLDER",
        )
    belief = trust.belief(PROMOTIONS)
    ledger, hashes = Ledger(), list[str]()
    for line in chain.entries(path):
        _require_place(line, path)
        signed = records.check(line, PAYLOAD_TYPE, trust.keys, verb="promotion", path=path, ended=True)
        if belief.require(signed.sequence, signed.hash, signed.key, f"{path}, line {signed.sequence + 1}"):
            ledger = follow(ledger, signed, trust, path)
        else:
            ledger = without(ledger, belief.judgements[signed.hash])
        hashes.append(line["hash"])
    belief.require_heads(path, hashes)
    checkpoint.require(path, hashes, trust.with_revoked_keys())
    return ledger


def promote(
    path: Path,
    built: Path,
    to: str,
    signer: Signer,
    *,
    at: int,
    reason: str,
) -> Standing:
    """Record that the bundle in ``built`` enters the state ``to``. Returns the new standing.

    The bundle is opened and verified first. A pilot needs as many days in shadow, by the witness, as the bundle's own
    gate policy and the policy in force ask for, and never fewer than ``LEAST_SHADOW_DAYS``. Raises UsageError for a
    step the states do not allow, too short a shadow, a revoked bundle, or another model under the id of a promoted RUN;
    IntegrityFailure for a new bundle by a key that was ended.
    """
    if to not in PROMOTED_TO:
        raise UsageError("No bundle is promoted to this state.", value=to, way_out=f"one of: {', '.join(PROMOTED_TO)}")
    trust = Trust.open()
    with _writing(path):
        ledger = read(path, trust)
        opened = promoted.open_to_promote(built, ledger, trust)
        demonstration = opened.environment == "demonstration"
        run_id = opened.manifest.run_id
        before = ledger.state_of(run_id)
        if opened.sha256 in ledger.revoked:
            raise UsageError(
                "This bundle was revoked. A revoked bundle is never promoted again.",
                value=opened.sha256,
                way_out="train again",
            )
        if not is_allowed("promote", before, to, demonstration=demonstration):
            raise UsageError(
                f"The model is {before}, and cannot become {to}.",
                value=run_id,
                way_out=f"next: {' or '.join(next_states('promote', before)) or 'train again'}",
            )
        _require_reach(opened, to)
        record = {
            "action": "promote",
            "run_id": run_id,
            "from": before,
            "to": to,
            "bundle": os.path.relpath(built, path.parent),
            "bundle_sha256": opened.sha256,
            "model_sha256": opened.manifest.model_sha256,
            "run_manifest_sha256": opened.manifest.run_manifest_sha256,
            "release": _release_of(opened),
            "at": at,
            "reason": reason,
        }
        if (before, to) == ("shadow", "pilot"):
            days = days_in_shadow(ledger, run_id, trust.witnessed, before=ledger.lines)
            asked = days_asked({"at": at, "sequence": ledger.lines}, trust)
            record["shadow"] = {"days": round(days, 2), "least_days": max(asked, _least_shadow_days(opened))}
        if demonstration:
            record["exempt"] = "demonstration: no step and no time in shadow is asked for"
        return _record(path, signer, trust, ledger, record)


def suspend(path: Path, signer: Signer, *, at: int, reason: str) -> Standing:
    """Stop serving the model; the rule ranking takes over. Raises UsageError when nothing is served."""
    trust = Trust.open()
    with _writing(path):
        ledger = read(path, trust)
        if not ledger.standing.served:
            raise UsageError(
                "Nothing is being served, so there is nothing to suspend.", way_out="see: threat promotions"
            )
        record = _about(ledger, ledger.standing, "suspend", "suspended") | {"at": at, "reason": reason}
        return _record(path, signer, trust, ledger, record)


def resume(path: Path, signer: Signer, *, at: int, reason: str) -> Standing:
    """Serve the suspended model again, in the state it had. Raises UsageError when nothing is, or it is revoked."""
    trust = Trust.open()
    with _writing(path):
        ledger = read(path, trust)
        standing = ledger.standing
        if standing.state != "suspended":
            raise UsageError("Nothing is suspended.", way_out="see: threat promotions")
        if standing.bundle_sha256 in ledger.revoked:
            raise UsageError(
                "The suspended bundle was revoked. A revoked bundle is never served again.", way_out="threat roll-back"
            )
        if ledger.state_of(standing.run_id) == "retired":
            raise UsageError(
                "The suspended RUN was retired. A retired RUN is never served again.",
                value=standing.run_id,
                way_out="threat roll-back, or train again",
            )
        record = _about(ledger, standing, "resume", ledger.last_state()) | {"at": at, "reason": reason}
        return _record(path, signer, trust, ledger, record)


def roll_back(path: Path, signer: Signer, *, at: int, reason: str) -> Standing:
    """Serve again the bundle that was served before this one. Raises UsageError when there is none left."""
    trust = Trust.open()
    with _writing(path):
        ledger = read(path, trust)
        earlier = ledger.earlier()
        if earlier is None or earlier.bundle is None:
            raise UsageError(
                "No earlier bundle can be served.",
                way_out="stop the model with: threat suspend (the rule ranking serves)",
            )
        record = _about(ledger, earlier, "roll_back", earlier.state) | {
            "bundle": os.path.relpath(earlier.bundle, path.parent),
            "at": at,
            "reason": reason,
        }
        return _record(path, signer, trust, ledger, record)


def retire(path: Path, run_id: str, signer: Signer, *, at: int, reason: str) -> Standing:
    """End a RUN for good: it is never promoted again. The rule ranking takes over from a RUN that is served."""
    trust = Trust.open()
    with _writing(path):
        ledger = read(path, trust)
        before = ledger.state_of(run_id)
        if "retired" not in next_states("retire", before):
            raise UsageError(
                f"The RUN is {before}, and cannot be retired.",
                value=run_id,
                way_out="see: threat promotions",
            )
        record = {"action": "retire", "run_id": run_id, "from": before, "to": "retired"}
        record["bundle_sha256"] = ledger.bundles[run_id]
        return _record(path, signer, trust, ledger, record | {"at": at, "reason": reason})


def revoke(path: Path, bundle_sha256: str, signer: Signer, *, at: int, reason: str) -> Standing:
    """Never serve this bundle again; suspended at once when it is the one served. It stays readable for replay."""
    trust = Trust.open()
    with _writing(path):
        ledger = read(path, trust)
        run_id = ledger.run_of(bundle_sha256)
        if run_id is None:
            raise UsageError("No promotion names this bundle.", value=bundle_sha256, way_out="see: threat promotions")
        record = {
            "action": "revoke",
            "run_id": run_id,
            "from": ledger.state_of(run_id),
            "to": ledger.after_revoking(run_id, bundle_sha256),
            "bundle_sha256": bundle_sha256,
            "at": at,
            "reason": reason,
        }
        return _record(path, signer, trust, ledger, record)


def _about(ledger: Ledger, standing: Standing, action: str, after: str) -> dict[str, Any]:
    return {
        "action": action,
        "run_id": standing.run_id,
        "from": ledger.state_of(standing.run_id),
        "to": after,
        "bundle_sha256": standing.bundle_sha256,
    }


def _require_reach(opened: bundles.Bundle, to: str) -> None:
    """Raise UsageError for a state that the gate did not pass the bundle for; the demonstration goes everywhere."""
    passed_for = opened.released.to
    reach = STATES.index(passed_for) if passed_for in STATES else 0
    if opened.environment != "demonstration" and STATES.index(to) > reach:
        raise UsageError(
            f"The gate did not pass this bundle for {to}.",
            value=f"passed for {passed_for}",
            way_out=f"threat release RUN --to {to}",
        )


def _model_of(opened: bundles.Bundle) -> PromotedModel:
    return PromotedModel(opened.manifest.model_sha256, opened.manifest.run_manifest_sha256)


def _least_shadow_days(opened: bundles.Bundle) -> int:
    """Return the days in shadow before a pilot that the policy in a bundle asks for, and at least the fewest."""
    policy = json_object(opened.files[Gate.FILE], Gate.FILE).get("policy") or {}
    # By name, not by type: a bundle of before documents had versions has no such number, and its policy another form.
    asked = policy.get("numbers", {}).get("shadow_days") or LEAST_SHADOW_DAYS
    return max(LEAST_SHADOW_DAYS, int(asked))


def _release_of(opened: bundles.Bundle) -> dict[str, Any]:
    """Return the hashes of the documents in a bundle, and what its verdict says of policy and release digest."""
    gate = json_object(opened.files[Gate.FILE], Gate.FILE)
    return {
        "documents": {name: sha256_of(opened.files[name]) for name in sorted(DOCUMENTS) if name in opened.files},
        "policy": gate.get("policy_version"),
        "policy_sha256": sha256_of(chain.canonical(gate.get("policy"))),
        "release_digest": gate.get("release_digest"),
    }


def _record(path: Path, signer: Signer, trust: Trust, ledger: Ledger, record: dict[str, Any]) -> Standing:
    if not record["reason"].strip():
        raise UsageError("The reason is blank. A change of what is served needs a reason.", way_out="--reason 'why'")
    _may_record(signer, trust)
    record |= {"by": signer.key.name}
    placed = record | {"environment": signer.key.environment, "sequence": ledger.lines}
    # The rule of reading, before writing: a record that would not be read back would close the whole chain.
    if problem := problem_with(ledger, placed, trust):
        raise UsageError(problem, value=record["run_id"], way_out="see: threat promotions; the witness: threat witness")
    if not path.exists():
        # So that a process killed after its first record leaves a checkpoint.
        checkpoint.keep(path, signer, record["at"])
    records.append(path, record, PAYLOAD_TYPE, signer)
    checkpoint.keep(path, signer, record["at"])
    return current(path, trust)


def _writing(path: Path) -> AbstractContextManager[None]:
    """Return a lock that one writer holds at a time: two would each add a step from the same state."""
    private_folder(path.parent)
    return locked_folder(path.parent)


def _may_record(signer: Signer, trust: Trust) -> None:
    """Refuse a key whose record would not verify: once written, it would close the whole chain."""
    key = trust.keys.get(signer.key.key_id)
    if key is None or not key.in_force or "promotion" not in key.verbs:
        raise UsageError(
            "This key may not change what is served.",
            value=signer.key.name,
            way_out="sign with a key in force that has the verb promotion; see: threat keys",
        )


def _require_place(line: Mapping[str, Any], path: Path) -> None:
    """Say what to do with a chain of before records named their place; anything else is for ``records.check``."""
    try:
        document = untrusted.decode_object(base64.b64decode(line["entry"]["payload"]))
        of_before = "action" in document and "sequence" not in document
    except (KeyError, TypeError, ValueError):
        return
    if of_before:
        raise IntegrityFailure(
            "The promotions are of before records named their place, and count no longer.",
            where=f"{path}, line {line['sequence'] + 1}",
            way_out=f"move {path.name} and {checkpoint.path_of(path).name} to an archive, and release again",
        )
