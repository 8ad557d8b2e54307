"""What takes a release out of force after its verdict: a last day, a withdrawal, a revoked key, a withdrawn policy.

A model is in service by the word of people. Whatever of it ends, the model gives way to the rule by itself, at the next
request and the next list, and no person runs a verb.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from threat.asof import instant
from threat.dates import date_in_words
from threat.release import kept, policies, promotions
from threat.release.approved import Approved, NotApproved, approved_by, is_revoked
from threat.release.bundle import FORMAT_WITHOUT_VERSIONS, Bundle
from threat.release.documents.approvals import Approvals
from threat.release.documents.gate import Gate
from threat.release.envelopes import verified_statements
from threat.release.promoted import judged_by
from threat.release.statements import Acceptance, Approval, PaperDocument, Statement, person, withdrawn
from threat.release.transitions import SERVED
from threat.trust.folder import Trust


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says and a release depends on. ``words``: what that is; ``said``: each statement that says it.

    Whoever corrected a statement or signed it again, with a new key too, said it more than once: one that holds is
    enough.
    """

    words: str
    said: tuple[Statement, ...]

    def ended(self, on: date, trust: Trust, taken_back: Mapping[tuple[str, str], str]) -> str:
        """Return why none of the statements holds on a day; empty while one does. The sentence has no full stop.

        ``taken_back``: why statements were withdrawn, by hash and key id.
        """
        reasons = [self._ended(said, on, trust, taken_back) for said in self.said]
        return reasons[-1] if all(reasons) else ""

    def _ended(self, said: Statement, on: date, trust: Trust, taken_back: Mapping[tuple[str, str], str]) -> str:
        depends = f"{self.words[:1].upper()}{self.words[1:]}, which the release of the model depends on,"
        if reason := taken_back.get((said.sha256, said.key_id)):
            return f"{depends} was {reason}"
        if is_revoked(said, trust):
            return f"The key was revoked that signed {self.words}, which the release of the model depends on"
        last = _last_day(said)
        return "" if last is None or on <= last else f"{depends} ended on {date_in_words(last)}"


@dataclass(frozen=True, slots=True)
class Foundations:
    """What the release of a bundle depends on.

    ``until``: the last day on which every word counts, None where none ends; ``ends``: whose word ends on it, in words.
    ``words``: that the verdict counted on, by the hashes of what was signed; ``statements``: all that the bundle
    carries. ``policies``: SHA-256 of the files that decided, by kind. ``approved``: what people signed of this release,
    counted without the verdict; None where nobody's approval is asked for. ``believed``: ids of keys that were revoked
    since, and that are believed up to the record that promoted the bundle: their statements hold.
    """

    until: date | None
    ends: str
    words: tuple[Word, ...] = ()
    statements: tuple[Statement, ...] = ()
    policies: tuple[tuple[str, str], ...] = ()
    approved: Approved | None = None
    believed: frozenset[str] = frozenset()


def foundations(bundle: Bundle, trust: Trust, judged: Trust | None = None) -> Foundations:
    """Return what the release of an opened bundle depends on. One of the oldest format says its last day alone.

    Whoever promotes writes the verdict, so of people's words the statements are asked: their days, their withdrawals.
    What the verdict says more can only end a release sooner. ``judged``: the trust by which the bundle is judged where
    it is promoted (``promoted.judged_by``).
    """
    if bundle.manifest.format == FORMAT_WITHOUT_VERSIONS:
        return Foundations(bundle.released.expires, "")
    gate, judge = bundle.read(Gate), trust if judged is None else judged
    approved = None if bundle.environment == "demonstration" else approved_by(bundle.files, judge, bundle.path)
    signed = bundle.read(Approvals).envelopes() if Approvals.FILE in bundle.files else []
    statements = tuple(verified_statements(signed, judge))
    words = tuple(_words(gate, statements, approved))
    days, signed_days = gate.last_days(), list(_last_days(words))
    if approved is not None and (last := approved.last_day(gate.on, judge)) is not None:
        signed_days.append((last, "the approvals of as many people as the policy asks for"))
    until = min((day for day, _ in (*days, *signed_days)), default=None)
    ends = [words for day, words in days if day == until] or [words for day, words in signed_days if day == until]
    return Foundations(
        until=until,
        ends=" and ".join(sorted(ends)),
        words=words,
        statements=statements,
        policies=tuple((policy.kind, policy.sha256) for policy in gate.policies),
        approved=approved,
        believed=frozenset(named for named, key in trust.keys.items() if judge.keys[named].state != key.state),
    )


def lapsed(release: Foundations, statements: Path, trust: Trust, at: int) -> str:
    """Return in words why a release no longer holds at ``at`` (UTC seconds); empty while it does.

    ``statements``: the chain of what was read and withdrawn. Raises IntegrityFailure for a chain that does not verify.
    """
    on = instant(at).date()
    if release.until is not None and on > release.until:
        of = f": {release.ends}" if release.ends else ""
        return f"What the release of the model depends on ended on {date_in_words(release.until)}{of}"
    # Also by a governance key that was revoked since: what was withdrawn stays withdrawn.
    gone = policies.withdrawn(trust.with_revoked_keys())
    for kind, sha256 in release.policies:
        if sha256 in gone:
            return f"The {kind} policy that the model was released under was withdrawn: {gone[sha256]}"
    later = _taken_back_later(release, kept.withdrawals(kept.read(statements, trust), trust))
    taken_back, judge = withdrawn([*release.statements, *later]), trust.believing(release.believed)
    for word in release.words:
        if ended := word.ended(on, judge, taken_back):
            return ended
    return "" if release.approved is None else release.approved.lacking(on, judge, later)


def _taken_back_later(release: Foundations, in_chain: Sequence[Statement]) -> list[Statement]:
    """Return the withdrawals in the chain that the bundle does not carry, each as it was signed.

    They stay although their key was revoked since: no revocation brings back what a person took back. Those in the
    bundle the gate has judged.
    """
    judged = {(said.sha256, said.key_id) for said in release.statements}
    return [replace(said, revoked=False) for said in in_chain if (said.sha256, said.key_id) not in judged]


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


def _words(gate: Gate, statements: Sequence[Statement], approved: Approved | None) -> Iterator[Word]:
    """Yield what the verdict counted on, each with the statements that say it."""
    listed = {(given.statement, given.key_id) for given in (*gate.approvals, *gate.documents)}
    listed |= {(given.statement, given.key_id) for check in gate.checks for given in check.accepted}
    said_by: dict[tuple[str, ...], list[tuple[str, Statement]]] = {}
    for said in statements:
        if (said.sha256, said.key_id) in listed and (thing := _thing(said, gate)):
            what, words = thing
            said_by.setdefault((person(said.by), said.role, *what), []).append((words, said))
    for every_one in said_by.values():
        yield Word(every_one[0][0], tuple(said for _, said in every_one))
    if approved is not None and (made := approved.authorship()):
        yield Word("the statement of who made the model", tuple(made))


def _thing(said: Statement, gate: Gate) -> tuple[tuple[str, ...], str] | None:
    """Return what a counted statement is about, and in words; None where it counted for nothing."""
    by, body = f"{said.by} ({said.role})", said.body
    match body:
        case Approval():
            # The verdict names an approval that was over by then too: it counted for nobody.
            return (("approval",), f"the approval of {by}") if body.on <= gate.on <= body.expires else None
        case PaperDocument():
            return ("document", body.document), f"the document {body.document} of {by}"
        case Acceptance():
            return ("acceptance", body.check, body.about), f"the acceptance by {by} of {body.about}"
    return None


def _last_days(words: Sequence[Word]) -> Iterator[tuple[date, str]]:
    for word in words:
        days = [day for said in word.said if (day := _last_day(said)) is not None]
        if days:
            yield max(days), word.words


def _last_day(said: Statement) -> date | None:
    match said.body:
        case Approval() | Acceptance():
            return said.body.expires
        case PaperDocument():
            return said.body.review_due
    return None
