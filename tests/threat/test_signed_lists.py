"""A list and ``current.json`` count where they are signed by a key for lists of this place, and nowhere else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fixtures.list_files import AS_OF, freeze_list
from fixtures.trusted import Trusted, make_trusted

from threat import lists
from threat.errors import BadInput, IntegrityFailure
from threat.lists import CURRENT, LIST_TYPE, POINTER_TYPE, SIGNATURE, Published, pointer_of
from threat.trust import key_list
from threat.trust.ends import End
from threat.trust.folder import Trust
from threat.trust.signing import sign

CHOSEN = Published("L-1", "", "", AS_OF, 1)


@pytest.fixture
def signed(tmp_path: Path, force_trusted: Trusted) -> lists.ScoredList:
    return freeze_list(tmp_path, signer=force_trusted.signer("list"))


def test_a_signed_list_opens(tmp_path: Path, force_trusted: Trusted, signed: lists.ScoredList) -> None:
    assert lists.open_list(tmp_path, signed.id, force_trusted.trust).basis == signed.basis
    assert lists.open_list(tmp_path, signed.id, Trust.none()).basis == signed.basis


def test_an_unsigned_list_is_refused_where_keys_count(tmp_path: Path, force_trusted: Trusted) -> None:
    unsigned = freeze_list(tmp_path)
    with pytest.raises(IntegrityFailure, match="The list is not signed"):
        lists.open_list(tmp_path, unsigned.id, force_trusted.trust)
    freeze_list(tmp_path, signer=force_trusted.signer("list"))  # the same list again, by a process with the key
    assert lists.open_list(tmp_path, unsigned.id, force_trusted.trust).id == unsigned.id


@pytest.mark.parametrize("holder", ["intake", "audit", "evidence", "promotion", "governance", "approval"])
def test_a_key_for_something_else_signs_no_list(tmp_path: Path, force_trusted: Trusted, holder: str) -> None:
    listed = freeze_list(tmp_path, signer=force_trusted.signer(holder))
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        lists.open_list(tmp_path, listed.id, force_trusted.trust)
    (tmp_path / CURRENT).write_bytes(pointer_of(CHOSEN, force_trusted.signer(holder)))
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        lists.published(tmp_path, force_trusted.trust)


def test_a_list_of_another_force_or_of_the_demonstration_is_refused(
    tmp_path: Path, force_trusted: Trusted, demonstration_trusted: Trusted
) -> None:
    for number, other in enumerate((make_trusted(tmp_path / "other"), demonstration_trusted)):
        folder = tmp_path / str(number)
        listed = freeze_list(folder, signer=other.signer("list"))
        lists.publish(folder, pointer_of(CHOSEN, other.signer("list")))
        with pytest.raises(IntegrityFailure):
            lists.open_list(folder, listed.id, force_trusted.trust)
        with pytest.raises(IntegrityFailure):
            lists.published(folder, force_trusted.trust)


def test_the_signature_of_one_list_does_for_no_other(
    tmp_path: Path, force_trusted: Trusted, signed: lists.ScoredList
) -> None:
    other = freeze_list(tmp_path, AS_OF - 60)
    shutil.copy(tmp_path / signed.id / SIGNATURE, tmp_path / other.id / SIGNATURE)
    with pytest.raises(IntegrityFailure, match="is of another list"):
        lists.open_list(tmp_path, other.id, force_trusted.trust)


def test_an_envelope_of_another_kind_is_refused(
    tmp_path: Path, force_trusted: Trusted, signed: lists.ScoredList
) -> None:
    """A pointer cannot stand for a list's signature, nor the other way round."""
    text = json.loads((tmp_path / signed.id / SIGNATURE).read_bytes())
    (tmp_path / CURRENT).write_text(json.dumps(text))
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        lists.published(tmp_path, force_trusted.trust)
    (tmp_path / signed.id / SIGNATURE).write_bytes(pointer_of(CHOSEN, force_trusted.signer("list")))
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        lists.open_list(tmp_path, signed.id, force_trusted.trust)
    assert POINTER_TYPE != LIST_TYPE


@pytest.mark.parametrize("environment", ["demonstration", "", None])
def test_another_environment_inside_what_is_signed_is_refused(
    tmp_path: Path, force_trusted: Trusted, environment: str | None
) -> None:
    said = {"list": "L-1", "bundle": "", "standby": "", "as_of": 1, "sequence": 1, "environment": environment}
    (tmp_path / CURRENT).write_text(json.dumps(sign(said, POINTER_TYPE, force_trusted.signer("list"))))
    with pytest.raises(IntegrityFailure, match="another environment"):
        lists.published(tmp_path, force_trusted.trust)


def test_a_signed_pointer_is_read_back_with_and_without_the_keys(tmp_path: Path, force_trusted: Trusted) -> None:
    lists.publish(tmp_path, pointer_of(CHOSEN, force_trusted.signer("list")))
    assert lists.published(tmp_path, force_trusted.trust) == CHOSEN
    assert lists.published(tmp_path, Trust.none()) == CHOSEN


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b'{"list": "L-1"}', b'{"payload": "", "signatures": []}'])
def test_an_unsigned_or_unreadable_pointer_is_refused(tmp_path: Path, force_trusted: Trusted, text: bytes) -> None:
    (tmp_path / CURRENT).write_bytes(text)
    with pytest.raises((IntegrityFailure, BadInput), match=r"current\.json is"):
        lists.published(tmp_path, force_trusted.trust)


def test_a_key_that_was_revoked_signs_no_list_any_more(tmp_path: Path, trusted: Trusted) -> None:
    listed = freeze_list(tmp_path / "lists", signer=trusted.signer("list"))
    assert lists.open_list(tmp_path / "lists", listed.id, trusted.trust).id == listed.id
    key_id = trusted.signer("list").key.key_id
    key_list.revoke(trusted.folder, key_id, trusted.signer("governance"), End("stolen", AS_OF))
    with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
        lists.open_list(tmp_path / "lists", listed.id, trusted.trust)


def test_an_envelope_that_is_spelt_otherwise_is_refused(
    tmp_path: Path, force_trusted: Trusted, signed: lists.ScoredList
) -> None:
    """The last letter of base64 has bits that decode to nothing, and fields beside the three are signed by nobody."""
    path = tmp_path / signed.id / SIGNATURE
    envelope = json.loads(path.read_bytes())
    payload, padding = envelope["payload"].rstrip("="), envelope["payload"].count("=")
    others = [envelope | {"note": "x"}]
    if padding:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        spelt = payload[:-1] + letters[letters.index(payload[-1]) ^ 1] + "=" * padding
        others.append(envelope | {"payload": spelt})
    for other in others:
        path.write_text(json.dumps(other))
        with pytest.raises(IntegrityFailure, match="not signed by a key for lists"):
            lists.open_list(tmp_path, signed.id, force_trusted.trust)
