"""Who is believed, and up to where: the one rule for every chain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fixtures.promoted import ended_now, witness_now
from fixtures.trusted import MADE_AT, Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.trust import key_list, records, witness
from threat.trust.belief import WITNESS, covers, earlier_of
from threat.trust.chain import Head
from threat.trust.ends import End
from threat.trust.folder import Trust
from threat.trust.key_list import Holder

TYPE = "application/vnd.threat.test+json"
HEAD = Head(2, "a" * 64)


def beliefs(path: Path, trust: Trust) -> list[str]:
    return [signed.belief for signed in records.read(path, TYPE, trust.belief("log"), verb="intake")]


@pytest.mark.parametrize(
    ("state", "until", "believed"),
    [
        ("in force", None, [True, True, True]),
        ("retired", {"log": HEAD}, [True, True, False]),
        ("revoked", {"log": HEAD}, [True, True, False]),
        ("retired", {}, [False, False, False]),
        ("retired", None, [True, True, True]),  # of before ends named heads
        ("revoked", None, [False, False, False]),
    ],
)
def test_a_key_is_believed_up_to_the_head_that_its_end_names(
    force_trusted: Trusted, state: str, until: dict[str, Head] | None, believed: list[bool]
) -> None:
    key = replace(force_trusted.signer("intake").key, state=state, until=until)
    assert [covers(key, "log", sequence) for sequence in range(3)] == believed
    assert not covers(replace(key, until={"other": HEAD}), "log", 0)


def test_a_second_end_never_widens_what_is_believed() -> None:
    first, second = {"a": Head(3, "x"), "b": Head(1, "y")}, {"a": Head(1, "z"), "b": Head(9, "w"), "c": HEAD}
    assert earlier_of(first, second) == {"a": Head(1, "z"), "b": Head(1, "y")}
    assert earlier_of(None, second) == second


@pytest.mark.parametrize("end", [key_list.retire, key_list.revoke])
def test_what_an_ended_key_signs_later_is_told_from_what_it_signed_before(
    trusted: Trusted, tmp_path: Path, end: object
) -> None:
    path, signer = tmp_path / "log.jsonl", trusted.signer("intake")
    digest = records.append(path, {"number": 0}, TYPE, signer)
    end(trusted.folder, signer.key.key_id, trusted.signer("root"), End("over", MADE_AT, {"log": Head(1, digest)}))  # type: ignore[operator]
    assert beliefs(path, trusted.trust) == ["believed"]
    records.append(path, {"number": 1}, TYPE, signer)  # the thief still has the file
    assert beliefs(path, trusted.trust) == ["believed", "not believed"]
    # A chain written anew up to the head holds other records than the end of the key names.
    path.unlink()
    records.append(path, {"number": 9}, TYPE, signer)
    with pytest.raises(IntegrityFailure, match="other records than governance witnessed"):
        beliefs(path, trusted.trust)


def test_governance_judges_records_by_name_and_nobody_their_own(trusted: Trusted, tmp_path: Path) -> None:
    path, signer, root = tmp_path / "log.jsonl", trusted.signer("intake"), trusted.signer("root")
    hashes = [records.append(path, {"number": number}, TYPE, signer) for number in range(3)]
    key_list.revoke(trusted.folder, signer.key.key_id, root, End("stolen", MADE_AT))
    key_list.judge(trusted.folder, "vouch", "log", hashes[:2], root, reason="as exported", at=MADE_AT)
    assert beliefs(path, trusted.trust) == ["believed", "believed", "not believed"]
    key_list.judge(trusted.folder, "exclude", "log", hashes[1:2], root, reason="no: invented", at=MADE_AT)
    assert beliefs(path, trusted.trust) == ["believed", "excluded", "not believed"]
    key_list.judge(trusted.folder, "vouch", "other", hashes[2:], root, reason="of another chain", at=MADE_AT)
    assert beliefs(path, trusted.trust)[2] == "not believed"
    second = trusted.add("second", Holder("Intake job", "governance", ("governance",)), by="root")
    key_list.judge(trusted.folder, "vouch", "log", hashes[2:], second, reason="mine", at=MADE_AT)
    assert beliefs(path, trusted.trust)[2] == "not believed"
    for reason, named, words in ((" ", hashes, "reason is blank"), ("why", [], "No record is named")):
        with pytest.raises(UsageError, match=words):
            key_list.judge(trusted.folder, "vouch", "log", named, root, reason=reason, at=MADE_AT)


def test_the_judgement_of_a_thief_of_governance_falls_with_the_key(trusted: Trusted, tmp_path: Path) -> None:
    """A thief of both keys vouches for what the thief put in; the end of the governance key ends that too."""
    path, signer, governance = tmp_path / "log.jsonl", trusted.signer("intake"), trusted.signer("governance")
    digest = records.append(path, {"number": 0}, TYPE, signer)
    key_list.revoke(trusted.folder, signer.key.key_id, trusted.signer("root"), End("stolen", MADE_AT))
    key_list.judge(trusted.folder, "vouch", "log", [digest], governance, reason="fine", at=MADE_AT)
    assert beliefs(path, trusted.trust) == ["believed"]
    key_list.revoke(trusted.folder, governance.key.key_id, trusted.signer("root"), End("stolen too", MADE_AT))
    assert beliefs(path, trusted.trust) == ["not believed"]


def test_the_end_of_a_governance_key_ends_what_it_registered_but_for_what_is_kept(trusted: Trusted) -> None:
    trusted.add("puppet", Holder("Pup Pet", "governance", ("governance",)))
    honest = trusted.add("honest", Holder("Ann Honest", "validator", ("approval",))).key.key_id
    doll = trusted.add("doll", Holder("Doll of Puppet", "SRO", ("approval",)), by="puppet").key.key_id
    stolen, root = trusted.signer("governance").key.key_id, trusted.signer("root")
    with pytest.raises(UsageError, match="to be kept was not registered by the key that ends"):
        key_list.revoke(trusted.folder, stolen, root, End("stolen", MADE_AT, keep=(trusted.signer("list").key.key_id,)))
    key_list.revoke(trusted.folder, stolen, root, End("stolen", MADE_AT, keep=(honest,)))
    states = {key.name: key.state for key in trusted.trust.keys.values() if key.registered_by != root.key.key_id}
    assert states == {"Pup Pet": "revoked", "Ann Honest": "in force", "Doll of Puppet": "revoked"}
    assert trusted.trust.keys[doll].until == {}


def test_who_signs_the_end_of_the_root_does_not_end_their_own_key(trusted: Trusted) -> None:
    second, root = trusted.signer("governance"), trusted.signer("root").key.key_id
    kept = trusted.signer("promotion").key.key_id
    key_list.revoke(trusted.folder, root, second, End("stolen", MADE_AT, keep=(kept,)))
    in_force = {key.name for key in trusted.trust.keys.values() if key.in_force}
    assert in_force == {"Gail Second", "Release Service"}


def test_a_witness_by_a_revoked_key_says_nothing_unless_another_person_signed_after_it(
    trusted: Trusted, tmp_path: Path
) -> None:
    """The trust folder opens all the same: nothing is closed by revoking the key that signed the witness."""
    promotions, root = tmp_path / "promotions.jsonl", trusted.signer("root")
    witness_now(trusted, promotions, at=1)  # by the key that is stolen later
    judged = trusted.trust.belief(WITNESS)
    witness.add(trusted.folder, judged, {"promotions": Head(0, "0" * 64)}, root, at=2)
    witness_now(trusted, promotions, at=3)  # by the thief
    until = witness.heads_until(trusted.trust.witnessed, trusted.trust.witnessed[1])
    assert until["witness"].count == 2
    key_list.revoke(trusted.folder, trusted.signer("governance").key.key_id, root, End("stolen", 4, until))
    assert [(one.at, one.by) for one in trusted.trust.witnessed] == [(1, "Gail Second"), (2, "Gwen Root")]
    witness.add(trusted.folder, trusted.trust.belief(WITNESS), {"promotions": Head(0, "0" * 64)}, root, at=5)
    assert [one.at for one in trusted.trust.witnessed] == [1, 2, 5]


def test_a_key_revoked_before_ends_named_heads_keeps_the_promotions_that_were_witnessed(
    trusted: Trusted, tmp_path: Path
) -> None:
    witness_now(trusted, tmp_path / "promotions.jsonl", at=1)
    key_id, line = trusted.signer("promotion").key.key_id, {"action": "revoke", "reason": "stolen", "at": 2}
    path = trusted.folder / key_list.KEY_LIST
    records.append(path, line | {"key_id": key_id}, key_list.PAYLOAD_TYPE, trusted.signer("root"))
    key = trusted.trust.keys[key_id]
    assert (key.state, dict(key.until or {})) == ("revoked", {"promotions": Head(0, "0" * 64)})
    assert set(ended_now(trusted, at=3).until) == {"promotions", "keys", "witness"}
