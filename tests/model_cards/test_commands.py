"""What ``threat card`` prints of a RUN beyond the card: who signed the evidence, and the hash that names the RUN."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures import evidence
from fixtures.card_commands import run_card
from fixtures.trusted import Trusted

from threat.release.attestations import attest_annexes, attest_training


def test_the_lines_say_whether_the_jobs_signed_what_is_there_now(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)
    run = evidence.make_run(tmp_path / "runs")
    assert "  Evidence unsigned: no job signed the RUN" in run_card(run.directory).stdout
    attest_training(run, force_trusted.trust)
    run.write(evidence.fairness(run.manifest_sha256))
    assert "  Evidence incomplete: no job signed fairness.json\n" in run_card(run.directory).stdout
    attest_annexes(run, ("fairness.json",), force_trusted.trust)
    said = run_card(run.directory).stdout
    assert "  Evidence signed: every file signed by Training job\n" in said
    assert f"  Manifest {run.manifest_sha256}\n" in said
