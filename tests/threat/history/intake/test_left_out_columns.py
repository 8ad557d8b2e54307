"""A profile may leave out any column that is not required, of any source: the load does without."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from fixtures.drawn import drawn
from fixtures.source_examples import LOADED_AT, SOURCES
from fixtures.standard_export import profile_text
from hypothesis import given
from hypothesis import strategies as st

from threat.history.intake.load import load
from threat.history.intake.profile import load_profile
from threat.history.intake.report import LoadReport
from threat.history.intake.sources import source_names

OPTIONAL = [
    (source, file.name, column.name)
    for source in source_names()
    for file in load_profile(source).files
    for column in file.columns
    if not column.required
]


def loaded_without(source: str, left_out: set[tuple[str, str]]) -> LoadReport:
    """Load a source's example with a profile that ignores these (file, column)."""
    document: dict[str, Any] = yaml.safe_load(profile_text(source))
    for file, name in left_out:
        part = document["files"][file]
        column = load_profile(source).files[list(document["files"]).index(file)].column(name)
        del part["columns"][name]
        part["key"] = [key for key in part.get("key", []) if key != name]
        part["ignored"] = [*part.get("ignored", []), column.source if column else name]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "own.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        if "code_map" in document:
            shutil.copy(SOURCES / source / document["code_map"], folder)
        return load(str(folder / "own.yaml"), SOURCES / source / "example/in", folder / "store", LOADED_AT)


@pytest.mark.parametrize("source", source_names())
def test_without_any(source: str) -> None:
    report = loaded_without(source, {(file, column) for of, file, column in OPTIONAL if of == source})
    assert report.rows_in == report.rows_kept + report.rows_quarantined
    assert report.new["persons"] > 0


@drawn(10)
@given(st.data())
def test_without_some_columns(data: st.DataObject) -> None:
    source = data.draw(st.sampled_from(source_names()))
    columns = [(file, column) for of, file, column in OPTIONAL if of == source]
    report = loaded_without(source, data.draw(st.sets(st.sampled_from(columns))))
    assert report.rows_in == report.rows_kept + report.rows_quarantined
