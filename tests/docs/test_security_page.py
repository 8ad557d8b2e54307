"""Every row of the threat model names a test that there is, every verb has its theft, and the figures are those run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fixtures.attacked import COLUMNS

from threat.trust.verbs import verbs

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
SECTIONS = dict(zip(*[iter(re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)[1:])] * 2, strict=True))
NAMED = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")
ATTACKS = (
    "The history that everything is computed from",
    "The evidence of a release",
    "What reviewers read",
    "Whom the product believes, and which model is in service",
    "Who read what",
    "What is decided of a case",
    "After a key was revoked or retired",
)


def rows(section: str) -> list[list[str]]:
    """Cells of the rows of a section's table, without its head."""
    lines = [line for line in SECTIONS[section].splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize("section", [*ATTACKS, "Theft of a key"])
def test_every_row_names_a_test_that_there_is(section: str) -> None:
    table = rows(section)
    assert len(table) >= 7
    for row in table:
        named = NAMED.fullmatch(row[-1])
        assert named, row
        source = (ROOT / named[1]).read_text(encoding="utf-8")
        assert f"def {named[2]}(" in source, row
        assert all(row[:-1]), row


def test_every_verb_has_its_theft() -> None:
    assert [row[0].strip("`") for row in rows("Theft of a key")] == list(verbs())


def test_tests_that_are_named_in_a_sentence_are_there_too() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    names = re.findall(r"`(test_[a-z0-9_]+)`", PAGE)
    assert len(names) >= 4
    assert [name for name in names if f"def {name}(" not in sources] == []


def test_every_attack_of_the_folder_is_on_the_page() -> None:
    """But those of the history, which docs/data.md describes, and those that a table says in one row."""
    for path in sorted((ROOT / "tests" / "attacks").glob("test_*.py")):
        if path.name.startswith(("test_store", "test_mutations")):
            continue
        names = re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert [name for name in names if name not in PAGE] == [], path.name


def test_every_column_of_the_log_is_attacked() -> None:
    from serving.audit.tables import AUDIT_ENTRIES

    assert set(COLUMNS) | {"sequence"} == {column.name for column in AUDIT_ENTRIES.c}


def test_what_is_not_defended_is_said() -> None:
    assert SECTIONS["What is not defended"].count("- **") >= 8
