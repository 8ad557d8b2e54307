"""What takes a release out of force after its verdict: a last day, a withdrawal, a revoked key, a withdrawn policy.

A model is in service by the word of people. Whatever of it ends, the model gives way to the rule by itself, at the next
request and the next list, and no person runs a verb.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from threat.asof import instant
from threat.dates import date_in_words
from threat.release import kept, policies, promotions
from threat.release.approved import NotApproved
from threat.release.bundle import FORMAT_WITHOUT_VERSIONS, Bundle
from threat.release.documents.approvals import Approvals
from threat.release.documents.gate import Gate
from threat.release.envelopes import verified_statements
from threat.release.promoted import judged_by
from threat.release.statements import Acceptance, Approval, PaperDocument, Statement, withdrawn
from threat.release.transitions import SERVED
from threat.trust.folder import Trust


@dataclass(frozen=True, slots=True)
class Foundations:
    """What the release of a bundle depends on.

    ``until``: the last day on which every word counts, None where none ends; ``ends``: whose word ends on it, in words.
    ``statements``: that the verdict counted on, as they are signed in the bundle, each with what it is in words.
    ``policies``: SHA-256 of the files that decided, by kind. ``believed``: ids of keys that were revoked since, and
    that are believed up to the record that promoted the bundle: their statements hold.
    """

    until: date | None
    ends: str
    statements: tuple[tuple[Statement, str], ...]
    policies: tuple[tuple[str, str], ...]
    believed: frozenset[str] = frozenset()


def foundations(bundle: Bundle, trust: Trust, judged: Trust | None = None) -> Foundations:
    """Return what the release of an opened bundle depends on. One of the oldest format says its last day alone.

    ``judged``: the trust by which the bundle is judged where it is promoted (``promoted.judged_by``).
    """
    if bundle.manifest.format == FORMAT_WITHOUT_VERSIONS:
        return Foundations(bundle.released.expires, "", (), ())
    gate = bundle.read(Gate)
    signed = bundle.read(Approvals).envelopes() if Approvals.FILE in bundle.files else []
    counted = tuple(_counted(gate, verified_statements(signed, trust)))
    ends = sorted({words for day, words in _days(gate) if day == gate.expires()})
    return Foundations(
        gate.expires(),
        " and ".join(ends),
        counted,
        tuple((policy.kind, policy.sha256) for policy in gate.policies),
        frozenset(named for named, key in trust.keys.items() if judged and judged.keys[named].state != key.state),
    )


def lapsed(release: Foundations, statements: Path, trust: Trust, at: int) -> str:
    """Return in words why a release no longer holds at ``at`` (UTC seconds); empty while it does.

    ``statements``: the chain of what was read and withdrawn. Raises IntegrityFailure for a chain that does not verify.
    """
    if release.until is not None and instant(at).date() > release.until:
        of = f": {release.ends}" if release.ends else ""
        return f"What the release of the model depends on ended on {date_in_words(release.until)}{of}"
    # Also by a governance key that was revoked since: what was withdrawn stays withdrawn.
    gone = policies.withdrawn(trust.with_revoked_keys())
    for kind, sha256 in release.policies:
        if sha256 in gone:
            return f"The {kind} policy that the model was released under was withdrawn: {gone[sha256]}"
    taken_back = withdrawn(
        [*(said for said, _ in release.statements), *kept.withdrawals(kept.read(statements, trust), trust)]
    )
    for said, words in release.statements:
        if reason := taken_back.get((said.sha256, said.key_id)):
            return f"{words[:1].upper()}{words[1:]}, which the release of the model depends on, was {reason}"
        key = trust.keys.get(said.key_id)
        if key is not None and key.state == "revoked" and said.key_id not in release.believed:
            return f"The key was revoked that signed {words}, which the release of the model depends on"
    return ""


@dataclass(frozen=True, slots=True)
class Service:
    """Whether the model that was promoted last to be served is served, and until when.

    ``run_id``, ``state``: by the promotions. ``until``: its last day; ``ends``: whose word ends on it. ``lapsed``: why
    the rule is served in its place although nobody suspended it; empty while nothing is.
    """

    run_id: str
    state: str
    until: date | None
    ends: str
    lapsed: str

    @property
    def says(self) -> str:
        """Return the same in words."""
        if not self.run_id:
            return "Nothing has been promoted to be served: the rule ranking is."
        if self.lapsed:
            return f"{self.run_id} ({self.state}) is not served: {self.lapsed}. The rule ranking is."
        if self.state not in SERVED:
            return f"{self.run_id} is {self.state}: the rule ranking is served."
        if self.until is None:
            return f"{self.run_id} is {self.state}; nothing that it depends on ends by a date."
        return f"{self.run_id} is {self.state} until {date_in_words(self.until)}, which is the end of: {self.ends}."

    def as_json(self) -> dict[str, str | None]:
        """Return plain JSON values."""
        return asdict(self) | {"until": None if self.until is None else self.until.isoformat()}


def service_until(var: Path, at: int) -> Service:
    """Return until when what is in service may be served, and what has ended or was withdrawn at ``at`` (UTC seconds).

    Raises IntegrityFailure where promotions, bundle or statements do not verify.
    """
    trust = Trust.open()
    chain = var / "promotions.jsonl"
    try:
        standing, bundle = promotions.open_current(chain, trust)
    except NotApproved as failure:
        standing = promotions.current(chain, trust)
        return Service(standing.run_id, standing.state, None, "", failure.problem.removesuffix("."))
    if bundle is None:
        return Service(standing.run_id, standing.state, None, "", "")
    release = foundations(bundle, trust, judged_by(standing, trust))
    reason = lapsed(release, var / kept.FILE, trust, at)
    return Service(standing.run_id, standing.state, release.until, release.ends, reason)


def _counted(gate: Gate, statements: list[Statement]) -> Iterator[tuple[Statement, str]]:
    """Yield the statements that a verdict counted on, each in words."""
    approvals = {(given.by, given.role) for given in gate.approvals}
    documents = {(given.by, given.kind, given.sha256) for given in gate.documents}
    accepted = {(given.by, check.name, given.about) for check in gate.checks for given in check.accepted}
    for said in statements:
        body = said.body
        if isinstance(body, Approval) and (said.by, said.role) in approvals:
            yield said, f"the approval of {said.by} ({said.role})"
        elif isinstance(body, PaperDocument) and (said.by, body.document, body.sha256) in documents:
            yield said, f"the document {body.document} of {said.by} ({said.role})"
        elif isinstance(body, Acceptance) and (said.by, body.check, body.about) in accepted:
            yield said, f"the acceptance by {said.by} ({said.role}) of {body.about}"


def _days(gate: Gate) -> Iterator[tuple[date, str]]:
    """Yield every last day of a verdict, with whose word ends on it."""
    for check in gate.checks:
        for given in check.accepted:
            yield given.expires, f"the acceptance of {given.about} in {check.title.lower()}"
    for approval in gate.approvals:
        if approval.expires is not None:
            yield approval.expires, f"the approval of {approval.by}"
    for document in gate.documents:
        yield document.review_due, f"the review of the document {document.kind}"
