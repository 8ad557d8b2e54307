"""Who counts as whom: two people, authors, owners of documents; what is withdrawn, and what dissent does."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from fixtures.gate_evidence import (
    ABOUT,
    acceptance,
    approval,
    approvals,
    authorship,
    checked,
    judged,
    paper,
    papers,
    policies,
    seen,
    signed,
)

from threat.measuring.figure import Verdict
from threat.release.documents.attestations import SignedEvidence
from threat.release.statements import Dissent, Statement, Withdrawal

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH
VERA, SAM = approval("Vera Lid", "validator"), approval("Sam Owner", "SRO")


def verdict_with(*statements: Statement, **evidence: Any) -> tuple[Verdict, str]:
    check = checked(judged(seen(statements=[*papers(), *statements], **evidence)), "approval")
    return check.verdict, check.reason


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (replace(SAM, key_id=VERA.key_id), "1 of 2 approvals"),  # two names, one key
        (replace(SAM, registered_by="Vera Lid"), "1 of 2 approvals"),  # one approver made the other
        (replace(SAM, registered_by=""), "1 of 2 approvals"),  # nobody known put the key on the list
        (replace(SAM, by="vera  LID"), "1 of 2 approvals"),  # one person, two keys
        (replace(SAM, by="Ｖｅｒａ Lid"), "1 of 2 approvals"),  # the same, in letters of another width
    ],
)
def test_two_people_are_two_keys_that_a_third_registered(second: Statement, words: str) -> None:
    verdict, reason = verdict_with(authorship(), VERA, second)
    assert verdict == NOT_ENOUGH
    assert words in reason
    assert verdict_with(authorship(), VERA, SAM)[0] == PASS


def test_an_author_approves_neither_by_name_nor_by_key() -> None:
    assert verdict_with(authorship("Sam Owner"), VERA, SAM)[0] == NOT_ENOUGH
    by_key = verdict_with(authorship(keys=[SAM.key_id]), VERA, SAM)
    assert by_key[0] == NOT_ENOUGH
    assert "an author's approval of their own work does not count: Sam Owner" in by_key[1]
    # Whoever holds the key that signed the training made the model too.
    training = SignedEvidence(
        state="signed", environment="force", by=("x",), key_ids=(SAM.key_id,), reason="every file"
    )
    assert verdict_with(authorship(), VERA, SAM, signed=training)[0] == NOT_ENOUGH


def test_a_dissent_blocks_nothing_and_is_shown_with_every_approval() -> None:
    dissent = signed("Dee Pio", "DPO", Dissent(reason="the outcome is arrest, not harm", **ABOUT))
    gate = judged(seen(statements=[*papers(), *approvals(), dissent]))
    assert gate.verdict == PASS
    assert [(given.by, given.role, given.reason) for given in gate.dissents] == [
        ("Dee Pio", "DPO", "the outcome is arrest, not harm")
    ]
    assert checked(gate, "approval").reason.endswith("; dissent by Dee Pio (DPO): the outcome is arrest, not harm")
    assert checked(gate, "approval").facts["dissents"] == 1
    refused = judged(seen(statements=[dissent]))
    assert "dissent by Dee Pio (DPO)" in checked(refused, "approval").reason


def test_conditions_are_kept_with_the_approval() -> None:
    both = [approval("Vera Lid", "validator", conditions=["weekly review of false alarms"]), SAM]
    gate = judged(seen(statements=[*papers(), authorship(), *both]))
    assert [given.conditions for given in gate.approvals] == [("weekly review of false alarms",), ()]
    assert [given.expires for given in gate.approvals] == [date(2026, 7, 1), date(2026, 7, 1)]


@pytest.mark.parametrize(
    ("by", "role", "counts"),
    [
        ("Sam Owner", "SRO", False),  # its signer
        ("Sam Owner", "retired", False),  # the same person in another role
        ("New Owner", "SRO", False),  # who holds the role today
        ("Vera Lid", "validator", True),  # nobody else's word is hers to withdraw
    ],
)
def test_a_statement_is_withdrawn_by_its_signer_or_its_role(by: str, role: str, counts: bool) -> None:
    withdrawal = signed(by, role, Withdrawal(on=date(2026, 5, 30), statement=SAM.sha256, reason="new findings"))
    gate = judged(seen(statements=[*papers(), authorship(), VERA, SAM, withdrawal]))
    assert (checked(gate, "approval").verdict == PASS) is counts
    said = [f"approval by Sam Owner: withdrawn by {by} on 2026-05-30: new findings"]
    assert list(gate.not_counted) == ([] if counts else said)


def test_a_withdrawn_document_is_not_provided() -> None:
    impact = paper("DPIA")
    withdrawal = Withdrawal(on=date(2026, 5, 30), statement=impact.sha256, reason="found incomplete")
    rest = [*approvals(), *papers(without=["DPIA"]), impact]
    gate = judged(seen(statements=[*rest, signed(impact.by, impact.role, withdrawal)]))
    assert gate.refusals() == ["Law and documents: not enough evidence: DPIA: not provided by DPO"]
    assert judged(seen(statements=rest)).verdict == PASS


def test_a_document_is_its_owners_word_alone() -> None:
    gate = judged(seen(statements=[*approvals(), *papers(without=["DPIA"]), paper("DPIA", role="SRO")]))
    assert gate.refusals() == ["Law and documents: not enough evidence: DPIA: not provided by DPO"]


def test_the_release_lasts_until_the_first_document_is_due() -> None:
    soon = paper("SECURITY", review_due=date(2026, 6, 9), version="2.1")
    gate = judged(seen(statements=[*approvals(), *papers(without=["SECURITY"]), soon]))
    assert gate.expires() == date(2026, 6, 9)
    security = next(document for document in gate.documents if document.kind == "SECURITY")
    assert (security.version, security.sha256, security.role) == ("2.1", "d" * 64, "security_officer")
    # Of two, the later review counts; what live alone asks for does not end a shadow run.
    later = paper("SECURITY", review_due=date(2026, 12, 1))
    gate = judged(seen(statements=[*approvals(), *papers(without=["SECURITY"]), soon, later]))
    assert gate.expires() == date(2026, 7, 1)
    assert "GO_LIVE_DRILL" not in {document.kind for document in gate.documents}


@pytest.mark.parametrize(
    ("decided", "verdict", "reason"),
    [
        (policies(), PASS, "in force: gate: v1, Head of prevention, 2026-01-05; fairness"),
        (
            policies(another="gate-5 of 2026-01-05"),
            FAIL,
            "decided by another policy than the policy in force: gate: v1, in force is gate-5 of 2026-01-05",
        ),
        (policies(by="", owner="", since=None), NOT_ENOUGH, "nobody has put in force the policy of gate"),
        ((), NOT_ENOUGH, "nobody has put in force the policy of anything"),
    ],
)
def test_a_force_decides_by_the_policies_in_force_alone(decided: Any, verdict: Verdict, reason: str) -> None:
    gate = judged(seen(policies=decided))
    assert checked(gate, "policies").verdict == verdict
    assert checked(gate, "policies").reason.startswith(reason)
    assert gate.policies == decided


def test_a_card_with_an_empty_mandatory_field_keeps_the_gate_shut() -> None:
    lacks = tuple(f"identity.{name}" for name in "abcdefg")
    gate = judged(seen(card_lacks=lacks))
    assert gate.refusals() == [
        "Model card: not enough evidence: 7 mandatory fields are empty: identity.a, identity.b, identity.c, "
        "identity.d, identity.e and 2 more"
    ]


def test_what_was_signed_for_another_release_counts_for_nothing() -> None:
    """Audit, policies, card, environment and state are in the digest: a change of any is another release."""
    others = [approval("Vera Lid", "validator", release_digest="1" * 64), acceptance("Sam Owner", "SRO")]
    gate = judged(seen(statements=[*papers(), authorship(), *others]))
    assert gate.not_counted == ("approval by Vera Lid: about another release than this",)
    assert checked(gate, "approval").verdict == NOT_ENOUGH


def test_what_a_key_signed_that_was_revoked_since_is_shown_and_does_not_count() -> None:
    dissent = signed("Una Lead", "unit_lead", Dissent(reason="arrest, not harm", **ABOUT))
    gone = [replace(said, revoked=True) for said in (SAM, dissent)]
    gate = judged(seen(statements=[*papers(), authorship(), VERA, *gone]))
    assert (checked(gate, "approval").verdict, gate.dissents) == (NOT_ENOUGH, ())
    assert [given.by for given in gate.approvals] == ["Vera Lid"]
    assert gate.not_counted == (
        "approval by Sam Owner: signed with a key that was revoked since",
        "dissent by Una Lead: signed with a key that was revoked since",
    )
    # Nor does such a key take anything back.
    withdrawal = signed("Sam Owner", "SRO", Withdrawal(on=ABOUT["on"], statement=SAM.sha256, reason="stolen"))
    assert verdict_with(authorship(), VERA, SAM, replace(withdrawal, revoked=True))[0] == PASS
    assert verdict_with(authorship(), VERA, SAM, withdrawal)[0] == NOT_ENOUGH


def test_whoever_signs_a_thousand_times_is_one_person_at_once() -> None:
    many = [approval("Vera Lid", "validator", conditions=(str(number),)) for number in range(1000)]
    verdict, reason = verdict_with(authorship(), *many)
    assert (verdict, "1 of 2 approvals" in reason) == (NOT_ENOUGH, True)
    assert verdict_with(authorship(), *many, SAM)[0] == PASS


def test_two_people_who_sign_the_same_words_withdraw_each_their_own() -> None:
    """What is signed holds no name, so the same words have one hash."""
    same = [replace(said, sha256="9" * 64) for said in (VERA, SAM)]
    withdrawal = signed("Sam Owner", "SRO", Withdrawal(on=ABOUT["on"], statement="9" * 64, reason="in doubt"))
    gate = judged(seen(statements=[*papers(), authorship(), *same, withdrawal]))
    assert [given.by for given in gate.approvals] == ["Vera Lid"]
    assert gate.not_counted == (f"approval by Sam Owner: withdrawn by Sam Owner on {ABOUT['on']}: in doubt",)
