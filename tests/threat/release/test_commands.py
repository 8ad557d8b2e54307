"""What is served is changed, and keys are made, through the commands a person types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fixtures.release_commands import run_command

from threat.errors import UsageError


def test_suspend_resume_roll_back_revoke(make_audited: Any, var: Path) -> None:
    for name in ("r1", "r2"):
        assert (
            run_command(
                "release", make_audited(name).directory, "--environment", "demonstration", "--var", var
            ).exit_code
            == 0
        )

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
