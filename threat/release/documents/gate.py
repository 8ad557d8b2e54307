"""``gate.json``: the release gate's verdict, check by check, with the whole policy it was given under."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from pydantic import AliasChoices, Field

from threat.measuring.figure import Figure, Verdict
from threat.release.documents.attestations import SignedEvidence
from threat.release.documents.document import Document, Part
from threat.release.documents.gate_policy import Environment, GatePolicy, State
from threat.release.documents.manifest import SHA256
from threat.release.documents.recomputation import Recomputation

Fact = bool | int | float | str | None | tuple[str, ...]


class _Signed(Part):
    """What a verdict says of a statement that it counted: which it was, by the hash of what was signed and the key."""

    statement: str = Field(default="", description="SHA-256 of the signed statement; empty in verdicts of before")
    key_id: str = Field(default="", description="id of the key that signed it; empty in verdicts of before")


class Acceptance(_Signed):
    """A person's signed word that not enough evidence is accepted, by name and until a day."""

    by: str = Field(min_length=1, description="who signed; the name of the key")
    role: str = Field(min_length=1, description="in which role; the role of the key")
    about: str = Field(description="what is accepted, such as person_at_risk/sex")
    reason: str = Field(min_length=1, description="why")
    controls: str = Field(description="what is done instead")
    expires: date = Field(description="last day on which it counts")


class DocumentInForce(_Signed):
    """A document that a check depends on, as its owner signed it."""

    kind: str = Field(min_length=1, description="kind of the document, such as DPIA")
    title: str = Field(min_length=1, description="its title")
    version: str = Field(min_length=1, description="its version")
    sha256: str = Field(pattern=SHA256, description="SHA-256 of its file")
    by: str = Field(min_length=1, description="who signed; the name of the key")
    role: str = Field(min_length=1, description="in which role; the role of the key")
    review_due: date = Field(description="last day on which it counts")


class DissentGiven(Part):
    """A person's signed dissent. It blocks nothing by itself, and is shown wherever the release is."""

    by: str = Field(min_length=1, description="who signed; the name of the key")
    role: str = Field(min_length=1, description="in which role; the role of the key")
    on: date = Field(description="day of the signature")
    reason: str = Field(min_length=1, description="why")


class PolicyInForce(Part):
    """A policy that decided, by its file, and whether a person of governance has put it in force."""

    kind: str = Field(min_length=1, description="gate, fairness or eligibility")
    version: str = Field(min_length=1, description="version that the policy names")
    sha256: str = Field(pattern=SHA256, description="SHA-256 of its file")
    owner: str = Field(default="", description="who answers for it; empty where nobody signed it")
    since: date | None = Field(default=None, description="the day it was put in force; null where nobody signed it")
    by: str = Field(default="", description="who signed it; empty where nobody did")
    another: str = Field(default="", description="version of the policy in force where this is another; or empty")


class Approval(_Signed):
    """A person's signed approval."""

    by: str = Field(min_length=1, description="who signed; the name of the key")
    role: str = Field(min_length=1, description="in which role; the role of the key")
    on: date = Field(description="day of the signature")
    environment: Environment = Field(description="environment of the key")
    expires: date | None = Field(default=None, description="last day on which it counts; null in version 2")
    conditions: tuple[str, ...] = Field(default=(), description="on which conditions it was given")


def verdict_in_words(verdict: Verdict, *, accepted: bool) -> str:
    """Return the verdict of a check in words: a pass that depends on acceptances is said to be accepted.

    >>> verdict_in_words(Verdict.PASS, accepted=True), verdict_in_words(Verdict.PASS, accepted=False)
    ('Accepted by name', 'Pass')
    >>> verdict_in_words(Verdict.NOT_ENOUGH, accepted=True)
    'Not enough evidence'
    """
    return "Accepted by name" if accepted and verdict == Verdict.PASS else verdict.words


class GateCheck(Part):
    """One check of the gate."""

    name: str = Field(min_length=1, description="name of the check")
    title: str = Field(min_length=1, description="the check in words")
    required: bool = Field(description="true when the state asked for needs it to pass")
    verdict: Verdict = Field(description="of the check")
    reason: str = Field(description="why, in words")
    facts: dict[str, Fact] = Field(description="what it was decided on, by name")
    figures: tuple[Figure, ...] = Field(description="the figures it was decided on")
    accepted: tuple[Acceptance, ...] = Field(description="acceptances that count for it")

    @property
    def words(self) -> str:
        """The verdict in words; see ``verdict_in_words``."""
        return verdict_in_words(self.verdict, accepted=bool(self.accepted))


class Gate(Document):
    """What the gate said of a RUN, for one environment and one state, on one day. Version 2 computed nothing again."""

    FILE: ClassVar[str] = "gate.json"
    ANNEX: ClassVar[bool] = True
    HOW_MADE: ClassVar[str] = "make it: threat release RUN"
    MADE_AGAIN: ClassVar[str] = "ask the gate again with this version of the product: threat release RUN"

    VERSIONS_READ: ClassVar[tuple[int, ...]] = (2, 3)

    version: Literal[2, 3] = Field(default=3, description="version of this document")
    verdict: Verdict = Field(description="over every required check; only a pass releases")
    environment: Environment = Field(description="where the release counts")
    to: State = Field(description="the state asked for")
    on: date = Field(description="the day it was decided")
    run_id: str = Field(min_length=1, description="the RUN")
    release_digest: str = Field(
        validation_alias=AliasChoices("release_digest", "evidence_sha256"),
        description="hash of what approvals bind: RUN, audit, policies, card, environment and state",
    )
    card_sha256: str = Field(default="", description="hash of the card before the verdict; empty in version 2")
    run_manifest_sha256: str = Field(description="hash of the RUN's manifest")
    policy_version: str = Field(min_length=1, description="version of the policy")
    policy: GatePolicy = Field(description="the whole policy")
    show_probability: bool = Field(description="true when probabilities may be shown next to ranks")
    recomputed: Recomputation | None = Field(
        default=None, description="what came of computing the RUN again; null where no history was given, or version 2"
    )
    signed: SignedEvidence | None = Field(
        default=None, description="what came of verifying the jobs' signatures on the RUN; null in version 2"
    )
    checks: tuple[GateCheck, ...] = Field(description="every check in the order asked")
    policies: tuple[PolicyInForce, ...] = Field(default=(), description="the policies that decided; none in version 2")
    documents: tuple[DocumentInForce, ...] = Field(
        default=(), description="the documents that its checks depend on; none in version 2"
    )
    dissents: tuple[DissentGiven, ...] = Field(default=(), description="dissent, in the order it was signed")
    approvals: tuple[Approval, ...] = Field(description="approvals that counted as statements")
    not_counted: tuple[str, ...] = Field(alias="set_aside", description="statements that did not count, and why")

    def check(self, name: str) -> GateCheck | None:
        """Return the check of that name, or None."""
        return next((check for check in self.checks if check.name == name), None)

    def last_days(self) -> list[tuple[date, str]]:
        """Return the last day of every word that the release depends on, with whose word ends on it.

        Acceptances and approvals end, and documents are due for review. Of a person who signed one thing again, the
        last day counts; an approval that was over on the day of the verdict counted for nothing, and ends nothing.
        """
        days: dict[tuple[str, ...], tuple[date, str]] = {}

        def add(who: tuple[str, ...], day: date, words: str) -> None:
            days[who] = max(days.get(who, (day, words)), (day, words))

        for check in self.checks:
            for given in check.accepted:
                words = f"the acceptance of {given.about} in {check.title.lower()}"
                add((check.name, given.about, given.by, given.role), given.expires, words)
        for approval in self.approvals:
            if approval.expires is not None and approval.expires >= self.on:
                add(("approval", approval.by, approval.role), approval.expires, f"the approval of {approval.by}")
        for document in self.documents:
            add(("document", document.kind), document.review_due, f"the review of the document {document.kind}")
        return list(days.values())

    def expires(self) -> date | None:
        """Return the last day on which every word it depends on counts; None when it depends on none."""
        return min((day for day, _ in self.last_days()), default=None)

    def refusals(self) -> list[str]:
        """Return one line for each required check that does not pass."""
        return [
            f"{check.title}: {check.verdict.words.lower()}: {check.reason}"
            for check in self.checks
            if check.required and check.verdict != Verdict.PASS
        ]
