"""Taking a statement back reaches what is in service, or the command says that it does not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fixtures.release_commands import run_command
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure
from threat.release import kept
from threat.release.documents.approvals import Approvals
from threat.release.envelopes import read_envelopes, statement
from threat.release.statements import Approval
from threat.trust.folder import Trust

REASON = ("--reason", "the wrong condition")


@pytest.fixture
def approvals(trusted: Trusted, force_keys: dict[str, Path], tmp_path: Path) -> Path:
    """An approvals file with the approval of Sam Owner, which nothing withdraws yet."""
    said = Approval(on=date(2026, 1, 1), release_digest="e" * 64, to="live", expires=date(2026, 3, 1))
    file = tmp_path / "approvals.json"
    file.write_bytes(Approvals.of([statement(said, trusted.signer("approval-owner"))]).encode())
    return file


def withdraw(approvals: Path, keys: dict[str, Path], var: Path, *more: object) -> Any:
    [approval, *_] = json.loads(run_command("statements", approvals, "--json").stdout)["statements"]
    named = (approval["statement_sha256"][:12], "--key", keys["Sam Owner"], "--approvals", approvals)
    return run_command("withdraw", *named, "--var", var, *REASON, *more)


def test_where_no_promotions_are_the_command_says_that_a_model_in_service_goes_on(
    approvals: Path, force_keys: dict[str, Path], tmp_path: Path
) -> None:
    elsewhere, var = tmp_path / "elsewhere", tmp_path / "var"
    said = withdraw(approvals, force_keys, elsewhere)
    assert said.exit_code == 0, said.exception
    assert said.stdout.splitlines()[-1] == (
        f"NOT kept: there are no promotions in {elsewhere}. A model in service by the statement goes on. "
        "Withdraw it again with --var, the folder that the desk serves from."
    )
    assert not elsewhere.exists()
    assert json.loads(withdraw(approvals, force_keys, elsewhere, "--json").stdout)["kept"] is None

    # The way out that was given: the same words again, where the promotions are.
    var.mkdir()
    (var / "promotions.jsonl").touch()
    again = withdraw(approvals, force_keys, var)
    assert again.exit_code == 0, again.exception
    assert again.stdout.splitlines()[-1] == (
        f"Kept next to the promotions, in {var / kept.FILE}: a model in service by the statement gives way to the "
        "rule ranking at the desk's next request."
    )
    [withdrawal] = kept.withdrawals(kept.read(var / kept.FILE, Trust.open()), Trust.open())
    assert (withdrawal.by, withdrawal.body.reason) == ("Sam Owner", "the wrong condition")
    assert len(read_envelopes(approvals)) == 2  # the approval, and one withdrawal for all three commands


def test_a_withdrawal_that_cannot_be_kept_is_not_in_the_file_either(
    approvals: Path, force_keys: dict[str, Path], tmp_path: Path
) -> None:
    before, chain = approvals.read_bytes(), tmp_path / kept.FILE
    chain.write_text('{"sequence": 0}\n')  # of a chain that the gate wrote before any promotion
    refused = withdraw(approvals, force_keys, tmp_path)
    assert isinstance(refused.exception, IntegrityFailure)
    assert (refused.stdout, approvals.read_bytes(), chain.read_text()) == ("", before, '{"sequence": 0}\n')
