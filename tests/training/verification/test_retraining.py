"""A RUN is trained again in a process of its own where code, lock and platform are the training's; elsewhere not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fixtures.trained_run import Trained, forged

from threat.errors import IntegrityFailure
from threat.release.documents.checks import Checks
from threat.release.documents.provenance import Provenance
from threat.release.runs import Run
from training.verification import retraining
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
