"""Expected captures as drawn tables, the soft figures of the particle check, and what refuses to be compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from threat.errors import UsageError
from threat.history.sightings import Rows
from threat.measuring.resampling import Resampling
from training.evaluation.table import Ranking
from training.truth.expected_captures import CEILING, DEADLY_ORACLE, ORACLE, Compared, captures_by_length, compare
from training.truth.judged_lists import AskedOutcome, JudgedLists, TrueRisk
from training.truth.particle_check import _draw, _soft_auc, _top_share


def lists(
    risk: list[float],
    scores: list[float],
    cycle: list[int],
    relation: list[int],
    capacity: int = 1,
    deadly: list[float] | None = None,
) -> JudgedLists:
    n = len(risk)
    ids = np.arange(n, dtype=np.int64)
    return JudgedLists(
        rows=Rows(ids, ids, ids, np.array(cycle, np.int64) * 86_400),
        cycle=np.array(cycle, np.int64),
        subject=ids,
        label=np.zeros(n, np.uint8),
        left_out=np.zeros(n, np.bool_),
        outcome=AskedOutcome(rung="Y2", horizon_days=180),
        truth=true_risk(risk),
        deadly=None if deadly is None else true_risk(deadly),
        true_relation=np.array(relation, np.int64),
        rankings=[Ranking("score", "LightGBM", np.array(scores, float))],
        capacity=capacity,
    )


def true_risk(risk: list[float]) -> TrueRisk:
    truth = np.array(risk)
    return TrueRisk(risk=truth, error=np.zeros(len(risk)), halves=np.stack([truth, truth], axis=1))


def value(compared: Compared, ranking: str, figure: str) -> float | None:
    captures = next(captures for captures in compared.rankings if captures.name == ranking)
    return next(shown for shown in captures.figures if shown.name == figure).value


SAMPLE = Resampling(replicates=0, seed=7)


@pytest.mark.parametrize(
    ("risk", "scores", "cycle", "relation", "k", "model", "oracle"),
    [
        # the model lists the second best; the oracle the best
        ([0.5, 0.3, 0.1], [1, 2, 0], [0, 0, 0], [1, 2, 3], 1, 0.3, 0.5),
        # ties share the place
        ([0.5, 0.3, 0.1], [1, 1, 0], [0, 0, 0], [1, 2, 3], 1, 0.4, 0.5),
        # two lists: the mean of each list's captures
        ([0.5, 0.3, 0.2, 0.4], [2, 1, 2, 1], [0, 0, 1, 1], [1, 2, 1, 2], 1, 0.35, 0.45),
        # two records of one relation take two places and count once; the oracle lists one of them
        ([0.5, 0.5, 0.3], [3, 2, 1], [0, 0, 0], [1, 1, 2], 2, 0.5, 0.8),
        # room for everyone: everything is captured
        ([0.5, 0.3], [0, 1], [0, 0], [1, 2], 5, 0.8, 0.8),
    ],
)
def test_captures(
    risk: list[float],
    scores: list[float],
    cycle: list[int],
    relation: list[int],
    k: int,
    model: float,
    oracle: float,
) -> None:
    compared = compare(lists(risk, scores, cycle, relation, k), resampling=SAMPLE)
    assert value(compared, "score", "expected_captures") == pytest.approx(model)
    assert value(compared, ORACLE, "expected_captures") == pytest.approx(oracle)
    assert value(compared, "score", "share_of_oracle") == pytest.approx(model / oracle)


def test_each_list_is_shown_and_averages_to_the_figure() -> None:
    compared = compare(
        lists([0.5, 0.3, 0.2, 0.4], [2, 1, 2, 1], [0, 0, 1, 1], [1, 2, 1, 2]),
        resampling=Resampling(replicates=20, seed=7),
    )
    score = compared.rankings[0]
    assert [captures.captures for captures in score.lists] == pytest.approx([0.5, 0.2])
    assert [captures.as_of for captures in score.lists] == ["1970-01-01T00:00:00+00:00", "1970-01-02T00:00:00+00:00"]
    figure = score.figures[0]
    assert figure.value == pytest.approx(0.35)
    assert figure.interval is not None
    assert figure.interval[0] <= 0.35 <= figure.interval[1]


def test_the_oracles_own_luck_does_not_flatter_it() -> None:
    """Every row has the same risk: a noisy estimate, ranked and judged on the same draws, would seem to find more."""
    rng = np.random.default_rng(3)
    n = 4000
    base = lists([0.02] * n, [0.0] * n, [0] * n, list(range(n)), capacity=100)
    halves = np.maximum(0.02 + 0.01 * rng.standard_normal((n, 2)), 0.0)
    compared = compare(
        replace(base, truth=TrueRisk(risk=halves.mean(axis=1), error=np.zeros(n), halves=halves)), resampling=SAMPLE
    )
    assert value(compared, ORACLE, "expected_captures") == pytest.approx(2.0, rel=0.1)


def test_share_of_the_ceiling() -> None:
    compared = compare(
        lists([0.5, 0.3, 0.1], [0, 1, 0], [0, 0, 0], [1, 2, 3]),
        [Ranking(CEILING, "c", np.array([3.0, 2.0, 1.0]))],
        resampling=SAMPLE,
    )
    assert value(compared, "score", "share_of_ceiling") == pytest.approx(0.6)
    assert value(compared, CEILING, "share_of_oracle") == pytest.approx(1.0)


def test_the_same_places_are_judged_by_the_deadly_risk_too() -> None:
    """Rows in the order of their severe risk; the deadly risk is highest in another row, whose record is doubled."""
    compared = compare(
        lists([0.5, 0.4, 0.3, 0.3], [4, 3, 2, 1], [0] * 4, [1, 2, 3, 3], capacity=1, deadly=[0.01, 0.02, 0.1, 0.1]),
        resampling=SAMPLE,
    )
    assert compared.deadly is not None
    assert compared.deadly.expected_outcomes_per_list == pytest.approx(0.13)
    assert compared.deadly.mean_risk == pytest.approx(0.23 / 4)
    for ranking, severe, deadly in [("score", 0.5, 0.01), (ORACLE, 0.5, 0.01), (DEADLY_ORACLE, 0.3, 0.1)]:
        assert value(compared, ranking, "expected_captures") == pytest.approx(severe)
        assert value(compared, ranking, "expected_deadly_captures") == pytest.approx(deadly)
        assert value(compared, ranking, "expected_deadly_recall") == pytest.approx(deadly / 0.13)
        assert value(compared, ranking, "share_of_deadly_oracle") == pytest.approx(deadly / 0.1)
    # At every length: with room for three, the doubled record takes a place and counts once.
    three = compare(replace(compared.lists, capacity=3), resampling=SAMPLE)
    assert value(three, "score", "expected_deadly_captures") == pytest.approx(0.13)
    assert value(three, DEADLY_ORACLE, "expected_deadly_captures") == pytest.approx(0.13)


def test_captures_at_every_length_without_intervals() -> None:
    """Eight rows, k = 2: lengths 1, 2, 4 and 8 (k/4 is no list); the oracle by its halves, here the risk itself."""
    risk, scores = [0.1, 0.2, 0.3, 0.4, 0.05, 0.06, 0.07, 0.08], [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    drawn = lists(risk, scores, [0] * 8, list(range(8)))
    met = captures_by_length(drawn, drawn.rankings, capacity=2)
    assert met["score"] == pytest.approx({1: 0.1, 2: 0.3, 4: 1.0, 8: 1.26})
    assert met[ORACLE] == pytest.approx({1: 0.4, 2: 0.7, 4: 1.0, 8: 1.26})


def test_without_the_deadly_risk_there_is_no_figure_of_it() -> None:
    compared = compare(lists([0.5, 0.4], [1, 2], [0, 0], [1, 2]), resampling=SAMPLE)
    assert compared.deadly is None
    assert [ranking.name for ranking in compared.rankings] == ["score", ORACLE]
    assert compared.rankings[0].figure("expected_deadly_captures") is None


@pytest.mark.parametrize(("rung", "days"), [("Y4", 180), ("Y2", 90), ("Y0", 365)])
def test_what_the_oracle_has_no_answer_to(rung: str, days: int) -> None:
    with pytest.raises(UsageError, match=f"no answer for {rung} within {days} days"):
        AskedOutcome(rung=rung, horizon_days=days).require_known("here")


def test_soft_figures_against_plain_loops() -> None:
    rng = np.random.default_rng(0)
    order, risk = rng.integers(0, 6, 40).astype(float), rng.random(40)
    weight = rng.random(40)[:, None]
    above = below = 0.0
    for i in range(40):
        for j in range(40):
            pair = weight[i, 0] * risk[i] * weight[j, 0] * (1 - risk[j])
            below += pair
            above += pair * (1.0 if order[i] > order[j] else 0.5 if order[i] == order[j] else 0.0)
    assert _soft_auc(order, risk, weight)[0] == pytest.approx(above / below)
    # The twentieth ranked first of 40 equal weights is two rows.
    distinct = rng.permutation(40).astype(float)
    first = np.argsort(-distinct)[:2]
    assert _top_share(distinct, risk, np.ones((40, 1)))[0] == pytest.approx(risk[first].sum() / risk.sum())


def test_the_sample_stands_for_everyone() -> None:
    chosen, weight = _draw(np.arange(1000.0), 60, 1)
    assert len(np.unique(chosen)) == 60
    assert weight.sum() == pytest.approx(1000)
    assert (chosen >= 950).sum() == 30
