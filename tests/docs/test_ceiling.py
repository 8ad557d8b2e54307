"""``make ceiling`` end to end on tiny forces, and what it reuses: figures that say that they measure nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pages import ceiling
from pages.ceiling_plan import QUICK, WORLDS, Plan, chosen_worlds

from threat.errors import UsageError

pytestmark = pytest.mark.slow  # makes and scores two forces


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a quick run of one world."""
    folder = tmp_path_factory.mktemp("ceiling")
    assert ceiling.main(["--quick", "--worlds", "default", "--cache", str(folder)]) == 0
    return folder


def figures(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "ceiling.json").read_text()))


def test_every_ranking_is_in_the_table_and_nothing_is_called_a_measurement(quick: Path) -> None:
    document, page = figures(quick), (quick / "ceiling.md").read_text()
    assert document["standing"] == "not a measurement"
    assert "**This is not a measurement.**" in page
    assert "not a measurement" in (quick / "images" / "ceiling.svg").read_text()
    (world,) = document["worlds"]
    rows = {row["name"]: row for row in world["rankings"]}
    assert {
        "score",
        "base",
        "elastic_net",
        "rule_trailing_year_harm",
        "published_odds",
        "recipe_base",
        "oracle",
    } <= set(rows)
    assert rows["published_odds"]["title"] == "published odds, nothing fitted"
    assert rows["published_odds"]["share"]["n"] == 1
    best = f"recipe_{world['ceiling']['recipe']}"
    assert rows[best]["share"]["mean"] == 1.0
    assert rows["oracle"]["captures"] == max(row["captures"] for row in rows.values())
    assert rows["score"]["share"]["n"] == len(QUICK.seeds) == 2
    for force in world["forces"]:
        share = force["captures"]["score"][str(world["places"])] / world["fixed"][best][str(world["places"])]
        assert share >= 0.0
        assert 0.0 < force["captures"]["base"]["16"] <= world["fixed"]["oracle"]["16"] * 1.05
    mean = sum(force["captures"]["base"]["4"] for force in world["forces"]) / 2
    assert rows["base"]["captures"] == pytest.approx(mean)
    assert all(len(line) <= 100 or line.startswith("|") for line in page.splitlines())


def test_a_second_run_makes_nothing_and_says_the_same(quick: Path, tmp_path: Path) -> None:
    before = figures(quick)
    threads = ["--threads", "2"]  # another number of threads makes the same steps
    assert (
        ceiling.main(["--quick", *threads, "--worlds", "default", "--cache", str(quick), "--out", str(tmp_path)]) == 0
    )
    again = figures(tmp_path)
    assert all(step["reused"] for step in again["steps"])
    assert again["worlds"] == before["worlds"]
    assert again["bars"] == before["bars"]


def test_preparing_makes_what_the_run_reuses_and_writes_no_page(quick: Path, tmp_path: Path) -> None:
    cache, out = tmp_path / "cache", tmp_path / "out"
    shutil.copytree(quick, cache)
    for step in (*cache.glob("scores-*"), *cache.glob("ceiling-*")):
        shutil.rmtree(step)
    assert ceiling.main(["--quick", "--prepare", "--worlds", "default", "--cache", str(cache), "--out", str(out)]) == 0
    assert {path.name for path in cache.glob("ceiling-*")} == {path.name for path in quick.glob("ceiling-*")}
    assert not list(cache.glob("scores-*"))
    assert not out.exists()


def test_a_quick_run_opens_nothing(quick: Path) -> None:
    assert not list(quick.rglob("ceiling_ledger.csv"))


def test_the_worlds_and_their_bars() -> None:
    assert {world.name: (world.knobs.world, world.bar) for world in chosen_worlds([])} == {
        "default": ("", "ceiling"),
        "strong_links": ("strong_links", "ceiling"),
        "contrary": ("contrary", "elastic_net"),
    }
    assert [world.name for world in chosen_worlds(["contrary"])] == ["contrary"]
    with pytest.raises(UsageError, match="no world named elsewhere"):
        chosen_worlds(["elsewhere"])


def test_no_force_has_two_parts() -> None:
    """A force that models are trained on is neither the reference nor the judged force, and the six are above 1,000."""
    plan = Plan()
    seeds = [*plan.seeds, plan.reference_seed, plan.judged_seed]
    assert len(set(seeds)) == 8
    assert min(seeds) > 1_000
    assert plan.reference(WORLDS["contrary"]).knobs == plan.judged(WORLDS["contrary"]).knobs
    assert plan.training.horizon_days == 180
    assert plan.training.capacity == 50
