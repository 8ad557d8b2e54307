"""A model is served in a force only where somebody trained it again, or the policy's owner accepted that nobody did."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fixtures.gate_evidence import (
    ABOUT,
    UNTIL,
    approvals,
    checked,
    judged,
    papers,
    policies,
    recomputation,
    seen,
    signed,
)

from threat.measuring.figure import Verdict
from threat.release.documents.attestations import SignedEvidence
from threat.release.documents.gate import Acceptance as Shown
from threat.release.documents.gate import Gate
from threat.release.statements import Acceptance, Statement

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH
NOT_HERE = recomputation(retrained="not_here", why_not_retrained="another platform")


def evidence_signed(*retrained_by: str, state: str = "signed") -> SignedEvidence:
    by = {"by": ("Training job",), "retrained_by": retrained_by, "reason": "every file signed"}
    return SignedEvidence.model_validate({"state": state, "environment": "force"} | by)


def accepted(by: str, role: str, **body: Any) -> Statement:
    given = {"check": "retraining", "about": "retraining", "reason": "the second machine is on order"}
    return signed(by, role, Acceptance(**(ABOUT | given | {"controls": "a month", "expires": UNTIL} | body)))


def gate(*more: Statement, to: str = "live", environment: str = "force", **evidence: Any) -> Gate:
    statements = [*approvals(to, environment), *papers(environment), *more]
    return judged(seen(statements=statements, **({"recomputed": NOT_HERE} | evidence)), to, environment)


def test_what_was_not_trained_again_enters_shadow_and_is_not_served() -> None:
    assert gate(to="shadow").verdict == PASS
    for to in ("pilot", "live"):
        check = checked(gate(to=to), "retraining")
        assert (check.required, check.verdict, gate(to=to).verdict) == (True, NOT_ENOUGH, NOT_ENOUGH)
        assert check.reason == (
            "not retrained here: another platform, and no other holder of a key for evidence trained it again"
        )


def test_another_holder_of_a_key_for_evidence_who_trained_it_again_is_enough() -> None:
    served = gate(signed=evidence_signed("Second machine"))
    assert served.verdict == PASS
    assert checked(served, "retraining").reason == (
        "trained again by Second machine, who signed that every sealed file came out"
    )
    assert checked(served, "retraining").facts["retrained_by"] == ("Second machine",)
    # A word on a RUN whose other statements do not hold is no word.
    assert checked(gate(signed=evidence_signed("Second machine", state="wrong")), "retraining").verdict == NOT_ENOUGH


def test_trained_again_by_the_release_itself_is_enough_and_other_files_fail() -> None:
    assert checked(gate(recomputed=recomputation()), "retraining").verdict == PASS
    assert gate(recomputed=recomputation()).verdict == PASS
    assert checked(gate(recomputed=recomputation(retrained="different")), "retraining").verdict == FAIL


@pytest.mark.parametrize(("by", "role"), [("Head Of  Prevention", "chief"), ("Ada Chief", "head of prevention")])
def test_the_owner_of_the_policy_accepts_it_as_a_condition_that_is_shown(by: str, role: str) -> None:
    given = accepted(by, role)
    served = gate(given)
    assert served.verdict == PASS
    check = checked(served, "retraining")
    assert check.words == "Accepted by name"
    assert check.reason == (
        "not retrained here: another platform, and nowhere else; accepted by the policy's owner until it expires"
    )
    assert check.accepted == (
        Shown(
            by=by,
            role="policy_owner",
            about="retraining",
            reason="the second machine is on order",
            controls="a month",
            expires=UNTIL,
            statement=given.sha256,
            key_id=given.key_id,
        ),
    )
    assert served.expires() == UNTIL


@pytest.mark.parametrize(
    "statement",
    [
        accepted("Sam Owner", "SRO"),
        accepted("Head of prevention", "chief", expires=date(2026, 5, 31)),
        accepted("Head of prevention", "chief", about="the model"),
        accepted("Mallory", "policy_owner"),
    ],
)
def test_nobody_else_accepts_it_and_not_for_ever(statement: Statement) -> None:
    assert checked(gate(statement), "retraining").verdict == NOT_ENOUGH


def test_a_policy_that_nobody_put_in_force_has_no_owner_who_could_accept() -> None:
    unowned = policies(owner="", by="", since=None)
    assert checked(gate(accepted("", ""), policies=unowned), "retraining").verdict == NOT_ENOUGH


def test_a_demonstration_says_that_it_was_left_out() -> None:
    left_out = recomputation(retrained="not_asked", why_not_retrained="left out (--no-retrain)")
    check = checked(gate(environment="demonstration", recomputed=left_out), "retraining")
    assert (check.verdict, check.reason) == (
        PASS,
        "not retrained here: left out (--no-retrain); a demonstration may leave it out",
    )
