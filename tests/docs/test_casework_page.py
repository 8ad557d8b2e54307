"""The tables of casework on their page: fresh, complete, and stale when a row changes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import casework

from serving.casework.policy import load_casework_policy
from serving.casework.transitions import STATES, transitions
from serving.casework.words import words

PAGE = Path(__file__).parents[2] / "docs" / "casework.md"
TEXT = casework.tables()


def test_the_page_in_the_repository_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8").partition(casework.MARKER)[2] == f"\n\n{TEXT}", "run make docs"


def test_every_act_check_clock_and_code_is_on_the_page() -> None:
    table = transitions()
    for act in table.acts:
        assert (f"\n| `{act.act}` {act.title} | " in TEXT) is act.in_use
        assert (f"\n| (`{act.act}` {act.title}) | " in TEXT) is not act.in_use
    assert all(f"\n| {check} | {meaning} |" in TEXT for check, meaning in table.checks.items())
    assert all(f"\n| `{clock}` | " in TEXT for clock in load_casework_policy().clocks)
    for name, vocabulary in words().vocabularies.items():
        for code in vocabulary.codes.values():
            assert f"| {code.title} | {code.meaning} |" in TEXT, name


def test_the_diagram_has_every_state_and_leaves_each() -> None:
    diagram = TEXT.partition("```mermaid\n")[2].partition("```")[0]
    edges = re.findall(r"^  (\S+) --> (\S+?)(?::|$)", diagram, flags=re.MULTILINE)
    assert {state for state, _ in edges} == {"[*]", *STATES}
    assert {to for _, to in edges} == {"[*]", *STATES}
    assert ("[*]", "waiting") in edges


def test_a_stale_page_is_told_and_its_prose_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "casework.md"
    assert casework.main(["--page", str(page)]) == 1
    assert capsys.readouterr().err.startswith("casework.md has no marker below which its tables are written")
    page.write_text(f"# Cases\n\nBy hand.\n\n{casework.MARKER}\n", encoding="utf-8")
    assert casework.main(["--page", str(page)]) == 0
    assert casework.main(["--check", "--page", str(page)]) == 0
    assert page.read_text(encoding="utf-8").startswith("# Cases\n\nBy hand.\n\n<!--")
    page.write_text(page.read_text(encoding="utf-8").replace("Act today", "Act soon", 1), encoding="utf-8")
    assert casework.main(["--check", "--page", str(page)]) == 1
    assert capsys.readouterr().err == "casework.md is stale: run make docs\n"
