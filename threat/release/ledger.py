"""What the records of promotions come to: the state of every RUN, what is served, what was revoked.

A record says the step that it takes (from, to); here each step is compared with the states so far and with
``transitions.csv``. A record that was signed and takes a step that is not allowed is an integrity failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from threat.asof import instant
from threat.errors import IntegrityFailure
from threat.release.policies import LEAST_SHADOW_DAYS, every
from threat.release.transitions import SERVED, is_allowed
from threat.trust.belief import PROMOTIONS, Judgement
from threat.trust.folder import Trust
from threat.trust.records import SignedRecord
from threat.trust.witness import Witnessed

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says now.

    ``state``: ``none`` (nothing was ever promoted to be served), ``pilot``, ``live`` or ``suspended`` (also once the
    RUN is retired or its bundle revoked: the rule ranking is served). ``bundle``: the directory of the bundle that is,
    or was when suspended, served. ``since``: int64 UTC seconds of the last change. ``named_in``: number and hash of the
    first record that names the bundle.
    """

    state: str
    bundle: Path | None = None
    bundle_sha256: str = ""
    run_id: str = ""
    environment: str = ""
    reason: str = ""
    by: str = ""
    since: int = 0
    named_in: tuple[int, str] = (0, "")

    @property
    def served(self) -> bool:
        """True when the bundle may be used; otherwise serve the rule ranking, labelled."""
        return self.state in SERVED


@dataclass(frozen=True, slots=True)
class PromotedModel:
    """What a RUN id stands for: the hash of the model, and of the manifest of the RUN."""

    model_sha256: str
    run_manifest_sha256: str

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> PromotedModel | None:
        """Return what a record says; None for a record of before records said so."""
        if "model_sha256" not in record:
            return None
        return cls(str(record["model_sha256"]), str(record["run_manifest_sha256"]))


@dataclass(frozen=True, slots=True)
class Ledger:
    """The whole chain, read and verified.

    ``records``: as signed, with environment and sequence, without what was excluded. ``lines``: of the chain, with it.
    ``states``: by RUN id. ``revoked``: bundle hashes.
    ``served``: what was served, in order, without what was rolled back; ``ever_served``: with it. ``bundles``: hash of
    the bundle in force by RUN id. ``entered_shadow``: sequence number of the record by which a RUN last entered shadow.
    ``ended``: RUNs that a person retired, as distinct from RUNs that gave way to another. ``models``: what each RUN id
    stands for, by the first promotion that says so.
    ``named_in``: number and hash of the first record that names a bundle, by the bundle's hash.
    """

    records: tuple[dict[str, Any], ...] = ()
    standing: Standing = Standing("none")
    states: Mapping[str, str] = field(default_factory=dict)
    revoked: frozenset[str] = frozenset()
    served: tuple[Standing, ...] = ()
    ever_served: tuple[Standing, ...] = ()
    bundles: Mapping[str, str] = field(default_factory=dict)
    entered_shadow: Mapping[str, int] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    models: Mapping[str, PromotedModel] = field(default_factory=dict)
    lines: int = 0
    named_in: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def state_of(self, run_id: str) -> str:
        """Return the state of a RUN; ``draft`` for a RUN that no record names."""
        return self.states.get(run_id, "draft")

    def earlier(self) -> Standing | None:
        """Return the latest served bundle that is not the present one, not revoked, and not of a RUN that was ended."""
        barred = {self.standing.bundle_sha256, *self.revoked}
        allowed = (
            standing
            for standing in reversed(self.served)
            if standing.bundle_sha256 not in barred and standing.run_id not in self.ended
        )
        return next(allowed, None)

    def last_state(self) -> str:
        """Return the state in which the present bundle was last served."""
        return next(
            standing.state
            for standing in reversed(self.served)
            if standing.bundle_sha256 == self.standing.bundle_sha256
        )

    def run_of(self, bundle_sha256: str) -> str | None:
        """Return the RUN that a bundle was promoted for; None for a bundle that no promotion names."""
        named = (record for record in self.records if record["bundle_sha256"] == bundle_sha256)
        return next((str(record["run_id"]) for record in named), None)

    def after_revoking(self, run_id: str, bundle_sha256: str) -> str:
        """Return the state of a RUN once a bundle of the RUN is revoked: an earlier bundle takes no state along."""
        return "retired" if self.bundles.get(run_id) == bundle_sha256 else self.state_of(run_id)


def days_in_shadow(ledger: Ledger, run_id: str, witnessed: tuple[Witnessed, ...], *, before: int) -> float:
    """Return the days between the first and the last witness of a RUN in shadow; 0 where there are not two.

    ``before``: sequence number of the record that would end the shadow; a witness of later records counts nothing.

    A RUN enters shadow by record 3; governance signs a witness on day 0 (4 records) and on day 60 (5 records), and
    record 5 asks for the pilot: 60 days. A witness of 3 records had not seen the RUN in shadow.
    """
    entered = ledger.entered_shadow.get(run_id)
    if entered is None:
        return 0.0
    counts = [(record.at, record.heads[PROMOTIONS].count) for record in witnessed if PROMOTIONS in record.heads]
    dates = [at for at, count in counts if entered < count <= before]
    return (dates[-1] - dates[0]) / _DAY if dates else 0.0


def days_asked(record: Mapping[str, Any], trust: Trust) -> int:
    """Return the days in shadow that the policy in force at the moment of a record asks for; at least eight weeks.

    ``record``: with its sequence. The moment is the record's own date between the witnesses before and after it: no
    date of the promoter's own reaches a policy of another time. A policy that was put in force on the day itself asks
    from the next day on, but the first of all, before which nothing was asked, on its own day. Where none was in force
    yet, or governance did not sign what it asks for, that is eight weeks. Raises IntegrityFailure where the chain of
    policies does not verify.
    """
    seen = [(each.at, each.heads[PROMOTIONS].count) for each in trust.witnessed if PROMOTIONS in each.heads]
    earliest = max((at for at, count in seen if count <= record["sequence"]), default=None)
    latest = min((at for at, count in seen if count > record["sequence"]), default=None)
    moment = record["at"] if earliest is None else max(record["at"], earliest)
    day = instant(moment if latest is None else min(moment, latest)).date()
    # By what is believed of a governance key that was revoked since: that closes no promotions of before.
    vouched = trust.with_revoked_keys()
    asked = [policy for policy in every(vouched) if policy.kind == "gate" and not policy.withdrawn]
    first = asked[0] if asked and asked[0].since == day else None
    in_force = next((policy for policy in reversed(asked) if policy.since < day), first)
    least = LEAST_SHADOW_DAYS
    return least if in_force is None or in_force.asks is None else max(least, in_force.asks.shadow_days)


def problem_with(ledger: Ledger, record: Mapping[str, Any], trust: Trust) -> str:
    """Return in a sentence why the step of a record is not allowed after a ledger; empty for an allowed step.

    ``record``: with environment and sequence. ``trust``: with the witness and the policies of governance. Raises
    KeyError or TypeError for a record that lacks a field.
    """
    action, run_id, before, after = record["action"], record["run_id"], record["from"], record["to"]
    demonstration = record["environment"] == "demonstration"
    if before != ledger.state_of(run_id):
        return f"The record leads {run_id} on from {before}, and the RUN is {ledger.state_of(run_id)}."
    unchanged = action == "revoke" and before == after == ledger.after_revoking(run_id, record["bundle_sha256"])
    if not unchanged and not is_allowed(action, before, after, demonstration=demonstration):
        return f"No {action} leads from {before} to {after}."
    if action != "revoke" and after in SERVED and record["bundle_sha256"] in ledger.revoked:
        return "The record serves a bundle that was revoked."
    if action == "promote":
        return _too_short(ledger, record, trust) or _of_another_model(ledger, record)
    return _of_another_bundle(ledger, record)


def _too_short(ledger: Ledger, record: Mapping[str, Any], trust: Trust) -> str:
    """Return why a promotion to the pilot comes too early; empty for any other step, and in a demonstration."""
    if (record["from"], record["to"]) != ("shadow", "pilot") or record["environment"] == "demonstration":
        return ""
    days = days_in_shadow(ledger, record["run_id"], trust.witnessed, before=record["sequence"])
    least = max(days_asked(record, trust), record["shadow"]["least_days"])
    if days >= least:
        return ""
    return f"The RUN {record['run_id']} was in shadow for {int(days)} days by the witness, and needs {least}."


def _of_another_model(ledger: Ledger, record: Mapping[str, Any]) -> str:
    """Return why a promotion is of another model than its RUN id stands for; empty when it is not.

    A newer bundle of a RUN is the same model with a newer verdict. A record that names no model is of before records
    named it, and counts only until the RUN's first record that does.
    """
    promoted = ledger.models.get(record["run_id"])
    if promoted is None or promoted == PromotedModel.of(record):
        return ""
    return f"The record promotes another model than the RUN {record['run_id']} stands for."


def _of_another_bundle(ledger: Ledger, record: Mapping[str, Any]) -> str:
    """Return why a record is not about the bundle that the action is about; empty when the record is."""
    present, earlier = ledger.standing, ledger.earlier()
    expected: dict[str, Standing | None] = {"suspend": present, "resume": present, "roll_back": earlier}
    standing = expected.get(record["action"])
    if record["action"] not in expected:
        return ""
    if standing is None or (record["run_id"], record["bundle_sha256"]) != (standing.run_id, standing.bundle_sha256):
        return f"The {record['action']} is of another bundle than is or was served."
    return ""


def follow(ledger: Ledger, signed: SignedRecord, trust: Trust, path: Path) -> Ledger:
    """Return the ledger after one more verified record of the chain at ``path``.

    Raises IntegrityFailure naming the line for a step that is not allowed.
    """
    where = f"{path}, line {signed.sequence + 1}"
    record = signed.record | {"environment": signed.environment, "sequence": signed.sequence}
    try:
        if problem := problem_with(ledger, record, trust):
            raise IntegrityFailure(problem, where=where)
        first = {record["bundle_sha256"]: (signed.sequence, signed.hash)}
        return _after(replace(ledger, named_in=first | {**ledger.named_in}), record, path.parent)
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise IntegrityFailure("The record of a promotion lacks a field.", value=error, where=where) from None


def without(ledger: Ledger, judgement: Judgement) -> Ledger:
    """Return the ledger after a line that governance excluded: it takes no step.

    What was served is suspended until a person resumes it: the line may have been the suspension of that very model.
    """
    now, states = ledger.standing, dict(ledger.states)
    if now.served:
        said = f"records of the promotions were excluded: {judgement.reason}"
        now = replace(now, state="suspended", reason=said, by=judgement.by.name, since=judgement.at)
        states[now.run_id] = "suspended"
    return replace(ledger, standing=now, states=states, lines=ledger.lines + 1)


def _after(ledger: Ledger, record: dict[str, Any], folder: Path) -> Ledger:
    action, run_id, after, sha256 = record["action"], record["run_id"], record["to"], record["bundle_sha256"]
    said = {"reason": record["reason"], "by": record["by"], "since": record["at"]}
    now, states, bundles = ledger.standing, {**ledger.states}, {**ledger.bundles}
    served, ever, revoked = ledger.served, ledger.ever_served, ledger.revoked
    entered, models = {**ledger.entered_shadow}, {**ledger.models}
    if action in {"promote", "roll_back"}:
        bundles[run_id] = sha256
    if action == "promote":
        if (promoted := PromotedModel.of(record)) is not None:
            models.setdefault(run_id, promoted)
        if after == "shadow" and record["from"] != "shadow":
            entered[run_id] = record["sequence"]
    if action in {"promote", "roll_back"} and after in SERVED:
        if now.run_id and now.run_id != run_id:
            states[now.run_id] = "retired"
        if action == "roll_back":
            served = tuple(standing for standing in served if standing.bundle_sha256 != now.bundle_sha256)
        bundle = folder / record["bundle"]
        now = Standing(after, bundle, sha256, run_id, record["environment"], named_in=ledger.named_in[sha256], **said)
        served, ever = (*served, now), (*ever, now)
    elif action == "resume":
        now = replace(now, state=after, **said)
    elif action == "suspend" or (now.served and _ends(record, now)):
        now = replace(now, state="suspended", **said)
    if action == "revoke":
        revoked = revoked | {sha256}
    states[run_id] = after
    return Ledger(
        records=(*ledger.records, record),
        standing=now,
        states=states,
        revoked=revoked,
        served=served,
        ever_served=ever,
        bundles=bundles,
        entered_shadow=entered,
        ended=ledger.ended | {run_id} if action == "retire" else ledger.ended,
        models=models,
        lines=ledger.lines + 1,
        named_in=ledger.named_in,
    )


def _ends(record: Mapping[str, Any], now: Standing) -> bool:
    """Return True for a record that takes what is served out of service: its RUN retired, or its bundle revoked."""
    if record["action"] == "retire":
        return bool(record["run_id"] == now.run_id)
    return bool(record["action"] == "revoke" and record["bundle_sha256"] == now.bundle_sha256)
