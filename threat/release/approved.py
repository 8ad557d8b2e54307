"""Whose word a bundle carries: the statements of people, verified against the key list, about the very release in it.

The key for promotions signs a bundle, and by itself is believed about nothing that people decide. What they approved is
the digest of a release; here it is computed from what the bundle holds. The digest names the RUN's manifest, and the
bundle carries that manifest, so no other model, evaluation or audit goes by their approvals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release.bundle_files import MODEL_FOLDER, is_taken
from threat.release.digest import ReleaseParts
from threat.release.documents.approvals import Approvals
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.documents.manifest import FileFacts, RunManifest
from threat.release.envelopes import verified_statements
from threat.release.policies import PolicyAsks, every
from threat.release.statements import Approval, Statement, authors_of, by_an_author, in_date, matched, people_among
from threat.release.statements import withdrawn as withdrawals
from threat.trust.folder import Trust

RUN_MANIFEST: Final = "run.json"
"""The RUN's own manifest, in a bundle: ``manifest.json`` there is the bundle's."""

LEAST_PEOPLE: Final = 2
"""People who approve what a force serves, whatever a policy asks for: one person's word is one stolen key."""


class NotApproved(IntegrityFailure):
    """A bundle that people did not approve, or whose approvals no longer hold: whoever serves goes by the rule."""


def parts_of(gate: Gate, fairness: bytes | None) -> ReleaseParts:
    """Return what a release is made of, by its verdict and the bytes of its audit (None: not audited)."""
    return ReleaseParts(
        run=gate.run_manifest_sha256,
        fairness=None if fairness is None else sha256_of(fairness),
        policies={policy.kind: policy.sha256 for policy in gate.policies},
        card=gate.card_sha256,
        environment=gate.environment,
        state=gate.to,
    )


def require_approved(files: Mapping[str, bytes], run_id: str, trust: Trust, path: Path) -> None:
    """Raise NotApproved unless people approved the very release that the files of a bundle are.

    At least two, each with a key of their own that a third registered, in the roles that the policy in force asks for,
    none of whom made the model, by statements that nobody withdrew and no key of which was revoked since. Raises
    IntegrityFailure for files that are not of the release that they approved.
    """
    if lacking := [name for name in (Approvals.FILE, RUN_MANIFEST) if name not in files]:
        raise IntegrityFailure(
            "The bundle does not carry what people signed.",
            value=f"no {', '.join(lacking)}",
            where=str(path),
            way_out="release the RUN again: threat release RUN",
        )
    gate = Gate.parse(files[Gate.FILE], f"{path}/{Gate.FILE}")
    _require_files_of_run(files, gate, run_id, path)
    if parts_of(gate, files.get(Fairness.FILE)).digest != gate.release_digest:
        raise IntegrityFailure(
            "The verdict in the bundle is about another release than the bundle holds.",
            value=gate.release_digest,
            where=str(path / Gate.FILE),
        )
    approvals = Approvals.parse(files[Approvals.FILE], f"{path}/{Approvals.FILE}")
    statements = verified_statements(approvals.envelopes(), trust)
    asks = _asked_in_force(gate, trust, path)
    valid = _valid(statements, gate)
    people, least = people_among(valid), max(LEAST_PEOPLE, 0 if asks is None else asks.persons)
    roles = () if asks is None else asks.roles
    if people < least or not matched(valid, roles):
        names = ", ".join(sorted({statement.by for statement in valid})) or "nobody"
        raise NotApproved(
            f"Too few people approved this release: {people} of {least}"
            + (f", as {' and '.join(roles)}." if roles else "."),
            value=f"{names}; release {gate.release_digest[:12]}",
            where=str(path / Approvals.FILE),
            way_out="have it approved (threat approve RUN) and release it again; until then the rule ranking is served",
        )


def _valid(statements: Sequence[Statement], gate: Gate) -> list[Statement]:
    """Return the approvals of this release that count: of people who did not make it, in date on the gate's day."""
    gone = withdrawals(statements)
    about = [
        statement
        for statement in statements
        if statement.environment == gate.environment
        and not statement.revoked
        and (statement.sha256, statement.key_id) not in gone
        and getattr(statement.body, "release_digest", "") == gate.release_digest
    ]
    authors = authors_of(about, () if gate.signed is None else gate.signed.key_ids)
    if not authors.names:
        return []  # nobody has said who made the model, so nobody is known not to have
    return [
        statement
        for statement in about
        if isinstance(statement.body, Approval)
        and statement.body.to == gate.to
        and in_date(statement.body, gate.on, gate.policy.numbers.acceptance_days)
        and statement.role != "service"
        and not by_an_author(statement, authors)
    ]


def _require_files_of_run(files: Mapping[str, bytes], gate: Gate, run_id: str, path: Path) -> None:
    """Raise IntegrityFailure unless the bundle holds what it takes of the RUN, all of it, and as the RUN sealed it.

    A file less is another model or another story: without its base, a model ranks by its trees alone.
    """
    where = str(path / RUN_MANIFEST)
    if sha256_of(files[RUN_MANIFEST]) != gate.run_manifest_sha256:
        raise IntegrityFailure("The bundle carries the manifest of another RUN than its verdict names.", where=where)
    manifest = RunManifest.parse(files[RUN_MANIFEST], where)
    if manifest.run_id != run_id:
        raise IntegrityFailure("The bundle goes by the id of another RUN than it holds.", value=run_id, where=where)
    if lacking := sorted(name for name in manifest.files.keys() - files.keys() if is_taken(name)):
        raise IntegrityFailure(
            "The bundle lacks files that the RUN sealed.",
            value=", ".join(lacking),
            where=str(path),
            way_out="release the RUN again: threat release RUN",
        )
    for name, data in files.items():
        sealed = manifest.files.get(name)
        if sealed is None and name.startswith(MODEL_FOLDER):
            raise IntegrityFailure("The bundle holds a model that the RUN did not seal.", value=name, where=where)
        if sealed is not None and sealed != FileFacts(sha256=sha256_of(data), size=len(data)):
            raise IntegrityFailure("The bundle holds another file than the RUN sealed.", value=name, where=where)


def _asked_in_force(gate: Gate, trust: Trust, path: Path) -> PolicyAsks | None:
    """Return what the gate's policy asks of approvals, by the word of governance; None where it signed no numbers.

    Raises IntegrityFailure for a policy that governance never put in force.
    """
    named = {policy.sha256 for policy in gate.policies if policy.kind == "gate"}
    # Also by a governance key that was revoked since: the approvers signed the hash of just this policy.
    signed = [policy for policy in every(trust.with_revoked_keys()) if policy.sha256 in named and not policy.withdrawn]
    if not signed:
        raise IntegrityFailure(
            "The release was decided by a policy that nobody put in force.",
            value=gate.policy_version,
            where=str(path / Gate.FILE),
            way_out="threat put-in-force gate, and release the RUN again",
        )
    return signed[-1].asks
