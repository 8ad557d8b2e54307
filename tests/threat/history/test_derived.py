"""Derived arrays: a signed sidecar says what they are; whatever does not match is rebuilt and said, never believed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fixtures.history_rows import BATCH, events
from fixtures.signed_history import signed_history
from fixtures.trusted import Trusted

from threat.history import Store, derived


def sightings_folder(store: Store) -> Path:
    [folder] = (store.path / "derived" / store.snapshot().id).glob("sightings-*")
    return folder


def values(store: Store) -> list[int]:
    return [int(value) for value in store.snapshot().sightings().event_id]


EXPECTED = [1, 2, 3, 1, 2, 4]


@pytest.fixture
def signed(tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A signed history with its arrays made."""
    force_trusted.use(monkeypatch)
    store = signed_history(tmp_path / "store")
    assert values(store) == EXPECTED
    return store


def test_the_sidecar_names_snapshot_code_and_files(signed: Store, force_trusted: Trusted) -> None:
    folder = sightings_folder(signed)
    envelope = json.loads((folder / "sidecar.json").read_bytes())["envelope"]
    said, key = force_trusted.trust.verify(envelope, derived.PAYLOAD_TYPE, "intake")
    assert key.verbs == ("intake",)
    assert set(said["files"]) == {path.name for path in folder.iterdir()} - {"sidecar.json"}
    assert (said["snapshot"], said["name"], said["environment"]) == (signed.snapshot().id, "sightings", "force")
    assert (said["history"], said["code"]) == (signed.manifest().history, derived.code_version())
    assert folder.name == f"sightings-{said['layout']}"


def edit_array(folder: Path) -> None:
    array = np.load(folder / "occurred_at.npy")
    array[0] += 1
    np.save(folder / "occurred_at.npy", array)


def edit_array_and_its_hash(folder: Path) -> None:
    edit_array(folder)
    sidecar = json.loads((folder / "sidecar.json").read_bytes())
    (folder / "sidecar.json").write_text(json.dumps({"statement": sidecar}))


def sidecar_of_another_name(folder: Path) -> None:
    [other] = folder.parent.glob("relationships-*")
    shutil.copy(other / "sidecar.json", folder / "sidecar.json")


SPOILT: list[tuple[Callable[[Path], object], str]] = [
    (edit_array, "occurred_at.npy was changed"),
    (edit_array_and_its_hash, "their sidecar cannot be read (KeyError)"),
    (sidecar_of_another_name, "they were made of another layout and name"),
    (lambda folder: (folder / "sidecar.json").unlink(), "their sidecar cannot be read (FileNotFoundError)"),
    (lambda folder: (folder / "sidecar.json").write_text("[1, 2"), "their sidecar cannot be read (MalformedError)"),
    (lambda folder: (folder / "sidecar.json").write_text("[]"), "their sidecar cannot be read (MalformedError)"),
    (lambda folder: (folder / "persons.npy").unlink(), "files are missing or too many: persons.npy"),
    (lambda folder: (folder / "more.npy").write_bytes(b""), "files are missing or too many: more.npy"),
    (lambda folder: (folder / "meta.json").write_text("{}"), "meta.json was changed"),
]


@pytest.mark.parametrize(("spoil", "said"), SPOILT, ids=[said for _, said in SPOILT])
def test_whatever_is_off_is_rebuilt_and_said(
    signed: Store, spoil: Callable[[Path], object], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sightings_folder(signed)
    before = np.load(folder / "occurred_at.npy").tolist()
    spoil(folder)
    capsys.readouterr()
    again = Store.open(signed.path).snapshot().sightings()
    assert (again.event_id.tolist(), again.occurred_at.tolist()) == (EXPECTED, before)
    assert f"{said} ({folder})" in capsys.readouterr().err
    assert values(Store.open(signed.path)) == EXPECTED
    assert capsys.readouterr().err == ""  # mended


def test_arrays_of_another_snapshot_put_in_place_are_rebuilt(signed: Store, capsys: pytest.CaptureFixture[str]) -> None:
    before = sightings_folder(signed)
    signed.append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 70})})
    there = signed.path / "derived" / signed.snapshot().id
    there.mkdir()
    shutil.copytree(before, there / before.name)
    assert values(signed) == [1, 2, 3, 9, 1, 2, 4]
    assert "they were made of another snapshot" in capsys.readouterr().err


def test_arrays_of_other_code_are_rebuilt(
    signed: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(derived, "code_version", lambda: "another")
    assert values(signed) == EXPECTED
    assert "they were made of another code" in capsys.readouterr().err


def test_a_process_without_the_key_uses_what_is_signed_and_builds_the_rest_for_itself(
    signed: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = sightings_folder(signed)
    monkeypatch.setenv("THREAT_KEYS", str(tmp_path / "none"))
    monkeypatch.setenv("THREAT_CACHE", str(tmp_path / "own"))
    assert values(Store.open(signed.path)) == EXPECTED
    assert not (tmp_path / "own" / "derived").exists()
    edit_array(folder)
    spoilt = (folder / "occurred_at.npy").read_bytes()
    assert values(Store.open(signed.path)) == EXPECTED
    said = capsys.readouterr().err
    assert "occurred_at.npy was changed" in said
    assert "has no key of intake" in said
    assert (folder / "occurred_at.npy").read_bytes() == spoilt
    [own] = (tmp_path / "own" / "derived").glob("*/*/sightings-*")
    made = (own / "sidecar.json").stat().st_mtime_ns
    assert values(Store.open(signed.path)) == EXPECTED
    assert (own / "sidecar.json").stat().st_mtime_ns == made


def test_without_a_trust_folder_arrays_are_hashed_all_the_same(
    tmp_path: Path, no_trust: None, capsys: pytest.CaptureFixture[str]
) -> None:
    store = signed_history(tmp_path / "store")
    assert values(store) == EXPECTED
    edit_array(sightings_folder(store))
    assert values(Store.open(store.path)) == EXPECTED
    assert "occurred_at.npy was changed" in capsys.readouterr().err
