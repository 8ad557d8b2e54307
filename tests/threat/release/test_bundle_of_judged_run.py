"""A bundle is made of the bytes that were judged: whoever writes the RUN meanwhile has nothing signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.signed_again import inverted

from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release import bundle
from threat.release.bundle import Judged
from threat.release.documents.fairness import Fairness
from threat.release.documents.gate import Gate
from threat.release.model_files import TREES
from threat.release.runs import MANIFEST, Run
from threat.trust.folder import Trust
from threat.trust.signing import Signer


def judged(run: Run) -> Judged:
    return Judged(run.read(Gate), sha256_of(run.path(Fairness.FILE)))


def test_what_was_judged_is_built(make_run: Any, var: Path, signer: Signer) -> None:
    run = Run.open(make_run().directory)
    built = bundle.build(run, var / "bundles", signer, judged(run))
    assert bundle.open(built, Trust.open()).manifest.run_manifest_sha256 == run.opened_as
    assert bundle.build(run, var / "bundles", signer) == built


@pytest.mark.parametrize("name", [TREES, "evaluation.json", "fairness.json", "card.json"])
def test_a_file_that_is_changed_after_the_gate_judged_is_not_signed(
    make_run: Any, var: Path, signer: Signer, name: str
) -> None:
    run = Run.open(make_run().directory)
    verdict, file = judged(run), run.directory / name
    file.write_bytes(inverted(file.read_bytes()) if name == TREES else file.read_bytes() + b" ")
    for given in (verdict, None):
        with pytest.raises(IntegrityFailure, match="holds a file that was changed") as caught:
            bundle.build(run, var / "bundles", signer, given)
        assert caught.value.value == name
    assert not (var / "bundles").exists()


def test_another_model_with_a_manifest_made_to_fit_is_not_signed(make_run: Any, var: Path, signer: Signer) -> None:
    run = Run.open(make_run().directory)
    verdict, file = judged(run), run.directory / TREES
    file.write_bytes(inverted(file.read_bytes()))
    manifest = json.loads((run.directory / MANIFEST).read_bytes())
    manifest["files"][TREES] = {"sha256": sha256_of(file), "size": file.stat().st_size}
    (run.directory / MANIFEST).write_text(json.dumps(manifest))
    annexes = json.loads((run.directory / "annexes.json").read_bytes())
    annexes["manifest_sha256"] = sha256_of(run.directory / MANIFEST)
    (run.directory / "annexes.json").write_text(json.dumps(annexes))
    with pytest.raises(IntegrityFailure, match="its manifest was replaced"):
        bundle.build(run, var / "bundles", signer, verdict)
    with pytest.raises(IntegrityFailure, match="its manifest was replaced"):
        run.verify_again()
    assert Run.open(run.directory).opened_as != run.opened_as


def test_another_verdict_or_another_audit_than_was_given_is_not_signed(
    make_run: Any, var: Path, signer: Signer
) -> None:
    run = Run.open(make_run().directory)
    verdict = judged(run)
    run.write(evidence.gate(run, approvals=[]))
    with pytest.raises(IntegrityFailure, match="not the verdict that the gate gave"):
        bundle.build(run, var / "bundles", signer, verdict)
    run.write(verdict.gate)
    run.write(evidence.fairness(run.manifest_sha256, verdict="fail"))
    with pytest.raises(IntegrityFailure, match="not the audit that the gate read"):
        bundle.build(run, var / "bundles", signer, verdict)
