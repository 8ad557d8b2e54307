"""The data dictionary: complete, in the right order, fresh; and the drawn tables behind it leave nothing out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from fixtures.spec_tables import SPEC, read_folder
from pages import feature_dictionary as dictionary

from features.definitions import Scope
from features.factors import factors, references
from features.load import load_catalogue
from features.rules import RULES
from features.sentences import THEMES
from features.statistics import STATISTICS

CATALOGUE = load_catalogue()
PAGE = Path(__file__).parents[2] / "docs" / "features.md"
TEXT = dictionary.page(CATALOGUE, SPEC)


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_page_in_the_repository_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == TEXT, "run make docs"


def test_every_definition_is_shown_once_with_every_field() -> None:
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", section("Every definition, by theme"), flags=re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(CATALOGUE.names)
    for name, rest in rows:
        d, cells = CATALOGUE[name], [cell.strip() for cell in rest.split("|")]
        assert len(cells) == 8
        assert cells[0] == dictionary.example(d)
        assert cells[1].startswith(f"`{d.statistic}`")
        assert (cells[2], cells[4], cells[5]) == (d.unit, d.missing, "yes" if d.sensitive else "no")
        ways = {1: "may only raise", 0: "none", -1: "more may only lower"}
        way = "may only raise, by policy" if d.policy else ways[d.direction]
        assert cells[3] == (way if d.read_by_model else f"{way}; no model reads it")
        assert cells[6] == ("yes" if d.base else "no")
        assert d.source in cells[7]


def test_sensitive_definitions_come_before_the_themes_with_their_justification() -> None:
    assert TEXT.index("## Sensitive definitions") < TEXT.index("## Every definition, by theme")
    shown = dict(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", section("Sensitive definitions"), flags=re.MULTILINE))
    assert shown == {d.name: d.justification for d in CATALOGUE if d.sensitive}


def test_counts_by_direction_add_up() -> None:
    counts = {
        word: int(n) for word, n in re.findall(r"^\| (\w[\w ]+) \| (\d+) \|$", section("Directions"), re.MULTILINE)
    }
    assert sum(counts.values()) == len(CATALOGUE)
    assert counts["may only raise"] == sum(d.direction == 1 for d in CATALOGUE)


def test_every_factor_theme_rule_and_reference_is_on_the_page() -> None:
    assert all(
        factor.finding in section("Published risk factors and the definitions that serve them") for factor in factors()
    )
    assert all(title in section("Every definition, by theme") for title in THEMES.values())
    assert all(rule.title in section("Rule rankings") for rule in RULES.values())
    assert all(reference.title in section("References") for reference in references().values())


def test_every_statistic_has_words() -> None:
    words = section("Kinds of figure")
    assert all(f"| `{statistic}` |" in words for statistic in STATISTICS)


def test_no_page_calls_anyone_safe() -> None:
    assert not re.search(r"low[- ]risk|\bsafe\b|from memory", TEXT, flags=re.IGNORECASE)


def test_drawn_tables_cover_every_statistic_and_every_scope() -> None:
    drawn = [CATALOGUE[expected.definition] for spec in read_folder() for expected in spec.expected]
    assert {d.statistic for d in drawn} == set(STATISTICS)
    assert {d.scope for d in drawn} == set(get_args(Scope))
    assert len(drawn) >= 150


def test_drawn_tables_are_part_of_the_page() -> None:
    titles = [spec.title for spec in read_folder()]
    assert len(set(titles)) == len(titles)
    assert all(f"\n#### {title}\n" in TEXT for title in titles)


def test_check_says_stale_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, spec = tmp_path / "features.md", ["--spec", str(SPEC)]
    assert dictionary.main(["--check", "--page", str(page), *spec]) == 1
    assert not page.exists()
    assert "stale" in capsys.readouterr().err
    assert dictionary.main(["--page", str(page), *spec]) == 0
    assert dictionary.main(["--check", "--page", str(page), *spec]) == 0
    page.write_text("old")
    assert dictionary.main(["--check", "--page", str(page), *spec]) == 1
    assert page.read_text() == "old"


def test_a_page_without_drawn_tables_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        dictionary.main(["--page", str(tmp_path / "features.md"), "--spec", str(tmp_path / "nowhere")])
    assert stop.value.code == 2
    assert "run it in a checkout" in capsys.readouterr().err
    assert not (tmp_path / "features.md").exists()
