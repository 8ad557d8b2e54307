"""What the gate's document says of signatures: dissent, policies in force, what came out again, and what was signed."""

from __future__ import annotations

from model_cards.words import table
from threat.release.documents.card import Value
from threat.release.evidence import RunDocuments


def dissent_field(documents: RunDocuments) -> Value | None:
    """Return who dissented, and why."""
    if documents.gate is None:
        return None
    rows = [[given.by, given.role, given.on.isoformat(), given.reason] for given in documents.gate.dissents]
    return table(["By", "Role", "On", "Why"], rows) or "None"


def not_counted_field(documents: RunDocuments) -> Value | None:
    """Return the statements that did not count, and why."""
    return None if documents.gate is None else documents.gate.not_counted or "None"


def policies_field(documents: RunDocuments) -> Value | None:
    """Return the policies that decided, with who answers for each and since when; None without any."""
    if documents.gate is None:
        return None
    rows = [
        [
            policy.kind,
            policy.version,
            f"{policy.owner or 'nobody'}, signed by {policy.by or 'nobody'}",
            "never put in force" if policy.since is None else policy.since.isoformat(),
            policy.sha256,
        ]
        for policy in documents.gate.policies
    ]
    return table(["Policy", "Version", "Owner", "In force since", "SHA-256"], rows)


def computed_again_field(documents: RunDocuments) -> Value | None:
    """Say what came out when the RUN was computed again, and whose keys signed its files; None of before."""
    gate = documents.gate
    if gate is None:
        return None
    lines = [] if gate.recomputed is None else [gate.recomputed.says]
    if gate.signed is not None:
        lines.append(f"{gate.signed.state}: {gate.signed.reason}")
    return tuple(f"{line[0].upper()}{line[1:]}" for line in lines) or None


def release_digest_field(documents: RunDocuments) -> Value | None:
    """Return the hash that approvals bind: RUN, audit, policies, card, environment and state."""
    return None if documents.gate is None else documents.gate.release_digest
