"""What the gate once read of a RUN stays among what it reads: a dissent is not hidden by leaving it out."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fixtures.release_commands import put_policies_in_force, run_command, sign_everything
from fixtures.trusted import Trusted

from threat.errors import GateRefused, IntegrityFailure, UsageError
from threat.files import sha256_of
from threat.release import kept
from threat.release.envelopes import lost_statements, read_envelopes, statement
from threat.release.policies import in_force, put_in_force
from threat.release.runs import Run
from threat.release.statements import Dissent
from threat.trust.folder import Trust


@pytest.mark.usefixtures("came_out_again")
def test_a_force_s_release_without_a_dissent_that_was_read_before_is_refused(
    make_audited: Any, var: Path, force_keys: dict[str, Path], tmp_path: Path
) -> None:
    run, approvals = make_audited("r1"), tmp_path / "approvals.json"
    sign_everything(run, force_keys, approvals)
    signed = ("--key", force_keys["Dee Pio"], "--approvals", approvals, "--reason", "arrest, not harm")
    assert run_command("approve", run.directory, "dissent", "--to", "shadow", *signed).exit_code == 0
    asked = ("release", run.directory, "--key", force_keys["Release Service"], "--var", var, "--store", var)
    released = run_command(*asked, "--approvals", approvals, "--json")
    assert released.exit_code == 0, released.exception
    [dissent] = json.loads(released.stdout)["gate"]["dissents"]
    assert (dissent["by"], dissent["reason"]) == ("Dee Pio", "arrest, not harm")

    whole, as_read = json.loads(approvals.read_text()), Run.open(run.directory).path("approvals.json").read_bytes()
    without = tmp_path / "without.json"
    without.write_text(json.dumps({"statements": whole["statements"][:-1]}))
    for given in (("--approvals", without), ()):
        refused = run_command(*asked, *given)
        assert isinstance(refused.exception, GateRefused)
        assert "leave out statements that the gate read of this RUN before" in refused.exception.problem
        assert "dissent by Dee Pio" in str(refused.exception.value)
    assert Run.open(run.directory).path("approvals.json").read_bytes() == as_read

    hash_of_dissent = json.loads(run_command("statements", approvals, "--json").stdout)["statements"][-1]
    # The RUN's folder put back as it was before the gate: what was read is kept next to the promotions too.
    mine = run.directory / "approvals.json"
    mine.write_text(json.dumps({"statements": whole["statements"][:-1]}))
    listed = json.loads((run.directory / "annexes.json").read_text())
    facts = {"name": "approvals.json", "sha256": sha256_of(mine), "size": mine.stat().st_size}
    listed["annexes"] = [entry for entry in listed["annexes"] if entry["name"] != "approvals.json"] + [facts]
    (run.directory / "annexes.json").write_text(json.dumps(listed))
    refused = run_command(*asked, "--approvals", without)
    assert isinstance(refused.exception, GateRefused)
    assert "dissent by Dee Pio" in str(refused.exception.value)
    assert refused.exception.where == str(var / "statements.jsonl")
    withdrawn = ("withdraw", hash_of_dissent["statement_sha256"], "--key", force_keys["Dee Pio"], "--var", var)
    assert run_command(*withdrawn, "--approvals", approvals, "--reason", "answered").exit_code == 0
    again = run_command(*asked, "--approvals", approvals, "--json")
    assert again.exit_code == 0, again.exception
    gate = json.loads(again.stdout)["gate"]
    assert gate["dissents"] == []
    assert any("withdrawn by Dee Pio" in said and "answered" in said for said in gate["set_aside"])
    assert len(read_envelopes(run.directory / "approvals.json")) == len(whole["statements"]) + 1
    records = kept.read(var / "statements.jsonl", Trust.open())
    assert [len(record.envelopes) for record in records] == [len(whole["statements"]), 1, 1]
    assert [said.by for said in kept.withdrawals(records, Trust.open())] == ["Dee Pio", "Dee Pio"]
    refused_by_an_older_copy(asked, approvals, force_keys, var)


def refused_by_an_older_copy(asked: tuple[object, ...], approvals: Path, keys: dict[str, Path], var: Path) -> None:
    """Sam withdraws in a copy of his own; whoever releases has the older copy, and the gate reads the chain."""
    mine = shutil.copyfile(approvals, approvals.with_name("sam.json"))
    listed = json.loads(run_command("statements", mine, "--json").stdout)["statements"]
    [approval] = [said for said in listed if (said["kind"], said["by"]) == ("approval", "Sam Owner")]
    withdrawn = ("withdraw", approval["statement_sha256"], "--key", keys["Sam Owner"], "--var", var)
    assert run_command(*withdrawn, "--approvals", mine, "--reason", "wrong condition").exit_code == 0
    refused = run_command(*asked, "--approvals", approvals, "--json")
    assert refused.exit_code == GateRefused.exit_code
    gate = json.loads(refused.stdout)["gate"]
    assert [given["by"] for given in gate["approvals"]] == ["Vera Lid"]
    [said] = [
        said for said in gate["set_aside"] if said.startswith("approval by Sam Owner: withdrawn by Sam Owner on ")
    ]
    assert said.endswith(": wrong condition")


def test_what_a_key_ever_verified_must_stay_and_counts_no_more_once_the_key_is_revoked(trusted: Trusted) -> None:
    signer, trust = trusted.signer("approval"), trusted.trust
    said, other = (
        statement(Dissent(on=date(2026, 1, 1), release_digest="e" * 64, reason=reason), signer)
        for reason in ("first", "second")
    )
    [gone] = lost_statements([said, other], [other], trust)
    assert gone.body == Dissent(on=date(2026, 1, 1), release_digest="e" * 64, reason="first")
    assert lost_statements([said, other], [other, said], trust) == []
    revoked = replace(trust, keys={**trust.keys, signer.key.key_id: replace(signer.key, state="revoked")})
    assert [(gone.revoked, gone.body) for gone in lost_statements([said], [other], revoked)] == [(True, gone.body)]
    stranger = replace(trust, keys={})
    assert lost_statements([said], [], stranger) == []
    with pytest.raises(IntegrityFailure, match="No key trusted for approval"):
        lost_statements([said], [other], stranger)


def test_a_force_decides_by_no_policy_of_before_governance_signed_what_it_asks_for(
    make_audited: Any, force_keys: dict[str, Path], trusted: Trusted, tmp_path: Path
) -> None:
    """Said before anybody approves: a bundle under such a policy would not open."""
    run = make_audited("r1")
    put_policies_in_force(force_keys, run)
    gate, signer = in_force(trusted.trust)["gate"], trusted.signer("governance")
    put_in_force(replace(gate, asks=None), trusted.trust, signer)
    signed = ("--key", force_keys["Dee Pio"], "--approvals", tmp_path / "approvals.json")
    dissent = ("approve", run.directory, "dissent", "--to", "shadow", "--reason", "too soon", *signed)
    refused = run_command(*dissent).exception
    assert isinstance(refused, UsageError)
    assert refused.problem == "The gate policy was put in force before governance signed whose approval it asks for."
    assert refused.way_out == "put the same file in force again: threat put-in-force gate"
    put_in_force(gate, trusted.trust, signer)
    assert run_command(*dissent).exit_code == 0
