"""Every file of a RUN is signed by the job that made it; what another hand put there or changed is seen."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.release.attestations import (
    SecondSigner,
    attest_annexes,
    attest_retraining,
    attest_training,
    job_trust,
    second_signer,
    signed_evidence,
)
from threat.release.documents.attestations import Attestations
from threat.release.runs import Run
from threat.trust.chain import canonical
from threat.trust.folder import Trust
from threat.trust.key_list import Holder
from threat.trust.signing import Signer


@pytest.fixture
def used(force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Trust:
    force_trusted.use(monkeypatch)
    return force_trusted.trust


@pytest.fixture
def signed(used: Trust, tmp_path: Path) -> Run:
    """A RUN signed by its training, and its audit signed by the audit."""
    run = evidence.make_run(tmp_path / "runs")
    assert attest_training(run, used)
    run.write(evidence.fairness(run.manifest_sha256))
    assert attest_annexes(run, ("fairness.json",), used)
    return Run.open(run.directory)


def envelopes_of(run: Run) -> list[dict[str, Any]]:
    return [envelope.model_dump(mode="json") for envelope in run.read(Attestations).envelopes]


def statement_of(envelope: dict[str, Any]) -> dict[str, Any]:
    return dict(json.loads(base64.b64decode(envelope["payload"])))


def test_the_training_signs_every_file_and_says_what_went_in(signed: Run, used: Trust) -> None:
    training, audit = map(statement_of, envelopes_of(signed))
    assert (training["_type"], training["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        "urn:threat:training:v1",
    )
    subject = {item["name"]: item["digest"]["sha256"] for item in training["subject"]}
    annexes = {"fairness.json", "attestations.json", "annexes.json"}
    assert subject == {name: digest for name, digest in signed.hashes().items() if name not in annexes}
    inputs = training["predicate"]
    assert inputs["snapshot"] == {"id": "abc123", "batches": ["b1", "b2"]}
    assert (inputs["code"]["commit"], inputs["code"]["lock_sha256"]) == ("c" * 40, "b" * 64)
    assert inputs["code"]["policies"]["eligibility"] == {"version": "2026.1", "sha256": "a" * 64}
    assert (inputs["settings"]["name"], inputs["seeds"]) == ("test", {"draws": inputs["settings"]["seed"]})
    assert [item["name"] for item in audit["subject"]] == ["fairness.json"]
    assert audit["predicate"]["run_manifest_sha256"] == signed.manifest_sha256


def test_signed_by_a_key_for_evidence_it_is_signed_evidence(signed: Run, used: Trust) -> None:
    verified = signed_evidence(signed, used)
    assert (verified.state, verified.environment, verified.by) == ("signed", "force", ("Training job",))
    assert verified.reason == "every file signed by Training job"


def test_what_people_and_the_release_add_needs_no_signature_of_a_job(signed: Run, used: Trust) -> None:
    signed.write(evidence.gate(signed))
    evidence.card(signed)
    assert signed_evidence(Run.open(signed.directory), used).state == "signed"


def test_without_a_trust_folder_nothing_is_signed_and_nothing_verifies(signed: Run, tmp_path: Path) -> None:
    run = evidence.make_run(tmp_path / "unsigned")
    assert not attest_training(run, Trust.none())
    assert not attest_annexes(run, ("fairness.json",), Trust.none())
    assert signed_evidence(run, Trust.none()).state == "unsigned"
    assert "no job signed" in signed_evidence(run, Trust.none()).reason
    assert signed_evidence(signed, Trust.none()).state == "unsigned"
    assert "no trust folder exists here" in signed_evidence(signed, Trust.none()).reason


def test_an_annex_that_somebody_put_there_or_changed_is_named(signed: Run, used: Trust) -> None:
    signed.write(evidence.fairness(signed.manifest_sha256, notes=["better"]))
    incomplete = signed_evidence(signed, used)
    assert (incomplete.state, incomplete.reason) == ("incomplete", "no job signed fairness.json")
    attest_annexes(signed, ("fairness.json",), used)
    assert signed_evidence(signed, used).state == "signed"
    # An earlier report was signed too; what was signed last counts.
    signed.write(evidence.fairness(signed.manifest_sha256))
    assert signed_evidence(signed, used).reason == "no job signed fairness.json"
    signed.add("ablations.json", {})
    assert signed_evidence(signed, used).reason == "no job signed ablations.json, fairness.json"


def test_a_forged_run_with_the_statements_of_another_is_found(signed: Run, used: Trust, tmp_path: Path) -> None:
    forged = evidence.make_run(tmp_path / "forged", replacing=[evidence.evaluation(capacity=49)])
    forged.write(Attestations.of(envelopes_of(signed)))
    wrong = signed_evidence(forged, used)
    assert (wrong.state, wrong.reason) == (
        "wrong",
        "the statement of the training is about other files than those of the RUN",
    )


@pytest.mark.parametrize("order", [[1], [1, 0], [0, 1, 1]])
def test_statements_left_out_moved_or_repeated_are_found(signed: Run, used: Trust, order: list[int]) -> None:
    envelopes = envelopes_of(signed)
    signed.write(Attestations.of([envelopes[place] for place in order]))
    assert signed_evidence(signed, used).state == "wrong"


def test_a_key_without_the_verb_evidence_signs_nothing_that_counts(
    signed: Run, used: Trust, force_trusted: Trusted
) -> None:
    from threat.trust.signing import sign

    training, *others = envelopes_of(signed)
    by_promotion = sign(statement_of(training), training["payloadType"], force_trusted.signer("promotion"))
    signed.write(Attestations.of([by_promotion, *others]))
    wrong = signed_evidence(signed, used)
    assert wrong.state == "wrong"
    assert "no key trusted for evidence verifies the signature" in wrong.reason


def test_every_changed_byte_of_a_statement_is_found(signed: Run, used: Trust) -> None:
    training, *others = envelopes_of(signed)
    payload = bytearray(base64.b64decode(training["payload"]))
    for place in range(0, len(payload), len(payload) // 20):
        changed = bytes([*payload[:place], payload[place] ^ 1, *payload[place + 1 :]])
        signed.write(Attestations.of([training | {"payload": base64.b64encode(changed).decode()}, *others]))
        assert signed_evidence(signed, used).state == "wrong", place


def test_a_job_without_its_key_is_refused_before_it_starts(
    force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    force_trusted.use(monkeypatch)
    monkeypatch.setenv("THREAT_KEYS", str(tmp_path))
    with pytest.raises(UsageError, match="There is no private key for the verb evidence here"):
        job_trust()


def second_key(trusted: Trusted, name: str = "Second machine") -> Signer:
    return trusted.add("evidence-second", Holder(name, "service", ("evidence",)))


def train_again(run: Run, signer: Signer) -> None:
    """Sign past the command, which asks who trained it first."""
    attest_retraining(run, evidence.provenance(), SecondSigner(signer, sha256_of(canonical(envelopes_of(run)[0]))))


@pytest.fixture
def twice(trusted: Trusted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """A RUN that its training signed, in a trust of the test's own."""
    trusted.use(monkeypatch)
    run = evidence.make_run(tmp_path / "runs")
    attest_training(run, trusted.trust)
    return run


def test_who_trained_it_again_is_named_and_annexes_may_follow(twice: Run, trusted: Trusted) -> None:
    train_again(twice, second_key(trusted))
    twice.write(evidence.fairness(twice.manifest_sha256))
    attest_annexes(twice, ("fairness.json",), trusted.trust)
    signed = signed_evidence(Run.open(twice.directory), trusted.trust)
    assert (signed.state, signed.by, signed.retrained_by) == ("signed", ("Training job",), ("Second machine",))
    again = statement_of(envelopes_of(twice)[1])
    assert again["predicateType"] == "urn:threat:retraining:v1"
    assert "folds.json" not in {item["name"] for item in again["subject"]}
    assert again["predicate"]["code"]["platform"] == "Linux x86_64 glibc 2.36"


def test_nobody_vouches_for_their_own_training(twice: Run, trusted: Trusted, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No job signed the training"):
        second_signer(evidence.make_run(tmp_path / "unsigned"), trusted.trust)
    with pytest.raises(UsageError, match="of the job that trained the RUN"):
        second_signer(twice, trusted.trust)
    second_key(trusted, "training  JOB")
    with pytest.raises(UsageError, match="of the job that trained the RUN"):
        second_signer(twice, trusted.trust, trusted.key("evidence-second"))
    # Signed past the command, it counts for nothing.
    train_again(twice, trusted.signer("evidence"))
    train_again(twice, trusted.signer("evidence-second"))
    assert signed_evidence(twice, trusted.trust).retrained_by == ()


def test_a_repeated_training_of_another_run_is_found(twice: Run, trusted: Trusted, tmp_path: Path) -> None:
    second = second_key(trusted)
    other = evidence.make_run(tmp_path / "others", replacing=[evidence.checks(), evidence.evaluation(horizon_days=90)])
    attest_training(other, trusted.trust)
    train_again(other, second)
    twice.write(Attestations.of([envelopes_of(twice)[0], envelopes_of(other)[1]]))
    assert signed_evidence(twice, trusted.trust).reason == (
        "the statement after the training belongs to another RUN or another place"
    )


def test_a_second_holder_signs_the_manifest_that_was_compared_and_no_later_one(
    twice: Run, trusted: Trusted, tmp_path: Path
) -> None:
    """Whoever writes the RUN's folder puts another RUN there while the training is repeated."""
    second_key(trusted)
    opened = Run.open(twice.directory)
    second = second_signer(opened, trusted.trust, trusted.key("evidence-second"))
    verified = (opened.manifest_sha256, opened.sealed_sha256())
    other = evidence.make_run(tmp_path / "others", replacing=[evidence.evaluation(horizon_days=90)])
    for name in ("manifest.json", "evaluation.json"):
        shutil.copyfile(other.directory / name, opened.directory / name)
    attest_retraining(opened, evidence.provenance(), second)
    said = statement_of(envelopes_of(opened)[1])
    assert (opened.manifest_sha256, opened.sealed_sha256()) == verified
    assert said["predicate"]["run_manifest_sha256"] == verified[0] != other.manifest_sha256
    hashes = {item["name"]: item["digest"]["sha256"] for item in said["subject"]}
    assert hashes == {name: digest for name, digest in verified[1].items() if name != "folds.json"}


def test_nobody_vouches_after_another_statement_of_a_training_than_was_verified(twice: Run, trusted: Trusted) -> None:
    second_key(trusted)
    second = second_signer(twice, trusted.trust, trusted.key("evidence-second"))
    [first] = envelopes_of(twice)
    twice.write(Attestations.of([first | {"signatures": [{"keyid": "0" * 64, "sig": "AA=="}]}]))
    with pytest.raises(IntegrityFailure, match="statement of the training is another than before"):
        attest_retraining(twice, evidence.provenance(), second)
    assert len(envelopes_of(twice)) == 1
