"""Limits on the files of a load, stopped before anything is kept: sizes, room in the arrays, a full disk."""

from __future__ import annotations

import errno
import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from fixtures.standard_export import GOOD, HEADER, NOW, events, line, profile_text, write

from threat.errors import BadInput, UsageError
from threat.history import Store
from threat.history.intake import unpacked
from threat.history.intake.limits import Limits, limits_from
from threat.history.intake.load import load
from threat.history.intake.profile import load_profile
from threat.history.sightings import COLUMNS


def own_profile(tmp_path: Path, **keys: Any) -> str:
    """Write a copy of the shipped profile with other keys, and return its path."""
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(profile_text("standard_csv")) | keys))
    return str(path)


def test_a_packed_file_is_stopped_while_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export, read = tmp_path / "export", []
    export.mkdir()
    # 64 MB of one letter in 64 kB.
    (export / "events.csv.gz").write_bytes(gzip.compress(HEADER.encode() + b"\n" + b"a" * 64_000_000))
    monkeypatch.setattr(unpacked, "_BLOCK", 1 << 16)
    profile = own_profile(tmp_path, limits={"file_bytes": 1_000_000})
    with pytest.raises(BadInput) as raised:
        load(profile, export, tmp_path / "store", NOW, read.append)
    assert raised.value.problem == "The file is larger than 1,000,000 bytes unpacked."
    assert len(read) == 1 + 1_000_000 // (1 << 16)
    assert Store.open(tmp_path / "store").snapshot().batches == ()


def test_the_environment_goes_before_the_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export = write(tmp_path / "export", events=events(GOOD))
    profile = own_profile(tmp_path, limits={"file_bytes": 100})
    with pytest.raises(BadInput, match="The file is larger than 100 bytes"):
        load(profile, export, tmp_path / "store", NOW)
    monkeypatch.setenv("THREAT_LIMIT_FILE_BYTES", "1_000_000")
    assert load_profile(profile).limits == Limits(file_bytes=1_000_000)
    assert load(profile, export, tmp_path / "store", NOW).rows_kept == 1


@pytest.mark.parametrize("value", ["0", "-5", "2 GB", "1e9", "", "yes"])
def test_what_is_no_limit(tmp_path: Path, value: str) -> None:
    assert limits_from({"record_bytes": value}, {}) == (Limits(), [("record_bytes", value)])
    with pytest.raises(UsageError, match="Not a limit, or not a whole number from 1 on"):
        load_profile(own_profile(tmp_path, limits={"record_lines": 10, "lines": 3}))


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"quarantine_limit": 1.5}, "quarantine_limit is neither a number of rows nor a share below 1."),
        ({"quarantine_limit": "some"}, "quarantine_limit is neither a number of rows nor a share below 1."),
        ({"identical_rows": 0}, "identical_rows is not a number of rows from 1 on."),
    ],
)
def test_limits_on_rows_that_are_none(tmp_path: Path, keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError) as raised:
        load_profile(own_profile(tmp_path, **keys))
    assert raised.value.problem == problem


def test_more_source_systems_than_the_arrays_hold_are_refused_before_the_commit(tmp_path: Path) -> None:
    most = int(np.iinfo(np.dtype(COLUMNS["source"])).max)
    head = HEADER + ",source_system"
    rows = [line(**GOOD | {"event": f"E{i}"}) + f",system {i:03}" for i in range(most + 1)]
    store = tmp_path / "store"
    load("standard_csv", write(tmp_path / "one", events=[head, *rows[:most]]), store, NOW)
    before = Store.open(store).snapshot()
    assert len(before.sightings().source_names) == most
    with pytest.raises(BadInput) as raised:
        load("standard_csv", write(tmp_path / "two", events=[head, rows[most]]), store, NOW)
    assert raised.value.problem == f"The load brings the history to {most + 1} different values of source_system."
    assert Store.open(store).snapshot().id == before.id


def test_more_codes_than_the_arrays_hold_are_refused_before_the_commit(tmp_path: Path) -> None:
    rows = [line(**GOOD | {"event": f"E{i}", "kind": "theft", "code": f"text {i}"}) for i in range(32_768)]
    with pytest.raises(BadInput, match="different values of code") as raised:
        load("standard_csv", write(tmp_path / "export", events=[HEADER, *rows]), tmp_path / "store", NOW)
    assert raised.value.exit_code == 3
    assert Store.open(tmp_path / "store").snapshot().batches == ()


class FullDisk:
    """A disk that is full at the n-th write of a Parquet file, of a file's content, or of its name."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
        self.writes, self.at = 0, at
        for owner, name in ((pq.ParquetWriter, "write_batch"), (pq, "write_table"), (os, "fsync"), (Path, "replace")):
            monkeypatch.setattr(owner, name, self._refusing(getattr(owner, name)))

    def _refusing(self, write: Any) -> Any:
        def refuse(*arguments: Any, **options: Any) -> Any:
            self.writes += 1
            if self.writes == self.at:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(*arguments, **options)

        return refuse


def files_of(store: Path) -> dict[str, bytes]:
    return {str(path.relative_to(store)): path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}


def test_a_disk_that_is_full_at_any_write_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What an account remembers of a store is outside of it, and no load fails where that cannot be written.
    monkeypatch.setattr("threat.history.seen.cache_folder", lambda: None)
    store = tmp_path / "store"
    load("standard_csv", write(tmp_path / "one", events=events(GOOD)), store, NOW)
    export = write(
        tmp_path / "two",
        events=events(GOOD | {"event": "E2"}, GOOD | {"event": "E3", "kind": "quarrel"}),
        persons=["person,birth_year,recorded_at", "anna,1980,2024-01-01"],
    )
    before = {name: content for name, content in files_of(store).items() if name != "lock"}
    for at in range(1, 60):
        with pytest.MonkeyPatch.context() as patch:
            disk = FullDisk(patch, at)
            try:
                report = load("standard_csv", export, store, NOW)
            except BadInput as error:
                said = error
            else:
                break
        assert said.problem == "The disk is full: nothing was loaded, the history is as it was."
        assert (said.exit_code, said.value) == (3, os.strerror(errno.ENOSPC))
        after = {name: content for name, content in files_of(store).items() if name != "lock"}
        assert after == before
    # Every write of the load was refused once: two tables, the quarantine and the manifest have at least these.
    assert disk.writes < at
    assert at > 10
    assert report.rows_kept == 2
