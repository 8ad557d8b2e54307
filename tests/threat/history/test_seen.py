"""What an account remembers of a store: which files need not be read again, and the newest record it saw."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fixtures.history_rows import BATCH, events
from fixtures.signed_history import signed_history
from fixtures.trusted import Trusted

from threat.errors import IntegrityFailure
from threat.history import Store, seen
from threat.history.seen import Seen, cache_folder


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = signed_history(tmp_path / "store")
    store.snapshot()
    read: list[str] = []
    monkeypatch.setattr(seen, "_hash_of", lambda path: (read.append(path.name), "other")[1])
    Store.open(store.path).snapshot()
    assert read == []
    part = next(store.path.glob("parts/persons/*.parquet"))
    before = part.stat()
    part.write_bytes(part.read_bytes())
    os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))  # the time of the inode cannot be set back
    with pytest.raises(IntegrityFailure, match="This part was changed"):
        Store.open(store.path).snapshot()
    assert read == [part.name]


def test_the_head_never_goes_back(tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch) -> None:
    force_trusted.use(monkeypatch)
    store = signed_history(tmp_path / "store")
    older = (store.path / "manifest.json").read_bytes()
    store.append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 1})})
    newer = (store.path / "manifest.json").read_bytes()
    (store.path / "manifest.json").write_bytes(older)
    with pytest.raises(IntegrityFailure, match="lacks records that this account saw before") as refused:
        Store.open(store.path)
    remembered = Path(refused.value.way_out.rpartition("remove ")[2])
    (store.path / "manifest.json").write_bytes(newer)
    assert Store.open(store.path).snapshot().row_count("events") == 5
    # Who put the older copy there on purpose says so.
    (store.path / "manifest.json").write_bytes(older)
    remembered.unlink()
    assert Store.open(store.path).snapshot().row_count("events") == 4


def test_a_reader_remembers_the_head_that_it_verified(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)
    store = signed_history(tmp_path / "store")
    older = (store.path / "manifest.json").read_bytes()
    store.append(BATCH, {"events": events({"event_id": 9, "subject_id": 5, "occurred_at": 1})})
    monkeypatch.setenv("THREAT_CACHE", str(tmp_path / "reader"))
    Store.open(store.path).snapshot()
    (store.path / "manifest.json").write_bytes(older)
    with pytest.raises(IntegrityFailure, match="lacks records that this account saw before"):
        Store.open(store.path)


def test_a_history_put_in_the_place_of_another_is_noticed(
    tmp_path: Path, force_trusted: Trusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_trusted.use(monkeypatch)
    store, other = signed_history(tmp_path / "store"), signed_history(tmp_path / "other")
    store.path.rename(tmp_path / "away")
    other.path.rename(store.path)
    with pytest.raises(IntegrityFailure, match="Another history is here"):
        Store.open(store.path)


def test_a_folder_that_others_can_write_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("THREAT_CACHE", str(shared))
    shared.chmod(0o770)
    assert cache_folder() is None
    shared.chmod(0o700)
    assert cache_folder() == shared
    monkeypatch.setenv("THREAT_CACHE", str(tmp_path / "store" / "cache"))
    assert Seen.of(tmp_path / "store").file is None  # below the store: who writes the one writes the other


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"history": 1, "sequence": 0, "head": "", "stamps": {}}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("THREAT_CACHE", str(tmp_path / "cache"))
    store = signed_history(tmp_path / "store")
    store.snapshot()
    [file] = (tmp_path / "cache" / "stores").iterdir()
    file.write_bytes(content)
    assert Store.open(store.path).snapshot().row_count("events") == 4
