"""``docs/crosswalks.md`` is made from the crosswalks and says where each item is."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages.crosswalks import main, page

ROOT = Path(__file__).parents[2]


def test_the_page_is_what_the_data_say() -> None:
    assert (ROOT / "docs" / "crosswalks.md").read_text(encoding="utf-8") == page()


def test_an_item_has_its_fields_with_a_mark_for_those_a_person_fills_or_its_reason() -> None:
    lines = page().splitlines()
    assert (
        "| Ethics approval | who approved the study | Legal and ethical basis: Ethics committee's advice*; Legal and "
        "ethical basis: Documents in date |" in lines
    )
    assert any(
        line.startswith("| Updating | ") and "| None: a released model is never updated" in line for line in lines
    )


def test_a_page_that_differs_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "crosswalks.md"
    assert main(["--check", "--out", str(out)]) == 1
    assert "Run: make docs" in capsys.readouterr().err
    assert main(["--out", str(out)]) == 0
    assert main(["--check", "--out", str(out)]) == 0
