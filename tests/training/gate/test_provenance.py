"""Provenance: a RUN passes only where it was computed again and came out; what was left out is said."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures.gate_evidence import approvals, checked, judged, papers, recomputation, seen

from threat.measuring.figure import Verdict
from threat.release.documents.attestations import SignedEvidence

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH
CAME_OUT = "figures and audit came out again; outcomes and scores came out of the history"
SOUND = f"every file signed; manifest, snapshot and model hashes hold; {CAME_OUT}"
FORGED = {"document": "evaluation.json", "figure": "cohort.n", "sealed": "9000", "recomputed": "900"}


@pytest.mark.parametrize(
    ("again", "verdict", "reason"),
    [
        (None, NOT_ENOUGH, "nothing was computed again: the release named no history (--store)"),
        (
            {},
            PASS,
            f"{SOUND}; trained again, every sealed file came out byte for byte",
        ),
        (
            {"retrained": "not_here", "why_not_retrained": "another platform"},
            PASS,
            f"{SOUND}; not retrained here: another platform",
        ),
        (
            {"retrained": "not_asked", "why_not_retrained": "left out (--no-retrain)"},
            NOT_ENOUGH,
            f"{CAME_OUT}; not retrained here: left out (--no-retrain); the policy asks for the training to be repeated",
        ),
        (
            {"from_history": "not_here", "why_not_from_history": "another feature catalogue"},
            NOT_ENOUGH,
            "figures and audit came out again; outcomes and scores not compared with the history: another feature "
            "catalogue; trained again, every sealed file came out byte for byte; predictions that nothing is compared "
            "with may be forged",
        ),
        (
            {"evaluation": "different", "differences": [FORGED, FORGED]},
            FAIL,
            "computed again, the RUN comes out otherwise: evaluation.json, cohort.n: sealed 9000, recomputed 900, and "
            "1 more places differ",
        ),
    ],
)
def test_what_came_of_computing_the_run_again_decides(
    again: dict[str, Any] | None, verdict: Verdict, reason: str
) -> None:
    gate = judged(seen(recomputed=None if again is None else recomputation(**again)))
    assert (checked(gate, "provenance").verdict, checked(gate, "provenance").reason) == (verdict, reason)
    assert gate.verdict == verdict
    assert gate.recomputed == (None if again is None else recomputation(**again))


def test_the_demonstration_may_leave_the_training_out_and_says_so() -> None:
    left_out = recomputation(retrained="not_asked", why_not_retrained="left out (--no-retrain)")
    statements = [*approvals("live", "demonstration"), *papers("demonstration")]
    gate = judged(seen(statements=statements, recomputed=left_out), to="live", environment="demonstration")
    assert checked(gate, "provenance").verdict == PASS
    assert checked(gate, "provenance").reason.endswith("not retrained here: left out (--no-retrain)")
    assert checked(gate, "provenance").facts["retrained"] == "not_asked"


def signatures(state: str, environment: str = "force") -> SignedEvidence:
    return SignedEvidence.model_validate({"state": state, "environment": environment, "by": (), "reason": "so it is"})


@pytest.mark.parametrize(
    ("signed", "verdict", "reason"),
    [
        (None, NOT_ENOUGH, "nobody verified the signatures"),
        (signatures("unsigned", ""), NOT_ENOUGH, "so it is"),
        (signatures("incomplete"), NOT_ENOUGH, "so it is"),
        (signatures("wrong", ""), FAIL, "so it is"),
        (
            signatures("signed", "demonstration"),
            NOT_ENOUGH,
            "the training signed with a key of the environment demonstration",
        ),
    ],
)
def test_a_force_asks_for_evidence_that_its_own_jobs_signed(
    signed: SignedEvidence | None, verdict: Verdict, reason: str
) -> None:
    gate = judged(seen(signed=signed))
    assert (checked(gate, "provenance").verdict, checked(gate, "provenance").reason) == (verdict, reason)
    assert gate.signed == signed


@pytest.mark.parametrize(
    ("signed", "verdict", "words"),
    [
        (signatures("unsigned", ""), PASS, "not signed by its jobs: so it is; manifest"),
        (signatures("signed", "demonstration"), PASS, "so it is; manifest"),
        (signatures("wrong", ""), FAIL, "so it is"),
    ],
)
def test_the_demonstration_says_that_nothing_is_signed(signed: SignedEvidence, verdict: Verdict, words: str) -> None:
    statements = [*approvals("live", "demonstration"), *papers("demonstration")]
    gate = judged(seen(statements=statements, signed=signed), to="live", environment="demonstration")
    assert checked(gate, "provenance").verdict == verdict
    assert checked(gate, "provenance").reason.startswith(words)


@pytest.mark.parametrize(
    ("openings", "verdict", "reason"),
    [
        (None, PASS, "no feature knew the future, and every fold's dates hold"),
        (1, PASS, "no feature knew the future, and every fold's dates hold"),
        (10, PASS, "no feature knew the future, and every fold's dates hold; the same test was opened by 9 later RUNs"),
        (11, NOT_ENOUGH, "11 models were seen on the same test, at most 10 allowed"),
    ],
)
def test_a_test_that_was_opened_too_often_is_not_evidence(openings: int | None, verdict: Verdict, reason: str) -> None:
    gate = judged(seen(openings=openings))
    assert (checked(gate, "leaks").verdict, checked(gate, "leaks").reason) == (verdict, reason)
    assert checked(gate, "leaks").facts["models_seen_on_the_test"] == (openings or 1)
