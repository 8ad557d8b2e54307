"""Bars on validation on the results page: a row for each preset, and nothing of fewer than ten outcomes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fixtures.validation_bars import bar
from pages.results_bars import bar_lines

from threat.release.documents.validation_bar import ValidationBar


def run(comparators: ValidationBar | None) -> Any:
    return SimpleNamespace(choices=SimpleNamespace(bar=comparators))


def test_every_preset_with_a_bar_has_a_row() -> None:
    few = bar(events=12, verdict="not_enough_evidence", power=None, reason="neither caught 10 outcomes")
    *_, met, not_read, withheld, end = bar_lines(
        {"monthly": run(bar()), "incident": run(few), "before": run(None), "rare": run(bar(events=9))}, public=True
    )
    first = "LightGBM on the base | Elastic-net logistic regression"
    assert met == (
        f"| `monthly` | {first} | 41 | +0.0100 (-0.0080 to +0.0300) | not worse, the bar is met | 0.028 | 52% |"
    )
    assert not_read == (
        f"| `incident` | {first} | 12 | neither caught 10 outcomes | not enough evidence, the bar is not met | - | - |"
    )
    assert withheld == f"| `rare` | {first} | fewer than 10 | withheld | withheld | withheld | withheld |"
    assert end == ""
    assert "| 9 |" in "\n".join(bar_lines({"rare": run(bar(events=9))}, public=False))


def test_runs_of_before_have_no_bars() -> None:
    assert bar_lines({"before": run(None)}, public=True) == []


def test_the_section_says_what_the_bar_is_and_what_favours_whom() -> None:
    text = bar_lines({"monthly": run(bar())}, public=True)[0]
    assert "whole interval is above -0.02" in text
    assert "which flatters it; the better of the two was picked on them too, which makes the bar harder" in text
