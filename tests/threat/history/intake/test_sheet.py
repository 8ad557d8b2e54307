"""Files that cannot be read as a whole, each with the sentence that says why."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from fixtures.standard_export import GOOD, HEADER, NOW, events, line

from threat.errors import BadInput
from threat.history import Store
from threat.history.intake.load import load


def _bad_gzip(folder: Path) -> None:
    whole = gzip.compress("\n".join(events(*[GOOD] * 500)).encode())
    (folder / "events.csv.gz").write_bytes(whole[: len(whole) // 2])


def _not_gzip(folder: Path) -> None:
    (folder / "events.csv.gz").write_text("\n".join(events(GOOD)))


def _latin(folder: Path) -> None:
    (folder / "events.csv").write_bytes("\n".join(events(GOOD, GOOD | {"subject": "Zoë"})).encode("cp1252"))


def _missing_column(folder: Path) -> None:
    (folder / "events.csv").write_text("event,subject,occurred_at\nE1,anna,2024-01-01\n")


def _unknown_column(folder: Path) -> None:
    (folder / "events.csv").write_text(f"{HEADER},mood\n{line(**GOOD)},bad\n")


def _twice(folder: Path) -> None:
    (folder / "events.csv").write_text(f"{HEADER},kind\n{line(**GOOD)},x\n")


@pytest.mark.parametrize(
    ("make", "problem", "value"),
    [
        (lambda folder: None, "The export lacks files the profile reads.", "persons.csv"),
        (lambda folder: (folder / "events.csv").write_text(""), "The file is empty.", ""),
        (lambda folder: (folder / "events.csv.gz").write_bytes(gzip.compress(b"")), "The file is empty.", ""),
        (lambda folder: (folder / "events.csv").write_text(HEADER), "The file has a header and no rows.", ""),
        (_bad_gzip, "The file ends too early: its compressed data is cut off.", ""),
        (_not_gzip, "The file is named .gz but is damaged or not compressed.", ""),
        (_latin, "The file is not in the encoding the profile names (utf-8).", "byte 0xeb"),
        (_missing_column, "Columns are missing.", "kind, recorded_at"),
        (_unknown_column, "The file has columns the profile does not know.", "mood"),
        (_twice, "The header repeats a column.", "kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_cannot_be_read(tmp_path: Path, make: Any, problem: str, value: str) -> None:
    export = tmp_path / "export"
    export.mkdir()
    make(export)
    with pytest.raises(BadInput) as raised:
        load("standard_csv", export, tmp_path / "store", NOW)
    assert raised.value.problem == problem
    assert value in str(raised.value.value)
    assert str(export) in raised.value.where
    assert raised.value.way_out
    assert raised.value.exit_code == 3
    if (tmp_path / "store").exists():
        assert Store.open(tmp_path / "store").snapshot().batches == ()
