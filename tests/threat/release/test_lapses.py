"""What takes a release out of force by itself: a withdrawal, a revoked key, a withdrawn policy, a day that is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fixtures import evidence
from fixtures.approved import approve, envelopes_of, verdict
from fixtures.trusted import Trusted

from threat.asof import parse_as_of
from threat.errors import UsageError
from threat.files import sha256_of
from threat.release import bundle, kept, policies
from threat.release.documents.approvals import Approvals
from threat.release.documents.gate import DocumentInForce
from threat.release.envelopes import statement
from threat.release.lapses import Foundations, foundations, lapsed
from threat.release.statements import PaperDocument, Withdrawal
from threat.trust.folder import Trust

AT = parse_as_of("2026-06-10")
DPIA = sha256_of(b"the assessment")


@pytest.fixture
def release(trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Foundations:
    """What a bundle of a force depends on: two approvals and a document in date until 2026-07-15."""
    trusted.use(monkeypatch)
    run = evidence.audited_run(tmp_path / "runs")
    approve(run)
    due = date(2026, 7, 15)
    paper = PaperDocument(
        document="DPIA", title="t", version="1", sha256=DPIA, run="0" * 64, review_due=due, on=date(2026, 5, 1)
    )
    given = {"kind": "DPIA", "title": "t", "version": "1", "sha256": DPIA, "by": "Dee Pio", "role": "DPO"}
    named = [(by, role) for by, role in (("Vera Lid", "validator"), ("Sam Owner", "SRO"))]
    gate = verdict(
        run,
        documents=[DocumentInForce.model_validate(given | {"review_due": due})],
        approvals=[
            {"by": by, "role": role, "on": date(2026, 5, 20), "environment": "force", "expires": date(2026, 8, 1)}
            for by, role in named
        ],
    )
    run.write(gate)
    run.write(Approvals.of([*envelopes_of(gate), *envelopes_of(gate, ("approval-dpo", paper))]))
    built = bundle.build(run, tmp_path / "bundles", trusted.signer("promotion"))
    return foundations(bundle.open(built, Trust.open()), Trust.open())


def withdraw(trusted: Trusted, path: Path, name: str, sha256: str) -> None:
    signer = trusted.signer(name)
    said = Withdrawal(on=date(2026, 6, 9), statement=sha256, reason="new facts")
    kept.keep_withdrawal(path, statement(said, signer), signer, trusted.trust, at=AT)


def test_while_everything_holds_it_is_served_until_the_first_day_that_ends(
    release: Foundations, trusted: Trusted, tmp_path: Path
) -> None:
    assert (release.until, release.ends) == (date(2026, 7, 15), "the review of the document DPIA")
    assert lapsed(release, tmp_path / kept.FILE, trusted.trust, AT) == ""
    assert lapsed(release, tmp_path / kept.FILE, trusted.trust, parse_as_of("2026-07-16")) == (
        "What the release of the model depends on ended on 15 July 2026: the review of the document DPIA"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("approval-owner", "The approval of Sam Owner (SRO)"),
        ("approval-dpo", "The document DPIA of Dee Pio (DPO)"),
    ],
)
def test_a_withdrawn_approval_or_document_takes_it_out(
    release: Foundations, trusted: Trusted, tmp_path: Path, name: str, words: str
) -> None:
    path, by = tmp_path / kept.FILE, trusted.signer(name).key.name
    [said] = [said for said, _ in release.statements if said.by == by]
    withdraw(trusted, path, "approval-equality", said.sha256)  # another person in another role
    assert lapsed(release, path, trusted.trust, AT) == ""
    withdraw(trusted, path, name, said.sha256)
    assert lapsed(release, path, trusted.trust, AT) == (
        f"{words}, which the release of the model depends on, was withdrawn by {by} on 2026-06-09: new facts"
    )


def test_a_key_that_was_revoked_since_takes_it_out(release: Foundations, trusted: Trusted, tmp_path: Path) -> None:
    trust, dee = trusted.trust, trusted.signer("approval-dpo").key
    revoked = replace(trust, keys={**trust.keys, dee.key_id: replace(dee, state="revoked")})
    assert lapsed(release, tmp_path / kept.FILE, revoked, AT) == (
        "The key was revoked that signed the document DPIA of Dee Pio (DPO), which the release of the model depends on"
    )
    # Where governance had witnessed the promotion before the theft, what she signed for it holds.
    believed = replace(release, believed=frozenset({dee.key_id}))
    assert lapsed(believed, tmp_path / kept.FILE, revoked, AT) == ""


def test_a_withdrawn_policy_takes_it_out_until_governance_puts_it_in_force_again(
    release: Foundations, trusted: Trusted, tmp_path: Path
) -> None:
    signer, path = trusted.signer("governance"), tmp_path / kept.FILE
    before = policies.in_force(trusted.trust)["gate"]
    with pytest.raises(UsageError, match="No policy of this kind is in force"):
        policies.withdraw("fairness", "x", date(2026, 6, 9), trusted.trust, signer)
    policies.withdraw("gate", "the bar was too low", date(2026, 6, 9), trusted.trust, signer)
    assert policies.in_force(trusted.trust) == {}
    assert lapsed(release, path, trusted.trust, AT) == (
        "The gate policy that the model was released under was withdrawn: the bar was too low (Gail Second, 2026-06-09)"
    )
    policies.put_in_force(before, trusted.trust, signer)
    assert lapsed(release, path, trusted.trust, AT) == ""
    # A governance key that is revoked since closes nothing that was released under its policy.
    gail = signer.key
    revoked = replace(trusted.trust, keys={**trusted.trust.keys, gail.key_id: replace(gail, state="revoked")})
    assert lapsed(release, path, revoked, AT) == ""
    # Another version takes no model out: it decides the next release.
    policies.put_in_force(replace(before, version="v2", sha256="9" * 64), trusted.trust, signer)
    assert lapsed(release, path, trusted.trust, AT) == ""
