"""The refusal drill shows the gate spoiled copies of a RUN: each is refused, and by what is written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures.gate_evidence import recomputation
from fixtures.release_commands import run_command
from fixtures.trained_run import Trained

from threat.errors import IntegrityFailure
from threat.files import sha256_of
from threat.release.runs import Run


@pytest.mark.usefixtures("audit_came_out")
def test_every_spoiled_copy_is_refused_and_the_run_is_as_it_was(trained: Trained, tmp_path: Path) -> None:
    before = trained.run.hashes()
    out = tmp_path / "drill.json"
    result = run_command("refusal-drill", trained.run.directory, "--store", trained.store, "--out", out, "--json")
    assert result.exit_code == 0, result.exception
    document = json.loads(out.read_text())
    assert json.loads(result.stdout) == document
    assert (document["run_id"], document["run_manifest_sha256"]) == ("r1", sha256_of(trained.run.path("manifest.json")))
    refused_by = {attempt["what"]: set(attempt["by"]) for attempt in document["attempts"]}
    assert [attempt["refused"] for attempt in document["attempts"]] == [True] * 5
    assert refused_by["a byte of a sealed file changed"] == {"The RUN differs from its manifest."}
    for forged in (
        "a figure forged, and the manifest made to fit",
        "an audit written by hand, in which every group passes",
    ):
        assert "provenance" in refused_by[forged]
    assert "approval" in refused_by["no person's approval"]
    assert Run.open(trained.run.directory).hashes() == before


def test_a_gate_that_lets_a_spoiled_copy_pass_exits_5(trained: Trained, tmp_path: Path, monkeypatch) -> None:
    from threat.measuring.figure import Verdict
    from threat.release.bundle import Judged
    from training.gate import drill

    class Open:
        checks = ()
        verdict = Verdict.PASS

    passed: Any = Open()
    monkeypatch.setattr(drill, "judge", lambda *_: Judged(passed, None))
    # Computed again in the test above, at five seconds for each copy; what this gate does not look at decides nothing.
    monkeypatch.setattr("training.verification.recompute.recompute", lambda run, again: recomputation())
    result = run_command(
        "refusal-drill", trained.run.directory, "--store", trained.store, "--out", tmp_path / "drill.json"
    )
    assert isinstance(result.exception, IntegrityFailure)
    assert "a figure forged, and the manifest made to fit" in str(result.exception)
