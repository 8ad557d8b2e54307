"""What the gate read stays on record next to the promotions, whoever keeps the approvals file; withdrawals too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure
from threat.release import kept
from threat.release.envelopes import statement, verified_statements
from threat.release.statements import Dissent, Withdrawal
from threat.trust import chain, records, witness
from threat.trust.belief import WITNESS

RUN = "a" * 64


def dissent(trusted: Trusted, reason: str, name: str = "approval") -> dict[str, Any]:
    said = Dissent(on=date(2026, 1, 1), release_digest="e" * 64, reason=reason)
    return statement(said, trusted.signer(name))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "var" / kept.FILE


def test_what_was_read_of_a_run_is_kept_once_and_in_order(path: Path, trusted: Trusted) -> None:
    first, second, other = (dissent(trusted, reason) for reason in ("first", "second", "of another"))
    signer, trust = trusted.signer("promotion"), trusted.trust
    assert kept.keep(path, RUN, [first], signer, trust, at=1) == 1
    assert kept.keep(path, "b" * 64, [other], signer, trust, at=2) == 1
    assert kept.keep(path, RUN, [second, first], signer, trust, at=3) == 1
    assert kept.keep(path, RUN, [first], signer, trust, at=4) == 0
    assert kept.of_run(kept.read(path, trust), RUN) == [first, second]
    assert [record.at for record in kept.read(path, trust)] == [1, 2, 3]


def test_the_chain_is_signed_by_who_released_or_withdrew_and_by_nobody_else(path: Path, trusted: Trusted) -> None:
    trust, said = trusted.trust, dissent(trusted, "first")
    kept.keep(path, RUN, [said], trusted.signer("approval"), trust, at=1)
    with pytest.raises(IntegrityFailure, match="No key trusted for promotion"):
        kept.read(path, trust)
    path.unlink()
    kept.keep(path, RUN, [said], trusted.signer("promotion"), trust, at=1)
    withdrawal = statement(Withdrawal(on=date(2026, 1, 2), statement="c" * 64, reason="x"), trusted.signer("approval"))
    kept.keep_withdrawal(path, withdrawal, trusted.signer("approval"), trust, at=2)
    assert [said.by for said in kept.withdrawals(kept.read(path, trust), trust)] == ["Vera Lid"]
    # A key that was revoked since closes nothing, and its withdrawal is marked.
    vera = trusted.signer("approval").key
    revoked = replace(trust, keys={**trust.keys, vera.key_id: replace(vera, state="revoked")})
    assert [said.revoked for said in kept.withdrawals(kept.read(path, revoked), revoked)] == [True]
    records.append(path, {"run": RUN, "at": 3, "statements": []}, "another/kind", trusted.signer("promotion"))
    with pytest.raises(IntegrityFailure, match="record of another kind"):
        kept.read(path, trust)


def test_the_withdrawals_that_a_copy_of_the_statements_lacks(path: Path, trusted: Trusted) -> None:
    trust, sam = trusted.trust, trusted.signer("approval-owner")
    given = [dissent(trusted, "first", "approval-owner"), dissent(trusted, "second")]
    first, second = (said.sha256 for said in verified_statements(given, trust))

    def withdrawn(sha256: str) -> dict[str, Any]:
        envelope = statement(Withdrawal(on=date(2026, 1, 2), statement=sha256, reason="x"), sam)
        kept.keep_withdrawal(path, envelope, sam, trust, at=2)
        return envelope

    own = withdrawn(first)
    for sha256 in ("c" * 64, second):  # of a statement that is not given, and of another person in another role
        withdrawn(sha256)
    kept.keep(path, RUN, [own], trusted.signer("promotion"), trust, at=3)  # the same again, as the gate read it
    chain_of = kept.read(path, trust)
    assert kept.left_out_withdrawals(chain_of, given, trust) == [own]
    assert kept.left_out_withdrawals(chain_of, [*given, own], trust) == []
    assert kept.left_out_withdrawals(chain_of, given[1:], trust) == []
    stranger = replace(trust, keys={key_id: key for key_id, key in trust.keys.items() if key_id != sam.key.key_id})
    assert kept.left_out_withdrawals(chain_of, given[1:], stranger) == []


def test_a_line_whose_withdrawal_nobody_signed_takes_nothing_back_and_closes_nothing(
    path: Path, trusted: Trusted, demonstration_trusted: Trusted
) -> None:
    """A thief of a key for approval adds what a stranger signed, and what is no statement at all."""
    said, thief = Withdrawal(on=date(2026, 1, 2), statement="c" * 64, reason="x"), trusted.signer("approval")
    stranger = statement(said, demonstration_trusted.signer("approval"))
    for envelope in (stranger, stranger | {"payload": "bm90aGluZw=="}, stranger | {"payload": 7}):
        kept.keep_withdrawal(path, envelope, thief, trusted.trust, at=1)
    assert kept.withdrawals(kept.read(path, trusted.trust), trusted.trust) == []
    kept.keep_withdrawal(path, statement(said, thief), thief, trusted.trust, at=2)
    assert [said.by for said in kept.withdrawals(kept.read(path, trusted.trust), trusted.trust)] == ["Vera Lid"]


def test_a_chain_cut_short_or_taken_away_is_noticed_by_the_witness(path: Path, trusted: Trusted) -> None:
    signer, trust = trusted.signer("promotion"), trusted.trust
    for number in (1, 2):
        kept.keep(path, RUN, [dissent(trusted, str(number))], signer, trust, at=number)
    heads = {kept.WITNESSED: chain.head(path)}
    witness.add(trusted.folder, trust.belief(WITNESS), heads, trusted.signer("governance"), at=3)
    whole = path.read_bytes()
    assert len(kept.read(path, trusted.trust)) == 2
    path.write_bytes(whole.splitlines(keepends=True)[0])
    with pytest.raises(IntegrityFailure, match="shorter than governance witnessed"):
        kept.read(path, trusted.trust)
    path.unlink()
    with pytest.raises(IntegrityFailure, match="shorter than governance witnessed"):
        kept.read(path, trusted.trust)
    path.write_bytes(whole.splitlines(keepends=True)[1])
    with pytest.raises(IntegrityFailure):
        kept.read(path, trusted.trust)
