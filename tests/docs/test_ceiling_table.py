"""The table of one world, from drawn captures: shares of the ceiling, what is above it, and what the page says."""

from __future__ import annotations

import doctest
from dataclasses import replace
from types import ModuleType

import pytest
from pages import ceiling_bars, ceiling_page, ceiling_plan
from pages.ceiling_bars import MET
from pages.ceiling_cache import TakenStep
from pages.ceiling_measure import MeasuredForce, MeasuredWorld
from pages.ceiling_page import Evidence, chart, document, page
from pages.ceiling_plan import WORLDS, Plan
from pages.ceiling_table import table_of
from pages.ceiling_training import Trained

from threat.release.documents.expected_captures import CeilingFit, TriedRecipe

LADDER = (1, 2, 4, 8, 16)


def at_all_lengths(captures: float) -> dict[int, float]:
    """Captures of a list of 4, and in proportion to the length at the others."""
    return {size: captures * size / 4 for size in LADDER}


def force(seed: int, **captures: float) -> MeasuredForce:
    met = {name: at_all_lengths(value) for name, value in captures.items()}
    deadly = {name: at_all_lengths(value / 10) for name, value in captures.items()}
    trained = Trained(approach="on_base", fit_rows="monthly", rows=900, rows_with_outcome=40 + seed)
    return MeasuredForce(seed, f"e{seed}", trained, met, deadly)


def world(name: str = "default", *, rule: float = 1.0) -> MeasuredWorld:
    fixed = {"recipe_base": 1.8, "recipe_trees": 2.0, "rule_rfg": 0.5, "rule_trailing_year_harm": rule, "oracle": 4.0}
    recipes = tuple(
        TriedRecipe(name=recipe, title=recipe, rounds=rounds, deviance_explained=0.3, captured=captured)
        for recipe, rounds, captured in (("base", 0, 0.1), ("trees", 80, 0.2))
    )
    fit = CeilingFit(
        rows=1000, recipe="trees", tried=recipes, rounds=80, draws=16, mean_risk=0.002, deviance_explained=0.3
    )
    return MeasuredWorld(
        world=WORLDS[name],
        rows=700,
        places=4,
        expected_outcomes=9.0,
        expected_deadly_outcomes=0.9,
        ceiling=fit,
        fixed={name: at_all_lengths(value) for name, value in fixed.items()},
        fixed_deadly={name: at_all_lengths(value / 10) for name, value in fixed.items()},
        forces=(
            force(1, elastic_net=1.4, score=1.7, on_base=1.7),
            force(2, elastic_net=1.2, score=1.8),
            force(3, elastic_net=1.0, score=1.6, on_base=1.6),
        ),
    )


def test_shares_of_the_ceiling() -> None:
    rows = {row.name: row for row in table_of(world()).rows}
    assert list(rows) == [
        "score", "on_base", "elastic_net",
        "rule_trailing_year_harm", "rule_rfg", "recipe_trees", "recipe_base", "oracle",
    ]  # fmt: skip
    assert rows["score"].captures == pytest.approx(1.7)
    assert rows["score"].share.mean == pytest.approx(0.85)
    assert rows["score"].half.mean == rows["score"].four.mean == pytest.approx(0.85)
    assert rows["score"].deadly == pytest.approx(0.17)
    assert rows["score"].deadly_share.mean == pytest.approx(0.85)
    assert rows["score"].share.n == 3
    assert rows["on_base"].title == "LightGBM on the base (on 2 of 3 forces)"
    assert rows["recipe_trees"].title == "**ceiling**: LightGBM from scratch"
    assert rows["recipe_trees"].share.mean == 1.0
    assert rows["oracle"].share.mean == pytest.approx(2.0)


def test_the_bar_of_each_world() -> None:
    bar = table_of(world()).bar
    assert bar.measured.mean == pytest.approx(0.85)
    contrary = table_of(world("contrary")).bar
    assert contrary.measured.mean == pytest.approx((0.15 + 0.3 + 0.3) / 3)
    assert contrary.verdict == MET


def test_a_ranking_above_the_ceiling_shows_that_it_is_none() -> None:
    assert table_of(world()).above == ()
    above = world(rule=2.2)
    assert table_of(above).above == ("Recorded harm by the subject in the trailing year",)
    text = " ".join(page(evidence(above)).split())
    assert "**The ceiling is no ceiling here**: Recorded harm by the subject in the trailing year reach" in text


def evidence(*worlds: MeasuredWorld) -> Evidence:
    steps = (
        TakenStep("force", "a", "k1", reused=False, cpu_seconds=30.0),
        TakenStep("force", "a", "k1", reused=True, cpu_seconds=0.0),
        TakenStep("risk", "a", "k2", reused=True, cpu_seconds=0.1),
    )
    return Evidence(Plan(), worlds, steps, (), "2026-11-28", "abc1234")


def test_the_page_and_its_json_say_the_same() -> None:
    measured = evidence(world(), world("contrary"))
    text, figures = page(measured), document(measured)
    assert figures["standing"] == "measured"
    assert "not a measurement" not in text
    assert [bar["verdict"] for bar in figures["bars"]] == [
        table_of(world(name)).bar.verdict for name in ("default", "contrary")
    ]
    assert "| elastic net | 1.20 | .60 (" in text
    assert "| force | 1 | 0 | 30 |" in text  # made, then asked for again within the run
    assert "| risk | 0 | 1 | 0 |" in text
    assert figures["worlds"][0]["forces"][1]["captures"]["score"]["4"] == 1.8
    assert "Of 3 trainings the rule chose on_base in 3. They were fitted on 41 to 43 rows" in " ".join(text.split())


def test_the_chart_is_an_image_of_its_own() -> None:
    drawn = chart(evidence(world()))
    assert drawn.startswith("<svg ")
    assert drawn.rstrip().endswith("</svg>")
    assert drawn.count("<circle") == 4  # the model, the approach, the elastic net, the best rule
    assert 'width="720"' in drawn


def test_a_quick_plan_says_that_it_measures_nothing() -> None:
    quick = replace(evidence(world()), plan=ceiling_plan.QUICK)
    assert document(quick)["standing"] == "not a measurement"


@pytest.mark.parametrize("module", [ceiling_bars, ceiling_page, ceiling_plan], ids=lambda module: module.__name__)
def test_examples_run(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted > 0
    assert results.failed == 0
