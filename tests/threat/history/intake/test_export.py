"""The files of an export: what is of no table, twice or ignored on purpose."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import yaml
from fixtures.standard_export import GOOD, NOW, events, profile_text, write

from threat.errors import BadInput
from threat.history.intake.load import load


@pytest.mark.parametrize(
    "name", ["event.csv", "events (2).csv", "Events.csv", "events.csv.bak", "README.txt", "persons.txt", "2024/x.csv"]
)
def test_a_stray_file_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    export = write(tmp_path / "export", events=events(GOOD))
    (export / name).parent.mkdir(exist_ok=True)
    (export / name).write_text("x")
    with pytest.raises(BadInput) as raised:
        load("standard_csv", export, tmp_path / "store", NOW)
    assert raised.value.problem == "The export holds files that the profile does not read."
    assert raised.value.value == (name if "/" not in name else "2024/")
    assert not (tmp_path / "store").exists()


def test_a_file_that_is_there_packed_and_unpacked_is_refused(tmp_path: Path) -> None:
    export = write(tmp_path / "export", events=events(GOOD))
    (export / "events.csv.gz").write_bytes(gzip.compress("\n".join(events(GOOD)).encode()))
    with pytest.raises(BadInput, match="The export has the file events twice") as raised:
        load("standard_csv", export, tmp_path / "store", NOW)
    assert raised.value.value == "events.csv, events.csv.gz"


def test_a_profile_may_ignore_files_and_nobody_exports_names_with_a_dot(tmp_path: Path) -> None:
    document = yaml.safe_load(profile_text("standard_csv")) | {"ignored_files": ["*.txt", "SHA256SUMS"]}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(document))
    export = write(tmp_path / "export", events=events(GOOD))
    for name in ("notes.txt", "SHA256SUMS", ".DS_Store"):
        (export / name).write_text("x")
    assert load(str(tmp_path / "own.yaml"), export, tmp_path / "store", NOW).rows_kept == 1
