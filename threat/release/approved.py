"""Whose word a bundle carries: the statements of people, verified against the key list, about the very release in it.

The key for promotions signs a bundle, and by itself is believed about nothing that people decide. What they approved is
the digest of a release; here it is computed from what the bundle holds. The digest names the RUN's manifest, and the
bundle carries that manifest, so no other model, evaluation or audit goes by their approvals.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
from threat.release.statements import (
    Approval,
    Authorship,
    Statement,
    authors_of,
    by_an_author,
    in_date,
    matched,
    people_among,
)
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
        raise NotApproved(
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
    approved = approved_by(files, trust, path)
    if problem := approved.lacking(gate.on, trust):
        names = ", ".join(sorted({statement.by for statement in approved.counting(gate.on, trust)})) or "nobody"
        raise NotApproved(
            f"{problem}.",
            value=f"{names}; release {gate.release_digest[:12]}",
            where=str(path / Approvals.FILE),
            way_out="have it approved (threat approve RUN) and release it again; until then the rule ranking is served",
        )


@dataclass(frozen=True, slots=True)
class Approved:
    """What people signed about the release in a bundle, and what governance asks of approvals.

    ``statements``: every statement in the bundle, verified. ``digest``, ``to``, ``environment``: of the release.
    ``made_by``: ids of the keys that signed its evidence. ``persons``, ``roles``: how many approve it, and as what.
    ``most_days``: how long an approval lasts at most. No day and no name is taken from the verdict: whoever promotes
    writes that.
    """

    statements: tuple[Statement, ...]
    digest: str
    to: str
    environment: str
    made_by: tuple[str, ...]
    persons: int
    roles: tuple[str, ...]
    most_days: int

    def authorship(self) -> list[Statement]:
        """Return every statement on who made the model of this release."""
        return [said for said in self._about() if isinstance(said.body, Authorship)]

    def counting(self, on: date, trust: Trust, taken_back: Sequence[Statement] = ()) -> list[Statement]:
        """Return the approvals that count on a day: in date, not withdrawn, by nobody who made the model.

        ``trust``: whose keys were revoked. ``taken_back``: withdrawals from elsewhere than the bundle. Of several
        approvals by one key, the first.
        """
        gone = withdrawals([*self.statements, *taken_back])
        about = [
            said for said in self._about() if not is_revoked(said, trust) and (said.sha256, said.key_id) not in gone
        ]
        authors = authors_of(about, self.made_by)
        if not authors.names:
            return []  # nobody has said who made the model, so nobody is known not to have
        counting: dict[str, Statement] = {}
        for said in about:
            if (
                isinstance(said.body, Approval)
                and said.body.to == self.to
                and in_date(said.body, on, self.most_days)
                and said.role != "service"
                and not by_an_author(said, authors)
            ):
                counting.setdefault(said.key_id, said)
        return list(counting.values())

    def lacking(self, on: date, trust: Trust, taken_back: Sequence[Statement] = ()) -> str:
        """Return in words what the approvals lack on a day; empty where enough people approve in the roles asked for.

        The sentence has no full stop. The arguments are those of ``counting``.
        """
        counting = self.counting(on, trust, taken_back)
        people = people_among(counting)
        if people >= self.persons and matched(counting, self.roles):
            return ""
        roles = f", as {' and '.join(self.roles)}" if self.roles else ""
        return f"Too few people approved this release: {people} of {self.persons}{roles}"

    def last_day(self, on: date, trust: Trust) -> date | None:
        """Return the last day on which enough people approve, by what they signed; None where they do not on ``on``."""
        days = {said.body.expires for said in self._about() if isinstance(said.body, Approval)}
        lasting = (day for day in sorted(days, reverse=True) if day >= on)
        return next((day for day in lasting if not self.lacking(day, trust)), None)

    def _about(self) -> Iterator[Statement]:
        return (
            said
            for said in self.statements
            if said.environment == self.environment and getattr(said.body, "release_digest", "") == self.digest
        )


def is_revoked(said: Statement, trust: Trust) -> bool:
    """Tell whether the key of a statement was revoked by now: the trust may have been read later than the statement."""
    key = trust.keys.get(said.key_id)
    return said.revoked or (key is not None and key.state == "revoked")


def approved_by(files: Mapping[str, bytes], trust: Trust, path: Path) -> Approved:
    """Return what people signed about the release in the files of a bundle.

    Raises IntegrityFailure for a statement that no key verifies, NotApproved for a policy that nobody put in force, or
    that was put in force before governance signed what it asks for.
    """
    gate = Gate.parse(files[Gate.FILE], f"{path}/{Gate.FILE}")
    asks = _asked_in_force(gate, trust, path)
    signed = Approvals.parse(files[Approvals.FILE], f"{path}/{Approvals.FILE}")
    return Approved(
        statements=tuple(verified_statements(signed.envelopes(), trust)),
        digest=gate.release_digest,
        to=gate.to,
        environment=gate.environment,
        made_by=() if gate.signed is None else gate.signed.key_ids,
        persons=max(LEAST_PEOPLE, asks.persons),
        roles=asks.roles,
        most_days=asks.approval_days,
    )


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


def _asked_in_force(gate: Gate, trust: Trust, path: Path) -> PolicyAsks:
    """Return what the gate's policy asks of approvals, by the word of governance.

    Raises NotApproved for a policy that governance never put in force, or by a record that is no longer believed; and
    for one that was put in force before governance signed what it asks for: in which roles people approve would be the
    promoter's word.
    """
    named = {policy.sha256 for policy in gate.policies if policy.kind == "gate"}
    # Also by a governance key that was revoked since: the approvers signed the hash of just this policy.
    signed = [policy for policy in every(trust.with_revoked_keys()) if policy.sha256 in named and not policy.withdrawn]
    if not signed:
        # The rule, and no closed desk: the end of a governance key may take the record of a policy with it.
        raise NotApproved(
            "The release was decided by a policy that no believed record puts in force.",
            value=gate.policy_version,
            where=str(path / Gate.FILE),
            way_out="put it in force: threat put-in-force gate; or governance vouches for its record: threat chains",
        )
    asks = signed[-1].asks
    if asks is None:
        raise NotApproved(
            "The policy that decided was put in force before governance signed whose approval it asks for.",
            value=f"{signed[-1].version}, by {signed[-1].by} on {signed[-1].since}",
            where=str(path / Gate.FILE),
            way_out="put the same file in force again (threat put-in-force gate); until then the rule ranks",
        )
    return asks
