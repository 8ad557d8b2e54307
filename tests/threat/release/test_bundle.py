"""A bundle opens exactly as it was built, or not at all."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures import evidence
from fixtures.drawn_bases import base_model
from fixtures.signed_again import sign_again
from fixtures.trusted import Trusted

from threat.errors import BadInput, GateRefused, IntegrityFailure, UsageError
from threat.release import bundle, tree_structure
from threat.release.documents.choices import Choices
from threat.release.documents.evaluation import Evaluation
from threat.release.documents.model import Calibrator, ModelFeatures
from threat.release.runs import Run
from threat.trust.folder import Trust
from threat.trust.signing import Signer

BASE = base_model(evidence.FEATURES, liberty=False)


@pytest.fixture
def built(make_run: Any, var: Path, signer: Signer) -> Path:
    return bundle.build(make_run(), var / "bundles", signer)


@pytest.fixture
def built_on_a_base(make_run: Any, var: Path, signer: Signer) -> Path:
    return bundle.build(make_run(base=BASE), var / "bundles", signer)


def test_opens_as_built(built: Path, var: Path, model_text: str) -> None:
    import lightgbm

    opened = bundle.open(built, Trust.open())
    rows = np.array([[0.3, np.nan, 2.0, 1.0], [-1.0, 0.0, 0.0, np.nan]])
    expected = lightgbm.Booster(model_str=model_text).predict(rows, raw_score=True)
    assert opened.model.raw_score(rows).tolist() == expected.tolist()
    assert opened.manifest.format == "threat-bundle/4"
    assert opened.features.names == ("incidents_90d", "days_since_last", "breaches_all", "history_days")
    assert opened.calibrator == Calibrator(method="platt", slope=1.0, intercept=0.0)
    assert (opened.card["run_id"], opened.card["summary"]["status"]) == ("run-1", "passed the gate")
    assert (opened.released.rung, opened.released.horizon_days, opened.released.to) == ("Y2", 180, "live")
    assert opened.environment == "demonstration"
    assert opened.signed_by == "DEMONSTRATION release service"
    assert opened.sha256 == bundle.hash_of(built)
    assert built.name == f"run-1-{opened.sha256[:12]}"
    assert opened.read(Evaluation) == evidence.evaluation()
    with pytest.raises(UsageError, match=r"no choices\.json"):
        opened.read(Choices)


def test_the_same_run_makes_the_same_bundle(make_run: Any, var: Path, signer: Signer) -> None:
    run = make_run()
    first, second = (bundle.build(run, var / "bundles", signer) for _ in range(2))
    assert first == second
    assert [path.name for path in (var / "bundles").iterdir()] == [first.name]


def test_a_flipped_byte_in_any_file_is_found(built_on_a_base: Path, var: Path) -> None:
    built, trust, found = built_on_a_base, Trust.open(), 0
    for place in sorted(path for path in built.rglob("*") if path.is_file()):
        data = place.read_bytes()
        for position in {0, len(data) // 3, len(data) // 2, len(data) - 1}:
            place.write_bytes(data[:position] + bytes([data[position] ^ 1]) + data[position + 1 :])
            with pytest.raises(IntegrityFailure):
                bundle.open(built, trust)
            found += 1
        place.write_bytes(data)
    assert found >= 4 * 9
    assert bundle.open(built, trust).signed_by == "DEMONSTRATION release service"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: (path / "model/model.txt").unlink(), "exactly the files"),
        (lambda path: (path / "notes.txt").write_text("x"), "exactly the files"),
        (lambda path: (path / "model.pkl").write_bytes(b"x"), "unknown kind of file"),
        (lambda path: (path / "manifest.json").unlink(), "lacks its manifest or signature"),
        (lambda path: (path / "signature.json").unlink(), "lacks its manifest or signature"),
        (lambda path: (path / "signature.json").write_text("{}"), "envelope cannot be read"),
        (lambda path: (path / "signature.json").write_text("[]"), "not an object but an array"),
        (lambda path: (path / "manifest.json").write_text("{}"), "not the one that was signed"),
        (lambda path: (path / "extra.json").symlink_to(path / "card.json"), "more than plain files"),
        (lambda path: os.mkfifo(path / "pipe.txt"), "more than plain files"),
    ],
)
def test_a_changed_directory_is_refused(built: Path, var: Path, change: Any, message: str) -> None:
    change(built)
    with pytest.raises(IntegrityFailure, match=message):
        bundle.open(built, Trust.open())


def test_a_link_in_place_of_a_file_is_refused(built: Path, var: Path, tmp_path: Path) -> None:
    shutil.copy(built / "model/model.txt", tmp_path / "elsewhere.txt")
    (built / "model/model.txt").unlink()
    (built / "model/model.txt").symlink_to(tmp_path / "elsewhere.txt")
    with pytest.raises(IntegrityFailure, match="more than plain files"):
        bundle.open(built, Trust.open())


def test_an_oversize_file_is_refused_before_it_is_read(built: Path, var: Path) -> None:
    with (built / "model/model.txt").open("r+b") as file:
        file.truncate(257 * 1024 * 1024)  # sparse: takes no room on disk
    with pytest.raises(IntegrityFailure, match="too large"):
        bundle.open(built, Trust.open())


def test_too_many_files_are_refused(built: Path, var: Path) -> None:
    for number in range(501):
        (built / f"f{number}.txt").touch()
    with pytest.raises(IntegrityFailure, match="at most 500"):
        bundle.open(built, Trust.open())


def test_only_keys_that_are_listed_and_not_revoked_count(built: Path, signer: Signer, force_trusted: Trusted) -> None:
    for stranger in (force_trusted.trust, Trust.none()):
        with pytest.raises(IntegrityFailure, match="No key trusted for promotion"):
            bundle.open(built, stranger)
    trust = Trust.open()
    for state, counts in (("in force", True), ("retired", True), ("revoked", False)):
        keys = {**trust.keys, signer.key.key_id: replace(signer.key, state=state)}
        if counts:
            assert bundle.open(built, replace(trust, keys=keys)).signed_by == signer.key.name
            continue
        with pytest.raises(IntegrityFailure, match="No key trusted for promotion"):
            bundle.open(built, replace(trust, keys=keys))


def test_another_bundle_than_promoted_is_refused(built: Path, var: Path) -> None:
    with pytest.raises(IntegrityFailure, match="not the bundle that was promoted"):
        bundle.open(built, Trust.open(), expected_sha256="0" * 64)


def test_a_signed_but_malformed_model_never_reaches_lightgbm(built: Path, var: Path, signer: Signer) -> None:
    place = built / "model/model.txt"
    text = place.read_text()
    line = next(line for line in text.splitlines() if line.startswith("left_child="))
    place.write_text(text.replace(line, line.replace("=1", "=0", 1), 1))  # a node that is its own ancestor
    assert place.read_text() != text
    sign_again(built, signer)
    with pytest.raises(IntegrityFailure, match="not given to LightGBM"):
        bundle.open(built, Trust.open())


def test_a_signed_model_that_predicts_otherwise_is_refused(built: Path, var: Path, signer: Signer) -> None:
    place = built / "model/model.txt"
    text = place.read_text()
    line = next(line for line in text.splitlines() if line.startswith("leaf_value="))
    first = line.removeprefix("leaf_value=").split(" ")[0]
    digit = first[-1]
    changed = first[:6] + str((int(first[6]) + 1) % 10) + first[7:]
    assert digit.isdigit()
    place.write_text(text.replace(first, changed, 1))
    sign_again(built, signer)
    with pytest.raises(IntegrityFailure, match="predictions it gave when it was built"):
        bundle.open(built, Trust.open())


def test_a_signed_bundle_without_a_pass_is_refused(built: Path, var: Path, signer: Signer) -> None:
    (built / "gate.json").write_bytes(evidence.gate(verdict="not_enough_evidence").encode())
    sign_again(built, signer)
    with pytest.raises(IntegrityFailure, match="passed the gate"):
        bundle.open(built, Trust.open())


def test_a_demonstration_gate_does_not_pass_under_a_key_of_the_force(built: Path, force_trusted: Trusted) -> None:
    sign_again(built, force_trusted.signer("promotion"), lambda manifest: manifest.update(environment="force"))
    with pytest.raises(IntegrityFailure, match="one environment"):
        bundle.open(built, force_trusted.trust)


def test_a_manifest_may_not_claim_another_environment(built: Path, var: Path, signer: Signer) -> None:
    sign_again(built, signer, lambda manifest: manifest.update(environment="force"))
    with pytest.raises(IntegrityFailure, match="another environment"):
        bundle.open(built, Trust.open())


@pytest.mark.parametrize("verdict", ["fail", "not_enough_evidence"])
def test_only_a_pass_is_built(make_run: Any, var: Path, signer: Signer, verdict: str) -> None:
    with pytest.raises(GateRefused, match="passed the gate"):
        bundle.build(make_run(gate={"verdict": verdict}), var / "bundles", signer)
    assert not (var / "bundles").exists()


def test_a_missing_model_file_is_bad_input(tmp_path: Path, var: Path, signer: Signer) -> None:
    run = Run.create(tmp_path / "runs", "empty")
    run.write(ModelFeatures(catalogue_version="c1", names=("a",)))
    run.write(evidence.evaluation())
    run.seal()
    run.write(evidence.gate(run))
    with pytest.raises(BadInput, match="lacks a part") as caught:
        bundle.build(run, var / "bundles", signer)
    assert caught.value.value == "model/model.txt, model/calibrator.json"


def test_a_correctly_signed_bundle_whose_model_is_not_the_one_its_manifest_names_is_refused(
    built: Path, var: Path, signer: Signer
) -> None:
    sign_again(built, signer, lambda manifest: manifest.update(model_sha256="0" * 64))
    with pytest.raises(IntegrityFailure, match="names another model than it lists"):
        bundle.open(built, Trust.open())


def test_canaries_mix_missing_and_present_values(model_text: str) -> None:
    shape = tree_structure.check(model_text.encode(), evidence.FEATURES, "model.txt")
    rows = bundle.canary_rows(shape)
    missing = [sum(value is None for value in row) for row in rows]
    assert (len(rows), missing[0], missing[1]) == (64, 4, 0)
    assert sum(0 < count < 4 for count in missing[2:]) >= 20
    assert sum(count == 0 for count in missing[2:]) >= 10
    for feature in range(4):
        assert any(row[feature] is None for row in rows[2:])
        assert any(row[feature] is not None for row in rows[2:])


@pytest.mark.parametrize("change", [{"horizon_days": "soon"}, {"surplus": 1}])
def test_a_signed_bundle_with_a_malformed_document_is_refused(
    built: Path, var: Path, signer: Signer, change: dict[str, Any]
) -> None:
    document = json.loads((built / "evaluation.json").read_text()) | change
    (built / "evaluation.json").write_text(json.dumps(document))
    sign_again(built, signer)
    with pytest.raises(IntegrityFailure, match=next(iter(change))):
        bundle.open(built, Trust.open())
