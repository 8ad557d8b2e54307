"""The rules on where the evidence comes from: provenance, the policies that decided, and what people wrote of it."""

from __future__ import annotations

from threat.measuring.figure import Verdict
from threat.release.documents.gate import Fact
from training.gate.view import FAIL, NOT_ENOUGH, PASS, Finding, View

_NAMED = 5
"""Empty fields of the card that a reason names: enough to see which sections, few enough to read."""


def provenance(view: View) -> Finding:
    """Check that RUN, snapshot and model are those that are named, and that the RUN comes out again."""
    evidence, choices = view.evidence, view.documents.choices
    facts: dict[str, Fact] = {
        "run_manifest_sha256": evidence.manifest_sha256,
        "model_sha256": evidence.model_sha256,
    }
    if not evidence.verified:
        return Finding(FAIL, "the RUN does not match its manifest", facts)
    if choices is None or view.documents.snapshot is None:
        return Finding(NOT_ENOUGH, "the RUN does not say which model it chose or which snapshot it read", facts)
    if choices.model_sha256 != evidence.model_sha256:
        return Finding(FAIL, "the model is not the one chosen before the test was opened", facts)
    signed, computed = _signed_by_its_jobs(view, facts), _came_out_again(view, facts)
    verdict = Verdict.all_of((signed.verdict, computed.verdict))
    said = [finding.reason for finding in (signed, computed) if verdict in (PASS, finding.verdict)]
    return Finding(verdict, "; ".join(said), facts)


def _signed_by_its_jobs(view: View, facts: dict[str, Fact]) -> Finding:
    """Check that the jobs which made the RUN signed its files, with keys of this environment.

    The demonstration's word counts nowhere else, so unsigned evidence is said there and does not decide.
    """
    signed = view.evidence.signed
    state, reason = ("unsigned", "nobody verified the signatures") if signed is None else (signed.state, signed.reason)
    facts["signed"] = state
    if state == "wrong":
        return Finding(FAIL, reason)
    if view.environment == "demonstration":
        return Finding(PASS, reason if state == "signed" else f"not signed by its jobs: {reason}")
    if signed is None or state != "signed":
        return Finding(NOT_ENOUGH, reason)
    if signed.environment != view.environment:
        return Finding(NOT_ENOUGH, f"the training signed with a key of the environment {signed.environment}")
    return Finding(PASS, reason)


def _came_out_again(view: View, facts: dict[str, Fact]) -> Finding:
    """Check that the figures, the audit and, where the policy asks for that, the model came out again."""
    again = view.evidence.recomputed
    if again is None:
        return Finding(NOT_ENOUGH, "nothing was computed again: the release named no history (--store)", facts)
    facts |= {"evaluation": again.evaluation, "audit": again.audit, "from_history": again.from_history}
    facts["retrained"] = again.retrained
    if again.differences_in_all:
        return Finding(FAIL, again.says, facts)
    required = view.policy.environments[view.environment].retrain == "required"
    if again.from_history != "same" and view.environment == "force":
        return Finding(NOT_ENOUGH, f"{again.says}; predictions that nothing is compared with may be forged", facts)
    if again.retrained == "not_asked" and required:
        return Finding(NOT_ENOUGH, f"{again.says}; the policy asks for the training to be repeated", facts)
    return Finding(PASS, f"manifest, snapshot and model hashes hold; {again.says}", facts)


RETRAINING = "retraining"
"""The check, and what an acceptance of it is about: that nobody trained the RUN again."""


def retraining(view: View) -> Finding:
    """Check that the RUN was trained again with the same lock and platform: by this release, or by another holder.

    Otherwise nothing shows that the model was fitted as the RUN says. Who owns the policy may accept that by name,
    until a day, which gate, card and desk print as a condition.
    """
    again, signed = view.evidence.recomputed, view.evidence.signed
    by = () if signed is None or signed.state != "signed" else signed.retrained_by
    facts: dict[str, Fact] = {"retrained": "not_asked" if again is None else again.retrained, "retrained_by": by}
    if again is not None and again.retrained == "different":
        return Finding(FAIL, again.retraining, facts)
    if again is not None and again.retrained == "same_model":
        return Finding(PASS, again.retraining, facts)
    if by:
        return Finding(PASS, f"trained again by {', '.join(by)}, who signed that every sealed file came out", facts)
    why_not = "not retrained here" if again is None else again.retraining
    if view.environment == "demonstration":
        return Finding(PASS, f"{why_not}; a demonstration may leave it out", facts)
    if view.accepted(RETRAINING, RETRAINING):
        return Finding(PASS, f"{why_not}, and nowhere else; accepted by the policy's owner until it expires", facts)
    return Finding(NOT_ENOUGH, f"{why_not}, and no other holder of a key for evidence trained it again", facts)


def policies(view: View) -> Finding:
    """Check that every policy that decides is the policy that a person of governance has put in force.

    The demonstration has no governance: its policies are the product's own, and that is said.
    """
    decided = view.evidence.policies
    facts: dict[str, Fact] = {policy.kind: f"{policy.version} {policy.sha256[:12]}" for policy in decided}
    if others := [policy for policy in decided if policy.another]:
        named = "; ".join(f"{policy.kind}: {policy.version}, in force is {policy.another}" for policy in others)
        return Finding(FAIL, f"decided by another policy than the policy in force: {named}", facts)
    unsigned = [policy.kind for policy in decided if not policy.by]
    if view.environment == "demonstration" and unsigned:
        return Finding(PASS, f"the product's own, which nobody put in force: {', '.join(unsigned)}", facts)
    if unsigned or not decided:
        return Finding(NOT_ENOUGH, f"nobody has put in force the policy of {', '.join(unsigned) or 'anything'}", facts)
    named = "; ".join(f"{policy.kind}: {policy.version}, {policy.owner}, {policy.since}" for policy in decided)
    return Finding(PASS, f"in force: {named}", facts)


def card(view: View) -> Finding:
    """Check that people have filled every field of the card that this state asks for."""
    lacks = view.evidence.card_lacks
    facts: dict[str, Fact] = {"empty_mandatory_fields": len(lacks)}
    if lacks:
        few = ", ".join(lacks[:_NAMED]) + (f" and {len(lacks) - _NAMED} more" if len(lacks) > _NAMED else "")
        return Finding(NOT_ENOUGH, f"{len(lacks)} mandatory fields are empty: {few}", facts)
    return Finding(PASS, "every mandatory field is filled", facts)
