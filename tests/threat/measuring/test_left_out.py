"""Rows left out take their places on the lists and are in no count: the list is cut first, and nobody moves up."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.audits import by_code, one_group
from fixtures.drawn import drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.audit import audit
from fairness.policy import load_policy
from threat.errors import BadInput
from threat.measuring.list_length import ListLength
from threat.measuring.ranked import Cut, Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling, auc, capture
from training.evaluation.table import Ranking, evaluate

NO_DRAWS = Resampling(replicates=0, seed=1)
ROW = st.tuples(st.booleans(), st.booleans(), st.sampled_from("ab"))
"""outcome, left out, group"""


def halves(drawn: list[tuple[bool, bool, str]]) -> tuple[Labelled, Labelled, np.ndarray]:
    """The rows with some of them left out; the same without those; and the mask of those that stay."""
    label, left_out = (np.array([row[i] for row in drawn], bool) for i in (0, 1))
    whole = Labelled.of(label=label, credit=label & ~left_out, left_out=left_out)
    return whole, Labelled.of(label=label[~left_out]), ~left_out


@settings(deadline=None)  # the first audit loads SciPy
@given(st.lists(ROW, min_size=1, max_size=14), st.integers(1, 14))
def test_a_list_with_rows_left_out_is_the_shorter_list_of_the_others(
    drawn: list[tuple[bool, bool, str]], capacity: int
) -> None:
    whole, others, stays = halves(drawn)
    score = -np.arange(len(drawn), dtype=float)
    places_of_others = int(stays[:capacity].sum())
    draws = Draws.of(whole.persons, NO_DRAWS)
    content = capture(Ranked(rows=whole, score=score), draws, capacity)
    without = Ranked(rows=others, score=score[stays])
    shorter = capture(without, Draws.of(others.persons, NO_DRAWS), places_of_others)
    for name in ("events", "positives", "listed"):
        assert getattr(content, name).tolist() == getattr(shorter, name).tolist(), name
    both = (auc(Ranked(rows=whole, score=score), draws), auc(without, Draws.of(others.persons, NO_DRAWS)))
    np.testing.assert_array_equal(*both)


@drawn(100)
@given(st.lists(ROW, min_size=2, max_size=14), st.integers(1, 14))
def test_the_audit_counts_the_others_alone(rows: list[tuple[bool, bool, str]], capacity: int) -> None:
    whole, others, stays = halves(rows)
    places_of_others = int(stays[:capacity].sum())
    if not places_of_others:
        return
    score, groups = -np.arange(len(rows), dtype=float), np.array([row[2] for row in rows])
    policy = load_policy()

    def counts(of: Labelled, ranks: np.ndarray, codes: np.ndarray, places: int) -> dict[str, tuple[float, ...]]:
        ranked = Ranked(rows=of, score=ranks)
        report = audit(ranked, one_group(codes), cut=Cut(capacity=places), policy=policy, resampling=NO_DRAWS)
        assert report.overall.n == of.n
        return {
            code: (group.n, group.events, group.captured, group.selected, group.precision.n)
            for code, group in by_code(report).items()
            if group.n
        }

    assert counts(whole, score, groups, capacity) == counts(others, score[stays], groups[stays], places_of_others)


def test_the_evaluation_measures_the_others_alone() -> None:
    rng = np.random.default_rng(3)
    n = 400
    p = rng.uniform(0.02, 0.6, n)
    drawn = [(bool(hit), bool(gone), "a") for hit, gone in zip(rng.random(n) < p, rng.random(n) < 0.1, strict=True)]
    whole, others, stays = halves(drawn)
    capacity = int(np.flatnonzero(np.cumsum(stays[np.argsort(-p)]) == 40)[0]) + 1
    days = rng.uniform(0, 200, n)
    measured = [
        evaluate(
            rows,
            [Ranking("score", "order", p[kept], p[kept])],
            length=ListLength(places),
            resampling=NO_DRAWS,
            freshness=days[kept],
        )
        for rows, kept, places in ((whole, np.ones(n, bool), capacity), (others, stays, 40))
    ]
    for name in ("recall_at_capacity", "precision_at_capacity", "lift_at_capacity", "prevalence", "auc", "brier"):
        first, second = (evaluation.figure("score", name) for evaluation in measured)
        assert first is not None and second is not None  # noqa: PT018
        assert first.value == pytest.approx(second.value), name
        assert (first.n, first.events) == (second.n, second.events) == (int(stays.sum()), int(others.hit.sum()))
    first, second = (evaluation.calibration for evaluation in measured)
    assert first == second
    assert [band.n for band in measured[0].freshness] == [band.n for band in measured[1].freshness]


def test_an_audit_says_how_many_rows_are_left_out() -> None:
    rows = Labelled.of(label=[1, 0, 0], credit=[1, 0, 0], left_out=[False, False, True])
    ranked = Ranked(rows=rows, score=np.array([1.0, 2.0, 3.0]))
    notes = audit(ranked, one_group(["a", "b", "b"]), cut=Cut(capacity=2), policy=load_policy()).notes
    assert notes[0].startswith("1 rows were on the lists and are in no figure")
    assert not any("no known outcome" in note for note in notes)


def test_a_row_left_out_has_no_credit() -> None:
    with pytest.raises(BadInput, match="credit of a row that is left out is not 0"):
        Labelled.of(label=[1, 0], credit=[1, 0], left_out=[True, False])
    with pytest.raises(BadInput, match="left_out has 1 values, but there are 2 labels"):
        Labelled.of(label=[1, 0], left_out=[True])
