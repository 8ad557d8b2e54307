"""The key list: who may register whom, and every line that was tampered with is found and named."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from fixtures.trusted import HOLDERS, MADE_AT, ROOT, Trusted
from hypothesis import given
from hypothesis import strategies as st

from threat.errors import IntegrityFailure, UsageError
from threat.trust import chain, key_list, records
from threat.trust.ends import End
from threat.trust.folder import Trust
from threat.trust.key_list import Holder
from threat.trust.keys import are_two_people, same_person
from threat.trust.signing import Signer, seal

KEYS = len(HOLDERS) + 1
"""Keys of a trust folder of a test: one for every holder, and the root."""


def test_the_root_registers_others_and_its_key_id_is_pinned(trusted: Trusted) -> None:
    trust = trusted.trust
    root = trusted.signer("root").key
    assert json.loads((trusted.folder / "trust.json").read_text()) == {
        "format": "threat-trust/1",
        "environment": "force",
        "root": root.key_id,
    }
    assert (root.registered_by, root.verbs, root.name) == (root.key_id, ("governance",), "Gwen Root")
    assert {key.registered_by for key in trust.keys.values()} == {root.key_id}
    assert [key.name for key in trust.keys.values()][:3] == ["Gwen Root", "Gail Second", "Intake job"]


def test_nobody_registers_a_key_of_their_own_however_the_name_is_spelt(trusted: Trusted, tmp_path: Path) -> None:
    before = (trusted.folder / key_list.KEY_LIST).read_bytes()
    for number, name in enumerate(("Gwen Root", "gwen  ROOT", "Ｇwen Root ")):
        request = key_list.request_key(tmp_path / f"{number}.pem", Holder(name, "validator", ("approval",)))
        with pytest.raises(UsageError, match="Nobody registers a key of their own"):
            key_list.register(trusted.folder, request, trusted.signer("root"), at=MADE_AT)
    assert (trusted.folder / key_list.KEY_LIST).read_bytes() == before
    assert trusted.add("own", Holder("Gwen Root", "validator", ("approval",)), by="governance").key.name == "Gwen Root"


@pytest.mark.parametrize("name", ["approval", "promotion", "audit", "intake"])
def test_only_governance_registers(trusted: Trusted, tmp_path: Path, name: str) -> None:
    """The force's own other keys register nobody: neither by the rule, nor by a line written by hand."""
    request = key_list.request_key(tmp_path / "new.pem", Holder("Ann Other", "validator", ("approval",)))
    with pytest.raises(UsageError, match="may not change the key list"):
        key_list.register(trusted.folder, request, trusted.signer(name), at=MADE_AT)
    line = _registration(request)
    records.append(trusted.folder / key_list.KEY_LIST, line, key_list.PAYLOAD_TYPE, trusted.signer(name))
    with pytest.raises(IntegrityFailure, match="No key trusted for governance") as caught:
        trusted.trust  # noqa: B018  reading is what fails
    assert caught.value.where.endswith(f"keys.jsonl, line {KEYS + 1}")


def test_a_line_of_governance_itself_that_breaks_a_rule_is_refused_on_reading(trusted: Trusted, tmp_path: Path) -> None:
    own = _registration(key_list.request_key(tmp_path / "own.pem", Holder("Gwen Root", "x", ("approval",))))
    other = _registration(key_list.request_key(tmp_path / "other.pem", Holder("Ann Other", "x", ("approval",))))
    lines = {
        "registered a key of their own": own,
        "not the hash of the key": other | {"key_id": own["key_id"]},
        "verbs everything": other | {"verbs": ["everything"]},
        "verbs ": other | {"verbs": []},
        "is on the list already": _registration_of(trusted.signer("list")),
        "celebrate": other | {"action": "celebrate"},
        "'" + "0" * 64: {"action": "revoke", "key_id": "0" * 64},
    }
    path = trusted.folder / key_list.KEY_LIST
    good = path.read_bytes()
    for words, line in lines.items():
        records.append(path, line, key_list.PAYLOAD_TYPE, trusted.signer("root"))
        with pytest.raises(IntegrityFailure, match="no registration may say") as caught:
            Trust.open(trusted.folder)
        assert words in str(caught.value), words
        assert caught.value.where.endswith(f"line {KEYS + 1}")
        path.write_bytes(good)
    assert len(Trust.open(trusted.folder).keys) == KEYS


def test_a_request_that_was_changed_or_borrowed_is_refused(trusted: Trusted, tmp_path: Path) -> None:
    request = key_list.request_key(tmp_path / "a.pem", Holder("Ann Other", "validator", ("approval",)))
    private = trusted.signer("approval").private
    asked = {"public": key_list.asked_in(request).public, "name": "Eve", "role": "SRO", "verbs": ["promotion"]}
    for changed in (
        {**request, "payload": request["payload"][:-4] + "AAAA"},
        {},
        seal(asked, key_list.REQUEST_TYPE, private),
    ):
        with pytest.raises(IntegrityFailure):
            key_list.register(trusted.folder, changed, trusted.signer("root"), at=MADE_AT)
    again = key_list.request_for(trusted.key("list"), Holder("Ann Other", "validator", ("approval",)))
    with pytest.raises(UsageError, match="on the list already"):
        key_list.register(trusted.folder, again, trusted.signer("root"), at=MADE_AT)


def test_the_last_governance_key_cannot_be_ended_and_another_can_end_the_root(trusted: Trusted) -> None:
    root, second = trusted.signer("root"), trusted.signer("governance")
    key_list.revoke(trusted.folder, root.key.key_id, second, End("left the force", MADE_AT))
    assert trusted.trust.keys[root.key.key_id].state == "revoked"
    with pytest.raises(UsageError, match="may not change the key list"):
        key_list.revoke(trusted.folder, second.key.key_id, root, End("spite", MADE_AT))
    for end in (key_list.retire, key_list.revoke):
        with pytest.raises(UsageError, match="the last governance key in force"):
            end(trusted.folder, second.key.key_id, second, End("tired", MADE_AT))
    assert len(trusted.trust.keys) == KEYS  # what the root registered stays registered


def test_a_root_of_another_trust_folder_is_not_the_root_that_was_pinned(
    trusted: Trusted, force_trusted: Trusted
) -> None:
    shutil.copy(force_trusted.folder / key_list.KEY_LIST, trusted.folder / key_list.KEY_LIST)
    with pytest.raises(IntegrityFailure, match="not of the root that was pinned") as caught:
        Trust.open(trusted.folder)
    assert caught.value.where.endswith("line 1")


def test_a_trust_folder_is_never_made_over_another(trusted: Trusted, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="never made over another"):
        key_list.new_trust(trusted.folder, "force", ROOT, trusted.key("root"), at=MADE_AT)
    with pytest.raises(UsageError, match="lacks the verb governance"):
        key_list.new_trust(tmp_path / "new", "force", Holder("A", "b", ("list",)), trusted.key("root"), at=MADE_AT)
    assert not (tmp_path / "new").exists()


def test_two_people_are_two_keys_that_a_third_registered(trusted: Trusted) -> None:
    trust = trusted.trust
    vera, sam = trusted.signer("approval").key, trusted.signer("approval-owner").key
    again = trusted.add("again", Holder("vera lid", "SRO", ("approval",))).key
    by_vera = trusted.add("chief", Holder("Vera Lid", "governance", ("governance",)))
    invented = trusted.add("invented", Holder("Invented Name", "SRO", ("approval",)), by="chief").key
    assert by_vera.key.name == vera.name
    keys = Trust.open(trusted.folder).keys
    assert are_two_people(vera, sam, trust.keys)
    assert not are_two_people(vera, again, keys)  # two keys of one person
    assert not are_two_people(vera, invented, keys)  # the second was registered by the first
    assert are_two_people(sam, invented, keys)
    assert same_person("ＶERA lid", "Vera  Lid")


@pytest.fixture(scope="module")
def list_bytes(force_trusted: Trusted) -> Iterator[tuple[Path, bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "trust"
        shutil.copytree(force_trusted.folder, copy)
        yield copy, (copy / key_list.KEY_LIST).read_bytes()


@given(data=st.data())
def test_any_changed_byte_and_any_moved_line_is_an_integrity_failure_that_names_a_line(
    data: st.DataObject, list_bytes: tuple[Path, bytes]
) -> None:
    folder, good = list_bytes
    lines = good.splitlines(keepends=True)
    if data.draw(st.booleans(), label="a byte, not a line"):
        position = data.draw(st.integers(0, len(good) - 1))
        changed = good[:position] + bytes([good[position] ^ data.draw(st.integers(1, 255))]) + good[position + 1 :]
    else:
        order = data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=1, max_size=len(lines) + 2))
        changed = b"".join(lines[number] for number in order)
        if order == list(range(len(order))):  # the list as it was, or its beginning: only a witness tells
            return
    (folder / key_list.KEY_LIST).write_bytes(changed)
    with pytest.raises(IntegrityFailure) as caught:
        key_list.read(folder)
    assert "keys.jsonl, line " in caught.value.where


def _registration(request: dict) -> dict:
    asked = key_list.asked_in(request)
    return {
        "action": "register",
        "key_id": asked.key_id,
        "public": asked.public,
        "name": asked.name,
        "role": asked.role,
        "verbs": list(asked.verbs),
        "at": MADE_AT,
    }


def _registration_of(signer: Signer) -> dict:
    key = signer.key
    document = {"action": "register", "key_id": key.key_id, "public": key.public, "name": key.name}
    return document | {"role": key.role, "verbs": list(key.verbs), "at": MADE_AT}


def test_a_cut_list_is_still_a_list_and_its_head_tells(trusted: Trusted) -> None:
    """Nothing in a list says where the list ends: the witness of governance keeps the head."""
    path = trusted.folder / key_list.KEY_LIST
    head = chain.head(path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
    assert len(key_list.read(trusted.folder)) == KEYS - 1
    with pytest.raises(IntegrityFailure, match="no longer holds the entry"):
        chain.verify(path, head)
