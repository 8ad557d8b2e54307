"""A force opens a bundle only where people approved the very release in it: the key for promotions decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.approved import SIGNED_ON, UNTIL, approve, envelopes_of, verdict
from fixtures.drawn_bases import CATALOGUE, base_model
from fixtures.signed_again import inverted, let_canaries_agree, sign_again
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure
from threat.release import bundle
from threat.release.approved import NotApproved
from threat.release.documents.approvals import Approvals
from threat.release.documents.gate import Gate
from threat.release.model_files import TREES
from threat.release.policies import every, put_in_force
from threat.release.runs import Run
from threat.release.statements import Approval, Authorship, Said, Withdrawal
from threat.trust.folder import Trust
from threat.trust.key_list import Holder


@pytest.fixture
def run(trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """An approved RUN of a force."""
    trusted.use(monkeypatch)
    made = evidence.audited_run(tmp_path / "runs")
    approve(made)
    return made


def built(run: Run, tmp_path: Path, trusted: Trusted) -> Path:
    return bundle.build(run, tmp_path / "bundles", trusted.signer("promotion"))


def refused(path: Path, words: str, trust: Trust | None = None) -> IntegrityFailure:
    with pytest.raises(IntegrityFailure, match=words) as caught:
        bundle.open(path, Trust.open() if trust is None else trust)
    return caught.value


def test_what_two_people_approved_opens_and_carries_what_they_signed(
    run: Run, tmp_path: Path, trusted: Trusted
) -> None:
    opened = bundle.open(built(run, tmp_path, trusted), Trust.open())
    assert opened.files["run.json"] == (run.directory / "manifest.json").read_bytes()
    assert opened.read(Approvals).envelopes() == run.read(Approvals).envelopes()
    assert opened.manifest.format == "threat-bundle/4"


def said(gate: Gate, kind: type[Said], **fields: Any) -> Said:
    about: dict[str, Any] = {"release_digest": gate.release_digest, "on": SIGNED_ON}
    usual = {Approval: {"to": gate.to, "expires": UNTIL}, Authorship: {"authors": ("Dev Eloper",)}}
    return kind(**(about | usual[kind] | fields))


CASES: dict[str, Callable[[Gate], list[tuple[str, Said]]]] = {
    "nobody": lambda gate: [("approval", said(gate, Authorship))],
    "one person": lambda gate: [("approval", said(gate, Authorship)), ("approval", said(gate, Approval))],
    "one person twice": lambda gate: [
        ("approval", said(gate, Authorship)),
        *(("approval", said(gate, Approval, conditions=(word,))) for word in ("first", "second")),
    ],
    "no author named": lambda gate: [(key, said(gate, Approval)) for key in ("approval", "approval-owner")],
    "an author among them": lambda gate: [
        ("approval", said(gate, Authorship, authors=("sam  OWNER",))),
        *((key, said(gate, Approval)) for key in ("approval", "approval-owner")),
    ],
    "another release": lambda gate: [
        ("approval", said(gate, Authorship)),
        *((key, said(gate, Approval, release_digest="0" * 64)) for key in ("approval", "approval-owner")),
    ],
    "for shadow alone": lambda gate: [
        ("approval", said(gate, Authorship)),
        *((key, said(gate, Approval, to="shadow")) for key in ("approval", "approval-owner")),
    ],
    "expired before the verdict": lambda gate: [
        ("approval", said(gate, Authorship)),
        *((key, said(gate, Approval, expires=date(2026, 5, 31))) for key in ("approval", "approval-owner")),
    ],
    "in a role that the policy does not ask for": lambda gate: [
        ("approval", said(gate, Authorship)),
        *((key, said(gate, Approval)) for key in ("approval", "approval-dpo")),
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_approvals_that_do_not_make_two_people_open_nothing(
    run: Run, tmp_path: Path, trusted: Trusted, case: str
) -> None:
    run.write(Approvals.of(envelopes_of(run.read(Gate), *CASES[case](run.read(Gate)))))
    failure = refused(built(run, tmp_path, trusted), "Too few people approved this release")
    assert f"release {run.read(Gate).release_digest[:12]}" in str(failure.value)


def test_withdrawn_or_revoked_it_no_longer_opens_but_for_replay(run: Run, tmp_path: Path, trusted: Trusted) -> None:
    path = built(run, tmp_path, trusted)
    trust = Trust.open()
    sam = trusted.signer("approval-owner").key
    revoked = replace(trust, keys={**trust.keys, sam.key_id: replace(sam, state="revoked")})
    assert refused(path, "1 of 2, as validator and SRO", revoked).value == (
        f"Vera Lid; release {run.read(Gate).release_digest[:12]}"
    )
    assert bundle.open(path, revoked, to_serve=False).manifest.run_id == "run-1"
    envelopes = run.read(Approvals).envelopes()
    taken_back = Withdrawal(on=date(2026, 6, 1), statement=hash_of(run, 2), reason="in doubt")
    run.write(Approvals.of([*envelopes, *envelopes_of(run.read(Gate), ("approval-owner", taken_back))]))
    refused(built(run, tmp_path, trusted), "1 of 2")


def hash_of(run: Run, place: int) -> str:
    from threat.release.envelopes import verified_statements

    return verified_statements(run.read(Approvals).envelopes(), Trust.open())[place].sha256


def test_approvals_of_one_release_open_no_other_model_by_its_name(run: Run, tmp_path: Path, trusted: Trusted) -> None:
    """The thief of the promotion key has the approvals of a real release, and puts an own model under them."""
    signer, path = trusted.signer("promotion"), built(run, tmp_path, trusted)
    (path / TREES).write_bytes(inverted((path / TREES).read_bytes()))
    sign_again(path, signer)
    assert refused(path, "another file than the RUN sealed").value == TREES
    # With a manifest made to fit, the verdict is about another RUN; with the verdict too, the approvals are.
    other = evidence.audited_run(tmp_path / "others", text=inverted(run.path(TREES).read_bytes()).decode())
    other.write(verdict(other))
    other.write(Approvals.of(run.read(Approvals).envelopes()))
    refused(bundle.build(other, tmp_path / "forged", signer), "Too few people approved this release: 0 of 2")
    other.write(verdict(other, release_digest=run.read(Gate).release_digest))
    refused(bundle.build(other, tmp_path / "digest", signer), "about another release than the bundle holds")


def test_a_bundle_by_another_id_or_with_a_policy_of_the_thief_s_own_does_not_open(
    run: Run, tmp_path: Path, trusted: Trusted
) -> None:
    signer, path = trusted.signer("promotion"), built(run, tmp_path, trusted)
    renamed = run.read(Gate).model_copy(update={"run_id": "run-2"})
    (path / "gate.json").write_bytes(renamed.encode())
    sign_again(path, signer, lambda manifest: manifest.update(run_id="run-2"))
    refused(path, "goes by the id of another RUN")
    policy = run.read(Gate).policies[0].model_copy(update={"sha256": "a" * 64})
    gate = verdict(run, policies=(policy,))
    run.write(gate)
    run.write(Approvals.of(envelopes_of(gate)))
    refused(built(run, tmp_path, trusted), "policy that no believed record puts in force")


@pytest.mark.parametrize("name", ["model/base.json", "checks.json", "cohort.json"])
def test_a_bundle_without_a_file_that_the_run_sealed_does_not_open(
    tmp_path: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A thief drops the base and lets the canaries agree: the trees alone would rank, under the approvals."""
    trusted.use(monkeypatch)
    run = evidence.audited_run(tmp_path / "runs", base=base_model(CATALOGUE.names), features=CATALOGUE.names)
    approve(run)
    path = built(run, tmp_path, trusted)
    assert bundle.open(path, Trust.open()).model.base is not None
    (path / name).unlink()
    let_canaries_agree(path)
    sign_again(path, trusted.signer("promotion"))
    assert refused(path, "lacks files that the RUN sealed").value == name


@pytest.mark.parametrize("name", ["approvals.json", "run.json"])
def test_a_bundle_that_leaves_out_what_people_signed_does_not_open_in_a_force(
    run: Run, tmp_path: Path, trusted: Trusted, name: str
) -> None:
    path = built(run, tmp_path, trusted)
    (path / name).unlink()
    sign_again(path, trusted.signer("promotion"))
    assert refused(path, "does not carry what people signed").value == f"no {name}"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_bundle_of_an_earlier_format_serves_nothing_in_a_force(
    run: Run, tmp_path: Path, trusted: Trusted, number: int
) -> None:
    """Whether it carries statements or not: a thief who marks a bundle as older is asked for no less."""
    path = built(run, tmp_path, trusted)
    sign_again(path, trusted.signer("promotion"), lambda manifest: manifest.update(format=f"threat-bundle/{number}"))
    with pytest.raises(NotApproved, match="The bundle of run-1 is of an earlier format") as caught:
        bundle.open(path, Trust.open())
    assert caught.value.value == f"threat-bundle/{number}; a force serves threat-bundle/4"
    assert bundle.open(path, Trust.open(), to_serve=False).manifest.run_id == "run-1"


def test_whoever_registers_both_keys_is_no_third(run: Run, tmp_path: Path, trusted: Trusted) -> None:
    """Gail registered a key for herself's friend and speaks as one of the two: two keys, and no third person."""
    trusted.add("approval-friend", Holder("Gail Second", "SRO", ("approval",)), by="root")
    trusted.add("approval-made", Holder("Made Up", "validator", ("approval",)), by="governance")
    gate = run.read(Gate)
    run.write(
        Approvals.of(
            envelopes_of(
                gate,
                ("approval", said(gate, Authorship)),
                ("approval-friend", said(gate, Approval)),
                ("approval-made", said(gate, Approval)),
            )
        )
    )
    refused(built(run, tmp_path, trusted), "Too few people approved this release: 1 of 2")


def test_a_policy_that_says_not_whose_approval_it_asks_for_serves_nothing_until_it_is_put_in_force_again(
    run: Run, tmp_path: Path, trusted: Trusted
) -> None:
    """Of before governance signed that, approvals in any two roles would do."""
    path, governance = built(run, tmp_path, trusted), trusted.signer("governance")
    [policy] = every(trusted.trust)
    put_in_force(replace(policy, asks=None), trusted.trust, governance)
    with pytest.raises(NotApproved, match="before governance signed whose approval it asks for") as caught:
        bundle.open(path, Trust.open())
    assert caught.value.value == "v1, by Gail Second on 2026-01-05"
    assert caught.value.way_out.startswith("put the same file in force again (threat put-in-force gate)")
    put_in_force(policy, trusted.trust, governance)
    assert bundle.open(path, Trust.open()).manifest.run_id == "run-1"
