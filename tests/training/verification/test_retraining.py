"""A RUN is trained again in a process of its own where code, lock and platform are the training's; elsewhere not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from fixtures.trained_run import Trained, forged
from fixtures.trusted import Trusted
from typer.testing import CliRunner

from threat.errors import IntegrityFailure, UsageError
from threat.release.attestations import attest_training, signed_evidence
from threat.release.documents.attestations import Attestations
from threat.release.documents.checks import Checks
from threat.release.documents.provenance import Provenance
from threat.release.runs import Run
from threat.trust.key_list import Holder
from training.verification import retraining
from training.verification.commands import app
from training.verification.recompute import Again, recompute
from training.verification.retraining import retrain


@pytest.mark.long
def test_trained_again_every_sealed_file_comes_out(trained: Trained) -> None:
    training = recompute(trained.run, Again(trained.store))
    assert (training.retrained, training.differences) == ("same_model", ())
    assert training.says == (
        "figures and audit came out again; outcomes and scores came out of the history; "
        "trained again, every sealed file came out byte for byte"
    )


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("lock_sha256", "0" * 64, "another lock file"),
        ("platform", "Linux aarch64 glibc 2.36", "another platform"),
        ("commit", "0" * 40, "another commit"),
        ("libraries", {"lightgbm": "4.6.0"}, "another libraries"),
    ],
)
def test_elsewhere_nothing_is_trained_and_what_is_another_is_said(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, value: object, words: str
) -> None:
    monkeypatch.setattr(retraining, "_train_in_a_process", lambda *_: pytest.fail("trained"))
    made = Provenance.model_validate(trained.run.read(Provenance).as_json() | {field: value})
    training = retrain(forged(trained.run, tmp_path, sealed=[made]), trained.store)
    assert (training.state, training.why_not) == ("not_here", words)


def test_a_sealed_file_that_comes_out_otherwise_is_named_with_both_hashes(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is stood in for by the sound RUN: it is what the training would come to."""

    def finish(directory: Path, *_: object) -> None:
        shutil.copytree(trained.run.directory, directory, dirs_exist_ok=True)

    monkeypatch.setattr(retraining, "_train_in_a_process", finish)
    assert retrain(trained.run, trained.store).state == "same_model"
    checks = trained.run.read(Checks)
    looked = checks.future_removed.model_copy(update={"rows": checks.future_removed.rows + 1})
    run = forged(trained.run, tmp_path, sealed=[checks.model_copy(update={"future_removed": looked})])
    training = retrain(run, trained.store)
    assert [(item.document, item.sealed, item.recomputed) for item in training.differences] == [
        ("checks.json", run.hashes()["checks.json"], trained.run.hashes()["checks.json"])
    ]
    assert training.state == "different"


def test_a_training_that_ends_early_is_an_integrity_failure(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(IntegrityFailure, match="did not run to its end") as caught:
        retrain(trained.run, tmp_path / "nowhere")
    assert "There is no history here." in str(caught.value)


def test_a_run_of_before_is_not_trained_again(trained: Trained, tmp_path: Path) -> None:
    run = forged(trained.run, tmp_path)
    run.path(Provenance.FILE).unlink()
    assert retrain(Run(run.directory, run.id), trained.store).why_not.startswith("another version of the product")


def verify_training(run: Run, store: Path, *more: object) -> Any:
    return CliRunner().invoke(app, [str(run.directory), "--store", str(store), *map(str, more)])


def test_another_holder_verifies_a_training_and_signs_what_came_out(
    trained: Trained, tmp_path: Path, trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is stood in for by the sound RUN; the training of the fixture is signed again, by this force."""
    trusted.use(monkeypatch)
    second = trusted.add("second", Holder("Second machine", "service", ("evidence",)))
    came_out = [trained.run.directory]
    monkeypatch.setattr(
        retraining,
        "_train_in_a_process",
        lambda directory, *_: shutil.copytree(came_out[0], directory, dirs_exist_ok=True),
    )
    run = forged(trained.run, tmp_path / "sound")
    own, other = ((), ("--key", trusted.key("second")))
    attest_training(run, trusted.trust)
    assert str(verify_training(run, trained.store, *own).exception).startswith("The key is of the job that trained")
    done = verify_training(run, trained.store, *other)
    assert done.exit_code == 0, done.exception
    assert "every sealed file came out byte for byte. Signed by Second machine." in done.stdout
    assert signed_evidence(run, trusted.trust).retrained_by == (second.key.name,)
    # Other files come out: nothing is signed.
    checks = trained.run.read(Checks)
    looked = checks.future_removed.model_copy(update={"rows": checks.future_removed.rows + 1})
    came_out[0] = forged(
        trained.run, tmp_path / "other", [checks.model_copy(update={"future_removed": looked})]
    ).directory
    run.write(Attestations.of([run.read(Attestations).envelopes[0].model_dump(mode="json")]))
    refused = verify_training(run, trained.store, *other)
    assert isinstance(refused.exception, IntegrityFailure)
    assert str(refused.exception).startswith("The training, repeated, came to other files: 1.")
    assert signed_evidence(run, trusted.trust).retrained_by == ()
    made = trained.run.read(Provenance)
    elsewhere = forged(trained.run, tmp_path / "there", [made.model_copy(update={"lock_sha256": "0" * 64})])
    attest_training(elsewhere, trusted.trust)
    cannot = verify_training(elsewhere, trained.store, *other).exception
    assert isinstance(cannot, UsageError)
    assert (cannot.problem, cannot.value) == ("The training cannot be repeated here.", "another lock file")
