"""Policies put in force: a signed chain in the trust folder that says which file of each kind decides, and whose it is.

The last believed line of a kind is in force; a line is signed by a person of governance for its place, so that an
earlier policy does not come back unless somebody puts it in force again, which shows. A line by a key that was ended,
which no witness of before covers, decides nothing: the policy before stays in force (``threat chains`` names the line).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from threat.errors import IntegrityFailure, UsageError
from threat.release.documents.gate import PolicyInForce
from threat.trust import records
from threat.trust.belief import POLICIES
from threat.trust.folder import Trust
from threat.trust.signing import Signer

FILE: Final = "policies.jsonl"
"""Name of the chain, next to the key list: who may change the trust folder is governance."""

PAYLOAD_TYPE: Final = "application/vnd.threat.policy+json"
VERB: Final = "governance"
KINDS: Final = ("gate", "fairness", "eligibility")
"""What decides a release: thresholds and signatories, the fairness rule, and who is considered at all."""


LEAST_SHADOW_DAYS: Final = 56
"""Eight weeks in shadow before a pilot, by the dates of the witness. A gate policy may ask for more, never for less."""

MOST_DAYS: Final = 90
"""Days that an approval lasts at most, by the product's policy; for a policy that was signed without the number."""


@dataclass(frozen=True, slots=True)
class PolicyAsks:
    """What a gate's policy asks of promotions and bundles, by the word of governance and not of whoever promotes.

    ``shadow_days``: least days in shadow before a pilot. ``persons``, ``roles``: who approves a release.
    ``approval_days``: how long an approval lasts at most.
    """

    shadow_days: int
    persons: int
    roles: tuple[str, ...]
    approval_days: int = MOST_DAYS


@dataclass(frozen=True, slots=True)
class SignedPolicy:
    """A policy that a person of governance put in force. ``sha256``: of its file. ``since``: from which day.

    ``asks``: of a gate's policy; None of another kind, and of one that was put in force before that was signed.
    ``withdrawn``: why this policy was withdrawn on that day, by the word of ``by``; empty where it was put in force.
    """

    kind: str
    version: str
    sha256: str
    owner: str
    since: date
    by: str
    asks: PolicyAsks | None = None
    withdrawn: str = ""


def put_in_force(policy: SignedPolicy, trust: Trust, signer: Signer) -> None:
    """Add a policy to the chain, signed. ``policy.by`` is taken from the key.

    Raises UsageError for an unknown kind, an owner without a name, and where no trust folder exists.
    """
    if trust.folder is None:
        raise UsageError("No policy can be put in force, because no trust folder exists.", way_out="threat new-trust")
    if policy.kind not in KINDS:
        raise UsageError("The kind of policy is unknown.", value=policy.kind, way_out=", ".join(KINDS))
    if not policy.owner.strip():
        raise UsageError("The policy has no owner.", way_out="--owner: who answers for the policy")
    record: dict[str, Any] = {
        "kind": policy.kind,
        "version": policy.version,
        "sha256": policy.sha256,
        "owner": policy.owner,
        "since": policy.since.isoformat(),
    }
    if policy.asks is not None:
        record["asks"] = asdict(policy.asks)
    records.append(trust.folder / FILE, record, PAYLOAD_TYPE, signer)


def in_force(trust: Trust) -> dict[str, SignedPolicy]:
    """Return the policy in force of each kind that has one; none without a trust folder. Raises as ``every``."""
    latest = {policy.kind: policy for policy in every(trust)}
    return {kind: policy for kind, policy in latest.items() if not policy.withdrawn}


def withdrawn(trust: Trust) -> dict[str, str]:
    """Return why each policy that is withdrawn now was withdrawn, by the SHA-256 of its file. Raises as ``every``."""
    latest = {policy.sha256: policy for policy in every(trust)}
    return {sha256: f"{policy.withdrawn} ({policy.by}, {policy.since})" for sha256, policy in latest.items()
            if policy.withdrawn}  # fmt: skip


def withdraw(kind: str, reason: str, on: date, trust: Trust, signer: Signer) -> SignedPolicy:
    """Withdraw the policy in force of a kind: what was released under it is served no longer. Return the policy.

    Raises UsageError where no policy of the kind is in force, for a blank reason, and where no trust folder exists.
    """
    policy = in_force(trust).get(kind)
    if policy is None or trust.folder is None:
        raise UsageError("No policy of this kind is in force.", value=kind, way_out="threat put-in-force KIND")
    if not reason.strip():
        raise UsageError("The reason is blank.", way_out="--reason 'why'")
    record = {
        "kind": kind,
        "version": policy.version,
        "sha256": policy.sha256,
        "owner": policy.owner,
        "since": on.isoformat(),
        "withdrawn": reason,
    }
    records.append(trust.folder / FILE, record, PAYLOAD_TYPE, signer)
    return policy


def every(trust: Trust) -> tuple[SignedPolicy, ...]:
    """Return every policy that was ever put in force, in order; none without a trust folder.

    Raises IntegrityFailure for a chain that does not verify, or is shorter than governance witnessed.
    """
    if trust.folder is None:
        return ()
    path: Path = trust.folder / FILE
    signed = []
    for line in records.read(path, PAYLOAD_TYPE, trust.belief(POLICIES), verb=VERB):
        # A withdrawal is read on the side of care: the policy stays withdrawn until governance puts it in force again,
        # or excludes the line.
        if line.belief == "excluded" or (line.belief != "believed" and not line.record.get("withdrawn")):
            continue
        try:
            policy = SignedPolicy(
                kind=str(line.record["kind"]),
                version=str(line.record["version"]),
                sha256=str(line.record["sha256"]),
                owner=str(line.record["owner"]),
                since=date.fromisoformat(line.record["since"]),
                by=line.key.name,
                asks=_asks(line.record.get("asks")),
                withdrawn=str(line.record.get("withdrawn", "")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise IntegrityFailure(
                "The chain of policies has a line of another form.", value=error, where=str(path)
            ) from None
        signed.append(policy)
    return tuple(signed)


def _asks(signed: Mapping[str, Any] | None) -> PolicyAsks | None:
    if signed is None:
        return None
    return PolicyAsks(
        int(signed["shadow_days"]),
        int(signed["persons"]),
        tuple(map(str, signed["roles"])),
        int(signed.get("approval_days", MOST_DAYS)),
    )


def deciding(kind: str, version: str, sha256: str, signed: Mapping[str, SignedPolicy]) -> PolicyInForce:
    """Return a policy that decides, with who put it in force, or which other policy is in force."""
    policy = signed.get(kind)
    if policy is None:
        return PolicyInForce(kind=kind, version=version, sha256=sha256)
    if policy.sha256 != sha256:
        return PolicyInForce(kind=kind, version=version, sha256=sha256, another=f"{policy.version} of {policy.since}")
    return PolicyInForce(
        kind=kind, version=version, sha256=sha256, owner=policy.owner, since=policy.since, by=policy.by
    )
