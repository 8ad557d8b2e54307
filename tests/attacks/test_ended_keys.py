"""What a thief can do with a key until it is ended and after, and that its end keeps the product in service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fixtures import evidence
from fixtures.approved import approve
from fixtures.attacked import Installation
from fixtures.list_files import AS_OF
from fixtures.trusted import HOLDERS
from typer.testing import CliRunner

from serving.audit.checkpoints import Checkpoints, sign_first, verify_log
from serving.audit.log import Entry, record
from serving.storage import connect
from threat.errors import IntegrityFailure, ThreatError
from threat.release import bundle, promotions
from threat.release.commands import app
from threat.release.policies import FILE as POLICIES
from threat.release.policies import PAYLOAD_TYPE as POLICY_TYPE
from threat.release.policies import in_force
from threat.trust import key_list, records, witness
from threat.trust.ends import End
from threat.trust.folder import Trust

REASON = ("--reason", "a stolen laptop")


def run(made: Installation, *words: object, by: str = "root") -> dict[str, Any]:
    """Run a command as a person of governance; return what it says."""
    result = CliRunner().invoke(app, [*map(str, words), *_places(made), "--key", str(made.trusted.key(by)), "--json"])
    assert result.exit_code == 0, result.exception
    return dict(json.loads(result.stdout))


def refused(made: Installation, *words: object, by: str = "root") -> str:
    result = CliRunner().invoke(app, [*map(str, words), *_places(made), "--key", str(made.trusted.key(by))])
    assert isinstance(result.exception, ThreatError), result.output
    return str(result.exception)


def chains(made: Installation) -> dict[str, dict[str, Any]]:
    result = CliRunner().invoke(app, ["chains", *_places(made), "--json"])
    assert result.exit_code == 0, result.exception
    return {found["chain"]: found for found in json.loads(result.stdout)["chains"]}


def _places(made: Installation) -> list[str]:
    return ["--var", str(made.var), "--store", str(made.var / "no history")]


def key_id(made: Installation, name: str) -> str:
    return made.trusted.signer(name).key.key_id


def promotion_of_the_thief(made: Installation) -> str:
    """A step that the chain allows: the model in shadow is taken out of it for ever."""
    thief = made.trusted.signer("promotion")
    promotions.retire(made.promotions, "run-1", thief, at=AS_OF + 9, reason="mine")
    return promotions.read(made.promotions).states["run-1"]


def test_a_promotion_key_that_a_witness_covers_is_revoked_and_nothing_stops(made: Installation) -> None:
    run(made, "witness")
    said = run(made, "revoke-key", key_id(made, "promotion"), *REASON)
    assert (said["state"], said["not_believed"]) == ("revoked", [])
    assert promotions.read(made.promotions).states == {"run-1": "shadow"}
    with pytest.raises(IntegrityFailure, match="its key was revoked"):
        promotion_of_a_revoked_key(made)


def promotion_of_a_revoked_key(made: Installation) -> None:
    forged = {"action": "retire", "run_id": "run-1", "from": "shadow", "to": "retired", "by": "thief"}
    forged |= {"bundle_sha256": bundle.hash_of(made.bundle), "at": AS_OF, "reason": "dated back"}
    records.append(made.promotions, forged, promotions.PAYLOAD_TYPE, made.trusted.signer("promotion"))
    promotions.read(made.promotions)


def test_the_records_of_a_thief_are_named_beforehand_and_excluded(made: Installation) -> None:
    assert promotion_of_the_thief(made) == "retired"
    stolen = key_id(made, "promotion")
    words = refused(made, "revoke-key", stolen, *REASON)
    assert "Records of the promotions would not be believed (1 of them): no model is served, the rule ranks" in words
    assert made.trusted.trust.keys[stolen].in_force  # named, and nothing done
    said = run(made, "revoke-key", stolen, *REASON, "--although-not-believed")
    [lost] = said["not_believed"]
    [line] = lost["records"]
    assert (lost["chain"], line["record"], line["signed_by"]) == ("promotions", 3, ["Release Service"])
    with pytest.raises(IntegrityFailure, match="its key was revoked"):
        promotions.read(made.promotions)
    judged = run(made, "exclude", "promotions", "--record", line["hash"][:16], "--reason", "the thief's")
    assert judged["still"] == "nothing is promoted to be served; served: the rule ranking."
    ledger = promotions.read(made.promotions)
    assert (ledger.states, ledger.lines, len(ledger.records)) == ({"run-1": "shadow"}, 3, 2)
    assert chains(made)["promotions"]["judged"][line["hash"]]["by"] == "Gwen Root"


def test_honest_records_are_vouched_for_before_the_key_is_revoked_so_that_nothing_stops(made: Installation) -> None:
    promotion_of_the_thief(made)  # here the holder's own last step
    hashes = [line["hash"] for line in map(json.loads, made.promotions.read_text().splitlines())]
    run(made, "vouch", "promotions", "--record", hashes[2], "--reason", "asked the holder")
    assert run(made, "revoke-key", key_id(made, "promotion"), *REASON)["not_believed"] == []
    assert promotions.read(made.promotions).states == {"run-1": "retired"}


def test_a_theft_of_last_month_is_believed_up_to_the_witness_of_before(made: Installation) -> None:
    """Governance signed on, and did not know: that witness proves nothing for the stolen key."""
    promotion_of_the_thief(made)
    run(made, "witness")
    stolen = key_id(made, "promotion")
    assert "Records of the promotions" in refused(made, "revoke-key", stolen, *REASON, "--since", "2024-07-01")
    said = run(made, "revoke-key", stolen, *REASON)  # without the date the last witness counts
    assert (said["not_believed"], promotions.read(made.promotions).states) == ([], {"run-1": "retired"})


def test_a_retired_key_signs_nothing_new_and_is_not_retired_before_a_witness_covers_it(made: Installation) -> None:
    promotion_of_the_thief(made)
    retired = key_id(made, "promotion")
    assert "have governance sign a witness first" in refused(made, "retire-key", retired, "--reason", "yearly")
    run(made, "witness")
    assert run(made, "retire-key", retired, "--reason", "yearly")["state"] == "retired"
    assert promotions.read(made.promotions).states == {"run-1": "retired"}
    forged = {
        "action": "promote",
        "run_id": "run-2",
        "by": "x",
        "reason": "x",
        "at": 1,
        "from": "draft",
        "to": "shadow",
    }
    records.append(made.promotions, forged, promotions.PAYLOAD_TYPE, made.trusted.signer("promotion"))
    with pytest.raises(IntegrityFailure, match="its key was retired"):
        promotions.read(made.promotions)


def test_a_new_bundle_by_a_retired_key_is_not_promoted_and_one_of_before_goes_on(
    made: Installation, tmp_path: Path
) -> None:
    old, new = made.trusted.signer("promotion"), made.trusted.add("promotion-2", HOLDERS["promotion"], by="root")
    run(made, "witness")
    run(made, "retire-key", old.key.key_id, "--reason", "yearly")
    promotions.promote(made.promotions, made.bundle, "shadow", new, at=AS_OF + 99, reason="watched on")
    another = evidence.audited_run(tmp_path / "runs", "run-2")
    approve(another)
    evidence.card(another)
    built = bundle.build(another, made.var / "bundles", old)
    with pytest.raises(IntegrityFailure, match="No key trusted for promotion verifies"):
        promotions.promote(made.promotions, built, "shadow", new, at=AS_OF + 99, reason="new")


def test_approvals_of_a_key_that_was_revoked_since_hold_for_a_bundle_that_was_promoted_before(
    made: Installation,
) -> None:
    run(made, "witness")
    for name in ("approval", "promotion"):
        run(made, "revoke-key", key_id(made, name), *REASON)
    ledger = promotions.read(made.promotions)
    place = ledger.named_in[bundle.hash_of(made.bundle)]
    opened = bundle.open(made.bundle, Trust.open().for_record("promotions", *place))
    assert (place[0], opened.manifest.run_id) == (0, "run-1")
    with pytest.raises(IntegrityFailure):
        bundle.open(made.bundle, Trust.open())
    # Governance's witness of before it was promoted shows nothing: then nothing in it is of before.
    with pytest.raises(IntegrityFailure):
        bundle.open(made.bundle, Trust.open().for_record("promotions", 2, "0" * 64))


def test_a_policy_of_a_thief_of_governance_gives_way_to_the_one_before(made: Installation) -> None:
    policy = {"kind": "gate", "version": "g1", "sha256": "a" * 64, "owner": "Head", "since": "2024-06-01"}
    path = made.trusted.folder / POLICIES
    records.append(path, policy, POLICY_TYPE, made.trusted.signer("governance"))
    run(made, "witness")
    records.append(
        path, policy | {"version": "weak", "sha256": "b" * 64}, POLICY_TYPE, made.trusted.signer("governance")
    )
    assert in_force(Trust.open())["gate"].version == "weak"
    said = run(made, "revoke-key", key_id(made, "governance"), *REASON, "--although-not-believed")
    assert {lost["chain"] for lost in said["not_believed"]} == {"policies"}
    assert in_force(Trust.open())["gate"].version == "g1"
    assert chains(made)["policies"]["effect"].startswith("they decide nothing, the policy before is in force")


def test_a_policy_that_was_withdrawn_with_a_revoked_key_stays_withdrawn(made: Installation) -> None:
    """On the side of care: no model comes back because a key was revoked; governance puts the policy in force again."""
    policy = {"kind": "gate", "version": "g1", "sha256": "a" * 64, "owner": "Head", "since": "2024-06-01"}
    path = made.trusted.folder / POLICIES
    records.append(path, policy, POLICY_TYPE, made.trusted.signer("governance"))
    run(made, "witness")
    records.append(path, policy | {"withdrawn": "unsafe"}, POLICY_TYPE, made.trusted.signer("governance"))
    run(made, "revoke-key", key_id(made, "governance"), *REASON, "--although-not-believed")
    assert "gate" not in in_force(Trust.open())
    records.append(path, policy, POLICY_TYPE, made.trusted.signer("root"))
    assert in_force(Trust.open())["gate"].by == "Gwen Root"


def test_the_policies_cut_short_are_noticed_by_the_witness(made: Installation) -> None:
    policy = {"kind": "gate", "version": "g1", "sha256": "a" * 64, "owner": "Head", "since": "2024-06-01"}
    path = made.trusted.folder / POLICIES
    for version in ("g1", "g2"):
        records.append(path, policy | {"version": version}, POLICY_TYPE, made.trusted.signer("governance"))
    run(made, "witness")
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(IntegrityFailure, match="shorter than governance witnessed"):
        in_force(Trust.open())


def test_the_log_of_a_revoked_audit_key_is_held_to_governance_s_witness_and_signed_anew(made: Installation) -> None:
    engine = connect(made.database)
    run(made, "witness")
    record(engine, Entry("nobody", "reviewer", "consultation", "view queue", "L-1"), AS_OF)
    stolen = made.trusted.signer("audit")
    Checkpoints(engine, Trust.open()).sign(AS_OF + 9)  # entry 13, by the thief as far as anybody knows
    assert "signed anew (threat audit-log sign)" in refused(made, "revoke-key", stolen.key.key_id, *REASON)
    run(made, "revoke-key", stolen.key.key_id, *REASON, "--although-not-believed")
    with pytest.raises(IntegrityFailure, match="its key was revoked"):
        verify_log(engine, Trust.open())
    signed = sign_first(engine, Trust.open(), made.trusted.add("audit-2", HOLDERS["audit"], by="root"), AS_OF + 10)
    assert (signed.sequence, verify_log(engine, Trust.open()).entries) == (13, 13)
    assert Path(f"{made.database}.checkpoint.json.not-believed-13").is_file()
    engine.dispose()


def test_nobody_vouches_for_their_own_record_and_what_is_not_there_is_said(made: Installation) -> None:
    own = json.loads((made.trusted.folder / witness.FILE).read_text().splitlines()[0])["hash"]
    assert "Nobody judges a record that they signed themselves." in refused(
        made, "vouch", "witness", "--record", own, *REASON, by="governance"
    )
    assert "No chain with a record has this name here." in refused(made, "vouch", "history", "--record", own, *REASON)
    assert "is not judged by its entries" in refused(made, "vouch", "audit log", "--record", own, *REASON)
    assert "0 records of the witness begin" in refused(made, "vouch", "witness", "--record", "0" * 16, *REASON)
    key_list.revoke(made.trusted.folder, key_id(made, "list"), made.trusted.signer("root"), End("x", 1))
    assert "The key is revoked already." in refused(made, "revoke-key", key_id(made, "list"), *REASON)
