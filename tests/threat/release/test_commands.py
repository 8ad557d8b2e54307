"""What is served is changed through the commands a person types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures.approved import approve
from fixtures.release_commands import run_command
from fixtures.trusted import Trusted

from threat.errors import UsageError
from threat.release import bundle
from threat.release.runs import Run


@pytest.mark.usefixtures("came_out_again")
def test_suspend_resume_roll_back_revoke(make_audited: Any, var: Path) -> None:
    for name in ("r1", "r2"):
        where = ("--environment", "demonstration", "--var", var, "--store", var)
        assert run_command("release", make_audited(name).directory, *where).exit_code == 0

    def said(*arguments: object) -> dict[str, Any]:
        result = run_command(*arguments, "--var", var, "--json")
        assert result.exit_code == 0, result.exception
        return dict(json.loads(result.stdout))

    suspended = said("suspend", "--reason", "drift")
    assert (suspended["state"], suspended["served"], suspended["reason"]) == ("suspended", "rule ranking", "drift")
    assert said("resume", "--reason", "explained")["state"] == "live"
    back = said("roll-back", "--reason", "complaint")
    assert (back["state"], back["run_id"]) == ("live", "r1")
    assert said("revoke", back["bundle_sha256"], "--reason", "leak")["state"] == "suspended"
    listed = said("promotions")
    assert [record["action"] for record in listed["records"]] == [
        "promote",
        "promote",
        "suspend",
        "resume",
        "roll_back",
        "revoke",
    ]
    assert listed["revoked"] == [back["bundle_sha256"]]
    text = run_command("promotions", "--var", var).stdout
    assert "r1 is suspended. Served: rule ranking." in text
    again = run_command("suspend", "--reason", "x", "--var", var)
    assert isinstance(again.exception, UsageError)


def test_promote_retire_and_witness(make_audited: Any, var: Path, trusted: Trusted, monkeypatch: Any) -> None:
    trusted.use(monkeypatch)
    built = bundle.build(audited_for_live(make_audited("r1")), var / "bundles", trusted.signer("promotion"))
    shared = ("--var", var, "--json")

    def said(*arguments: object) -> dict[str, Any]:
        result = run_command(*arguments, *shared)
        assert result.exit_code == 0, result.exception
        return dict(json.loads(result.stdout))

    said("promote", built, "--to", "validated", "--reason", "passed")
    assert said("promote", built, "--to", "shadow", "--reason", "compare")["state"] == "none"
    witnessed = said("witness")
    assert (witnessed["by"], witnessed["heads"]["promotions"]["count"]) == ("Gail Second", 2)
    assert witnessed["line"] == json.loads((trusted.folder / "witness.jsonl").read_text())
    refused = run_command("promote", built, "--to", "pilot", "--reason", "in a hurry", "--var", var)
    assert "in shadow for 0 days by the witness, and needs 56" in str(refused.exception)
    said("retire", "r1", "--reason", "no better than the rule")
    assert said("promotions")["runs"] == {"r1": "retired"}
    text = run_command("promotions", "--var", var).stdout
    assert "shadow to retired, r1, Release Service: no better than the rule" in text
    shipped = run_command("witness", "--var", var).stdout
    assert "promotions: 3 records" in shipped
    assert json.loads(shipped.splitlines()[-1])["sequence"] == 1


def audited_for_live(run: Run) -> Run:
    approve(run)
    return run
