"""Signed chains: a record counts in its own place alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.trusted import Trusted
from hypothesis import given
from hypothesis import strategies as st

from threat.errors import BadInput, IntegrityFailure
from threat.trust import chain, records
from threat.trust.signing import sign

TYPE = "application/vnd.threat.test+json"


def chain_of(path: Path, trusted: Trusted, count: int, verb: str = "intake") -> list[str]:
    return [records.append(path, {"number": number}, TYPE, trusted.signer(verb)) for number in range(count)]


def test_records_read_back_with_their_place_and_key(tmp_path: Path, force_trusted: Trusted) -> None:
    path = tmp_path / "log.jsonl"
    hashes = chain_of(path, force_trusted, 3)
    read = list(records.read(path, TYPE, force_trusted.trust.belief("log"), verb="intake"))
    assert [(signed.sequence, signed.record, signed.hash) for signed in read] == [
        (number, {"number": number}, hashes[number]) for number in range(3)
    ]
    assert {(signed.environment, signed.key.name) for signed in read} == {("force", "Intake job")}
    assert list(records.read(tmp_path / "none.jsonl", TYPE, force_trusted.trust.belief("log"), verb="intake")) == []


@given(count=st.integers(2, 4), source=st.integers(0, 3))
def test_a_signed_record_put_on_the_chain_again_is_refused_with_its_line(
    count: int, source: int, force_trusted: Trusted, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What the attacker without a key can do: append an envelope that was signed earlier, sealed as a new line."""
    path = tmp_path_factory.mktemp("chain") / "log.jsonl"
    chain_of(path, force_trusted, count)
    entries = [line["entry"] for line in chain.entries(path)]
    chain.append(path, entries[source % count])
    with pytest.raises(IntegrityFailure, match="signed for another place") as caught:
        list(records.read(path, TYPE, force_trusted.trust.belief("log"), verb="intake"))
    assert caught.value.where == f"{path}, line {count + 1}"
    assert caught.value.value == f"signed for line {source % count + 1}"


def test_a_record_of_another_chain_or_another_verb_is_refused(tmp_path: Path, force_trusted: Trusted) -> None:
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    chain_of(first, force_trusted, 2)
    records.append(second, {"number": 9}, TYPE, force_trusted.signer("intake"))
    chain.append(second, list(chain.entries(first))[1]["entry"])
    with pytest.raises(IntegrityFailure, match="signed for another place"):
        list(records.read(second, TYPE, force_trusted.trust.belief("log"), verb="intake"))
    records.append(first, {"number": 2}, TYPE, force_trusted.signer("list"))
    with pytest.raises(IntegrityFailure, match="No key trusted for intake") as caught:
        list(records.read(first, TYPE, force_trusted.trust.belief("log"), verb="intake"))
    assert caught.value.where == f"{first}, line 3"


def test_a_record_without_a_place_or_of_another_environment_is_refused(tmp_path: Path, force_trusted: Trusted) -> None:
    signer = force_trusted.signer("intake")
    for number, made in enumerate(
        ({"number": 0}, {"environment": "demonstration", "sequence": 0, "previous": "0" * 64})
    ):
        path = tmp_path / f"{number}.jsonl"
        chain.append(path, sign(made, TYPE, signer))
        with pytest.raises(IntegrityFailure, match=r"another (place|environment)"):
            list(records.read(path, TYPE, force_trusted.trust.belief("log"), verb="intake"))


def test_a_record_may_not_say_its_own_place(tmp_path: Path, force_trusted: Trusted) -> None:
    with pytest.raises(BadInput, match="The place of the record is named already"):
        records.append(tmp_path / "log.jsonl", {"sequence": 5}, TYPE, force_trusted.signer("intake"))
    assert not (tmp_path / "log.jsonl").exists()
