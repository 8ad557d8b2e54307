"""Verdicts on the bars, the ledger of openings, and the cache of steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pages.ceiling_bars import MET, NOT_ENOUGH, NOT_MET, OverSeeds, not_worse_bar, share_bar
from pages.ceiling_cache import Cache, code_of
from pages.ceiling_ledger import Ledger, Opening, unseen_sentence
from pages.ceiling_page import over_seeds
from scipy.stats import ttest_1samp


def test_the_interval_is_students() -> None:
    values = [0.81, 0.9, 0.86, 0.88, 0.79, 0.93]
    interval = ttest_1samp(values, 0.0).confidence_interval(0.95)
    measured = OverSeeds.of(values)
    assert measured.mean == pytest.approx(np.mean(values))
    assert (measured.low, measured.high) == pytest.approx((interval.low, interval.high))
    assert OverSeeds.of([0.5]) == OverSeeds(0.5, None, None, 1)


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ([0.84, 0.85, 0.86, 0.85, 0.84, 0.86], MET),
        ([0.83, 0.83, 0.83, 0.83, 0.83, 0.83], MET),
        ([0.81, 0.81, 0.81, 0.82, 0.82, 0.81], NOT_MET),
        ([0.81, 0.82, 0.80, 0.83, 0.81, 0.82], NOT_ENOUGH),  # the mean is below the bar, the interval reaches it
        ([0.95, 0.75, 0.9, 0.7, 0.93, 0.8], NOT_ENOUGH),  # the mean reaches the bar, the lower bound does not
        ([1.2, 1.21, 1.19], MET),
        ([0.9], NOT_ENOUGH),
    ],
)
def test_share_of_the_ceiling(shares: list[float], verdict: str) -> None:
    assert share_bar("w", shares).verdict == verdict


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.05, 0.04, 0.06, 0.05], MET),
        ([-0.01, -0.012, -0.008, -0.01], MET),  # worse, by less than the margin
        ([-0.05, -0.06, -0.04, -0.05], NOT_MET),
        ([-0.1, 0.1, 0.05, -0.06], NOT_ENOUGH),
    ],
)
def test_not_worse_than_the_elastic_net(differences: list[float], verdict: str) -> None:
    net = [0.5, 0.9, 0.7, 0.6]
    model = [share + difference for share, difference in zip(net, differences, strict=True)]
    bar = not_worse_bar("w", model, net)
    assert bar.verdict == verdict
    assert bar.measured.mean == pytest.approx(np.mean(differences))


def test_how_a_share_is_written() -> None:
    assert over_seeds(OverSeeds(0.884, 0.862, 1.004, 6)) == ".88 (.86 to 1.00)"
    assert over_seeds(OverSeeds(-0.031, -0.104, 0.042, 6)) == "-.03 (-.10 to .04)"
    assert over_seeds(OverSeeds(0.0, None, None, 1)) == ".00"


def opening(seed: int, evidence: str, commit: str = "abc1234") -> Opening:
    return Opening("2026-11-28", commit, "default", seed, "captures", evidence, "make ceiling")


def test_a_force_is_unseen_until_other_evidence_of_it_was_opened(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.csv")
    assert ledger.openings() == ()
    assert ledger.seen_before("default", 1, "e1") == ()
    ledger.write(opening(1, "e1"))
    ledger.write(opening(1, "e1", "def5678"))  # the same figures again show nothing new
    ledger.write(opening(2, "e1"))
    assert [line.seed for line in ledger.openings()] == [1, 2]
    assert ledger.seen_before("default", 1, "e1") == ()
    assert ledger.seen_before("default", 1, "e2") == (opening(1, "e1"),)
    assert ledger.seen_before("contrary", 1, "e2") == ()
    ledger.write(opening(1, "e2"))
    text = (tmp_path / "ledger.csv").read_text()
    assert text.splitlines() == [
        "date,commit,world,seed,opened,evidence,command",
        "2026-11-28,abc1234,default,1,captures,e1,make ceiling",
        "2026-11-28,abc1234,default,2,captures,e1,make ceiling",
        "2026-11-28,abc1234,default,1,captures,e2,make ceiling",
    ]


def test_what_the_page_says_of_openings() -> None:
    assert unseen_sentence([]).startswith("None of these forces was opened before")
    sentence = unseen_sentence([opening(1, "e1")])
    assert sentence.startswith("**No longer unseen:** seed 1 in default (2026-11-28, abc1234)")


def test_a_step_is_made_once_for_the_same_inputs(tmp_path: Path) -> None:
    said: list[str] = []
    cache = Cache(tmp_path, said.append)

    def make(folder: Path) -> None:
        (folder / "made").write_text("x")

    first = cache.step("force", "a", {"seed": 1}, make)
    assert cache.step("force", "a", {"seed": 1}, make) == first
    assert cache.step("force", "a", {"seed": 2}, make) != first
    assert (first / "made").read_text() == "x"
    assert [step.reused for step in cache.taken] == [False, True, False]
    assert said == ["making force, a", "reused force, a", "making force, a"]


def test_a_step_that_failed_is_made_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path, lambda text: None)

    def fail(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        cache.step("force", "a", {"seed": 1}, fail)
    folder = cache.step("force", "a", {"seed": 1}, lambda folder: None)
    assert not (folder / "half").exists()
    assert not list(tmp_path.glob("*.unfinished"))


def test_code_of_a_module_and_of_a_package() -> None:
    assert code_of("threat.asof") == code_of("threat.asof") != code_of("threat.simulation")
    assert code_of("threat.simulation", "threat.asof") != code_of("threat.simulation")
    assert code_of("threat/*") not in {code_of("threat.asof"), code_of("threat.policy")}
    with pytest.raises(ModuleNotFoundError):
        code_of("threat.nowhere")
