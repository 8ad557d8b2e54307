"""The card says who dissented, on which conditions, under which policies, and what came out again."""

from __future__ import annotations

from datetime import date
from typing import Any

from fixtures import evidence
from fixtures.cards import made, value

DISSENT = {"by": "Eve Equal", "role": "equality_lead", "on": date(2026, 5, 30), "reason": "too few of one group"}
POLICY = {"kind": "gate", "version": "gate-5", "sha256": "a" * 64}


def gate(**fields: Any) -> Any:
    signed = {"by": "Sam Owner", "role": "SRO", "on": date(2026, 6, 1), "environment": "force"}
    conditional = signed | {"expires": date(2026, 8, 1), "conditions": ["reviewed each month"]}
    return evidence.gate(approvals=[conditional], **fields)


def test_conditions_dissent_and_last_days_are_on_the_first_page() -> None:
    summary = made(gate=gate(dissents=[DISSENT], set_aside=["approval of A: of another RUN"])).summary
    assert summary.conditions == ("Approval of Sam Owner (SRO): reviewed each month",)
    assert summary.signed == ("Sam Owner (SRO), 2026-06-01, until 2026-08-01",)
    assert summary.dissent == (
        "Eve Equal (equality_lead), 2026-05-30: too few of one group",
        "Did not count: approval of A: of another RUN",
    )
    assert summary.expires == date(2026, 8, 1)


def test_dissent_policies_and_digest_are_in_the_sign_off() -> None:
    card = made(
        gate=gate(dissents=[DISSENT], policies=[POLICY, POLICY | {"owner": "O", "by": "G", "since": "2026-01-02"}])
    )
    assert value(card, "sign_off.dissent").rows == (
        ("Eve Equal", "equality_lead", "2026-05-30", "too few of one group"),
    )
    assert [row[2:4] for row in value(card, "sign_off.policies").rows] == [
        ("nobody, signed by nobody", "never put in force"),
        ("O, signed by G", "2026-01-02"),
    ]
    assert value(card, "sign_off.release_digest") == "e" * 64
    assert value(made(gate=gate()), "sign_off.dissent") == "None"


def test_what_came_out_again_is_said_with_who_signed_the_files() -> None:
    again = {"evaluation": "same", "audit": "same", "retrained": "not_here", "differences": [], "differences_in_all": 0}
    signed = {"state": "unsigned", "reason": "no trust folder exists here"}
    card = made(gate=gate(recomputed=again | {"why_not_retrained": "another platform"}, signed=signed))
    assert value(card, "sign_off.computed_again") == (
        "Figures and audit came out again; not retrained here: another platform",
        "Unsigned: no trust folder exists here",
    )
    assert value(made(gate=gate()), "sign_off.computed_again") is None


def test_documents_are_named_with_their_owner_and_review() -> None:
    paper = {
        "kind": "DPIA", "title": "Assessment", "version": "2", "sha256": "d" * 64, "by": "Dee", "role": "DPO",
        "review_due": date(2026, 7, 1),
    }  # fmt: skip
    card = made(gate=gate(documents=[paper]))
    assert value(card, "basis.documents").rows == (
        ("DPIA", "Assessment, version 2", "Dee (DPO)", "2026-07-01", "d" * 64),
    )
    assert card.summary.expires == date(2026, 7, 1)
