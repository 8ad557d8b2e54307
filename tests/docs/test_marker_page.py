"""The page of the markers: fresh, complete, and stale when a drawn table changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fixtures.marker_tables import read_markers
from pages import marker_page

from serving.relationship.marker_table import marker_definitions

PAGE = Path(__file__).parents[2] / "docs" / "markers.md"
TEXT = marker_page.page()


def test_the_page_in_the_repository_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == TEXT, "run make docs"


def test_every_marker_and_every_drawn_table_is_on_the_page() -> None:
    for definition in marker_definitions():
        assert TEXT.count(f"\n| {definition.title} | ") == 1
    assert re.findall(r"^#### (.+)$", TEXT, flags=re.MULTILINE) == [spec.title for spec in read_markers()]


def test_a_stale_page_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "markers.md"
    assert marker_page.main(["--page", str(page)]) == 0
    assert marker_page.main(["--check", "--page", str(page)]) == 0
    page.write_text(page.read_text(encoding="utf-8").replace("| yes |", "| no |", 1), encoding="utf-8")
    assert marker_page.main(["--check", "--page", str(page)]) == 1
    assert capsys.readouterr().err == "markers.md is stale: run make docs\n"
