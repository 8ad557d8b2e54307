"""The witness of governance: heads and dates that no service can write, and chains cut short are noticed by."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.promoted import witness_now
from fixtures.trusted import HOLDERS, Trusted

from threat.errors import IntegrityFailure, UsageError
from threat.trust import chain, key_list, records, witness
from threat.trust.belief import WITNESS, require_head
from threat.trust.chain import Head
from threat.trust.ends import End
from threat.trust.folder import Trust


def test_a_witness_holds_heads_and_a_date_signed_by_governance(trusted: Trusted, tmp_path: Path) -> None:
    path = tmp_path / "promotions.jsonl"
    chain.append(path, {"a": 1})
    witness_now(trusted, path, at=100)
    [witnessed] = trusted.trust.witnessed
    assert (witnessed.at, witnessed.by) == (100, "Gail Second")
    assert witnessed.heads["promotions"] == chain.head(path)
    assert witnessed.heads["keys"].count == len(HOLDERS) + 1
    assert (trusted.folder / "witness.jsonl").stat().st_mode & 0o777 == 0o644
    assert witness.latest(trusted.trust.witnessed, "nothing") is None


def test_a_witness_neither_goes_back_in_time_nor_shortens_a_chain(trusted: Trusted, tmp_path: Path) -> None:
    judged, signer = trusted.trust.belief(WITNESS), trusted.signer("governance")
    witness.add(trusted.folder, judged, {"promotions": Head(3, "a" * 64)}, signer, at=100)
    with pytest.raises(UsageError, match="goes back in time"):
        witness.add(trusted.folder, judged, {"promotions": Head(4, "a" * 64)}, signer, at=99)
    with pytest.raises(UsageError, match="promotions is shorter than governance witnessed before"):
        witness.add(trusted.folder, judged, {"promotions": Head(2, "a" * 64)}, signer, at=101)
    shorter = {"at": 102, "heads": {"promotions": {"count": 1, "hash": "a" * 64}}}
    records.append(trusted.folder / witness.FILE, shorter, witness.PAYLOAD_TYPE, signer)
    with pytest.raises(IntegrityFailure, match="shorter than governance witnessed before") as caught:
        Trust.open(trusted.folder)
    assert caught.value.where.endswith("witness.jsonl, line 2")


@pytest.mark.parametrize("name", ["promotion", "audit", "approval"])
def test_no_key_but_governance_s_own_is_a_witness(trusted: Trusted, name: str) -> None:
    heads = {"at": 1, "heads": {"promotions": {"count": 0, "hash": chain.START}}}
    records.append(trusted.folder / witness.FILE, heads, witness.PAYLOAD_TYPE, trusted.signer(name))
    with pytest.raises(IntegrityFailure, match="No key trusted for governance"):
        Trust.open(trusted.folder)


def test_a_key_list_cut_short_is_noticed_by_the_witness(trusted: Trusted, tmp_path: Path) -> None:
    """A revocation that was cut off would make a stolen key count again."""
    stolen = trusted.signer("promotion").key.key_id
    key_list.revoke(trusted.folder, stolen, trusted.signer("governance"), End("stolen", 1))
    path = trusted.folder / key_list.KEY_LIST
    witness_now(trusted, tmp_path / "promotions.jsonl", at=2)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    with pytest.raises(IntegrityFailure, match="shorter than governance witnessed: records were cut off") as caught:
        Trust.open(trusted.folder)
    assert caught.value.where == str(path)


def test_a_head_of_other_records_is_named_by_its_line(tmp_path: Path) -> None:
    hashes = ["a" * 64, "b" * 64]
    require_head(tmp_path, hashes, None)
    require_head(tmp_path, [], Head(0, chain.START))
    require_head(tmp_path, hashes, Head(1, "a" * 64))
    with pytest.raises(IntegrityFailure, match="other records than governance witnessed") as caught:
        require_head(tmp_path, hashes, Head(2, "c" * 64))
    assert caught.value.where == f"{tmp_path}, line 2"


def test_a_line_without_heads_is_named(trusted: Trusted) -> None:
    signer = trusted.signer("governance")
    records.append(trusted.folder / witness.FILE, {"at": 1, "heads": [1]}, witness.PAYLOAD_TYPE, signer)
    with pytest.raises(IntegrityFailure, match="names no heads"):
        Trust.open(trusted.folder)
