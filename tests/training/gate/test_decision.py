"""The verdict over all checks: only passes release, and signatures count where, until and about what they say."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest
from fixtures import evidence as documents
from fixtures.evidence import figure, ranking, rankings
from fixtures.gate_evidence import (
    DIGEST,
    MANIFEST,
    acceptance,
    approval,
    approvals,
    audited,
    authorship,
    checked,
    good,
    judged,
    paper,
    papers,
    seen,
    verdicts,
)

from threat.measuring.figure import Verdict
from threat.release.documents.gate_policy import CHECKS
from threat.release.evidence import RunDocuments
from threat.release.statements import Statement

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH
UNDECIDED = audited("pass", "not_enough_evidence")
EQUALITY, SRO = acceptance("Eve Equal", "equality_lead"), acceptance("Sam Owner", "SRO")


def test_good_evidence_passes() -> None:
    gate = judged(seen())
    assert verdicts(gate) == dict.fromkeys(CHECKS, PASS)
    assert (gate.verdict, gate.show_probability, gate.release_digest) == (PASS, True, DIGEST)
    assert gate.policy.numbers.least_events == 50  # every number it was judged by is in the verdict
    assert [given.by for given in gate.approvals] == ["Vera Lid", "Sam Owner"]
    assert gate.refusals() == []
    assert gate.expires() == date(2026, 7, 1)  # the approvals end first


def test_an_empty_run_passes_nothing() -> None:
    nothing: dict[str, Any] = {"recomputed": None, "signed": None, "policies": (), "card_lacks": ("identity.contact",)}
    gate = judged(seen(RunDocuments(), [], **nothing))
    assert verdicts(gate) == dict.fromkeys(CHECKS, NOT_ENOUGH)
    assert (gate.show_probability, gate.verdict) == (False, NOT_ENOUGH)


@pytest.mark.parametrize("wanted", list(itertools.product([PASS, FAIL, NOT_ENOUGH], repeat=3)))
def test_only_passes_release(wanted: tuple[Verdict, ...]) -> None:
    """Every combination of usefulness, fairness and leaks."""
    low, high = {PASS: (0.1, 0.2), FAIL: (-0.2, -0.1), NOT_ENOUGH: (-0.1, 0.2)}[wanted[0]]
    model, _, *others = rankings()
    first = ranking("rule_days_since_last", figure("mean_recall_difference", 0.0, low, high))
    looked = {PASS: {}, FAIL: {"values_that_differ": 1, "holds": False}, NOT_ENOUGH: {"rows": 0}}[wanted[2]]
    changed = good(
        evaluation=documents.evaluation(rankings=(model, first, *others)),
        fairness=documents.fairness(MANIFEST, characteristics=documents.gated(sex=wanted[1].value)),
        checks=documents.checks(**{f"future_removed__{name}": value for name, value in looked.items()}),
    )
    gate = judged(seen(changed))
    assert tuple(verdicts(gate)[check] for check in ("usefulness", "fairness", "leaks")) == wanted
    assert gate.verdict == (FAIL if FAIL in wanted else PASS if set(wanted) == {PASS} else NOT_ENOUGH)


@pytest.mark.parametrize(
    ("statements", "verdict"),
    [
        ([EQUALITY, SRO], PASS),
        ([EQUALITY], NOT_ENOUGH),
        ([SRO], NOT_ENOUGH),
        ([acceptance("Sam Owner", "equality_lead"), SRO], NOT_ENOUGH),  # one person in two roles
        ([acceptance("sam  OWNER", "equality_lead"), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", expires=date(2026, 5, 31)), SRO], NOT_ENOUGH),  # run out
        ([acceptance("Eve Equal", "equality_lead", expires=date(2026, 6, 1)), SRO], PASS),  # its last day
        ([acceptance("Eve Equal", "equality_lead", on=date(2026, 6, 2)), SRO], NOT_ENOUGH),  # not yet given
        ([acceptance("Eve Equal", "equality_lead", expires=date(2026, 12, 1)), SRO], NOT_ENOUGH),  # for too long
        ([acceptance("Eve Equal", "equality_lead", about="person_at_risk/sex"), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", check="usefulness"), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", release_digest="f" * 64), SRO], NOT_ENOUGH),
        ([acceptance("Eve Equal", "equality_lead", environment="demonstration"), SRO], NOT_ENOUGH),
    ],
)
def test_acceptance_of_not_enough_evidence(statements: list[Statement], verdict: Verdict) -> None:
    gate = judged(seen(UNDECIDED, [*approvals(), *papers(), *statements]))
    assert verdicts(gate)["fairness"] == verdict
    assert gate.verdict == verdict


def test_the_release_lasts_as_long_as_its_first_acceptance() -> None:
    first = acceptance("Eve Equal", "equality_lead", expires=date(2026, 6, 10))
    gate = judged(seen(UNDECIDED, [*approvals(), *papers(), first, SRO]))
    assert gate.expires() == date(2026, 6, 10)
    assert [(given.by, given.controls) for given in checked(gate, "fairness").accepted] == [
        ("Eve Equal", "watch"),
        ("Sam Owner", "watch"),
    ]


def test_a_fail_is_never_accepted() -> None:
    signed = [*approvals(), *papers()]
    assert verdicts(judged(seen(audited("pass", "fail"), [*signed, EQUALITY, SRO])))["fairness"] == FAIL
    model, _, *others = rankings()
    both = [
        acceptance(by, role, check="usefulness", about="usefulness")
        for by, role in (("Vera Lid", "validator"), ("Sam Owner", "SRO"))
    ]
    for high, verdict in ((-0.1, FAIL), (0.3, PASS)):
        first = ranking("rule_days_since_last", figure("mean_recall_difference", 0.0, -0.3, high))
        changed = good(evaluation=documents.evaluation(rankings=(model, first, *others)))
        assert verdicts(judged(seen(changed, [*signed, *both])))["usefulness"] == verdict


def approving(*people: tuple[str, str], authors: tuple[str, ...] = ("Dev Eloper",), **body: Any) -> list[Statement]:
    given = [approval(by, role, **body) for by, role in people]
    return [*given, authorship(*authors)] if authors else given


TWO = (("Vera Lid", "validator"), ("Sam Owner", "SRO"))


@pytest.mark.parametrize(
    ("statements", "verdict", "words"),
    [
        (approving(*TWO), PASS, "approved by Sam Owner, Vera Lid"),
        (approving(TWO[0]), NOT_ENOUGH, "1 of 2 approvals"),
        (approving(), NOT_ENOUGH, "0 of 2 approvals"),
        (approving(TWO[0], ("Vera Lid", "SRO")), NOT_ENOUGH, "1 of 2 approvals"),
        (approving(TWO[0], ("Otto Ther", "validator")), NOT_ENOUGH, "no approval as SRO"),
        (approving(*TWO, authors=()), NOT_ENOUGH, "nobody has said who made"),
        (approving(*TWO, authors=("vera lid",)), NOT_ENOUGH, "own work does not count"),
        (approving(TWO[0], ("Robot", "service")), NOT_ENOUGH, "1 of 2 approvals"),
        (approving(*TWO, expires=date(2026, 5, 30)), NOT_ENOUGH, "0 of 2 approvals"),
        (approving(*TWO, to="live"), NOT_ENOUGH, "0 of 2 approvals"),
        (approving(*TWO, release_digest="f" * 64), NOT_ENOUGH, "0 of 2 approvals"),
    ],
)
def test_approvals(statements: list[Statement], verdict: Verdict, words: str) -> None:
    gate = judged(seen(statements=[*papers(), *statements]))
    assert checked(gate, "approval").verdict == verdict
    assert words in checked(gate, "approval").reason
    assert gate.verdict == verdict


def test_demonstration_signatures_count_only_in_the_demonstration() -> None:
    shown = [*approvals("live", "demonstration"), *papers("demonstration")]
    in_demonstration = judged(seen(statements=shown), "live", "demonstration")
    in_force = judged(seen(statements=shown), "live", "force")
    assert (in_demonstration.verdict, in_demonstration.environment) == (PASS, "demonstration")
    assert in_force.verdict == NOT_ENOUGH
    assert in_force.approvals == ()
    assert len(in_force.not_counted) == len(shown)
    assert in_force.not_counted[0] == "authorship by Vera Lid: signed with a key of the environment demonstration"


@pytest.mark.parametrize(
    ("to", "missing", "verdict"),
    [
        ("shadow", "SHADOW_REPORT", PASS),
        ("pilot", "SHADOW_REPORT", NOT_ENOUGH),
        ("live", "SHADOW_REPORT", NOT_ENOUGH),
        ("shadow", "GO_LIVE_DRILL", PASS),
        ("pilot", "GO_LIVE_DRILL", PASS),
        ("live", "GO_LIVE_DRILL", NOT_ENOUGH),
        ("shadow", "DPIA", NOT_ENOUGH),
        ("shadow", "TARGET_REVIEW", NOT_ENOUGH),
        ("shadow", "COMPREHENSION_TEST", NOT_ENOUGH),
        ("shadow", "SECURITY", NOT_ENOUGH),
    ],
)
def test_documents_by_state(to: str, missing: str, verdict: Verdict) -> None:
    gate = judged(seen(statements=[*approvals(to), *papers(without=[missing])]), to)
    assert gate.verdict == verdict
    assert (f"{missing}: not provided" in "; ".join(gate.refusals())) is (verdict != PASS)


def test_the_shadow_run_of_another_run_does_not_count() -> None:
    others = [paper(kind, run="1" * 64) for kind in ("SHADOW_REPORT", "DPIA")]
    rest = papers(without=["SHADOW_REPORT", "DPIA"])
    gate = judged(seen(statements=[*approvals("pilot"), *rest, *others]), "pilot")
    assert gate.refusals() == ["Shadow run: not enough evidence: SHADOW_REPORT: not provided by unit_lead"]


def test_a_document_past_its_review_does_not_count() -> None:
    gate = judged(seen(statements=[*approvals(), *papers(review_due=date(2026, 5, 31))]))
    assert gate.verdict == NOT_ENOUGH
    assert "DPIA: its review was due on 2026-05-31" in "; ".join(gate.refusals())
    assert judged(seen(statements=[*approvals(), *papers(review_due=date(2026, 6, 1))])).verdict == PASS
