"""Each kind of relationship is calibrated by itself as far as its outcomes carry it, and no further."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from features import build, load_catalogue
from threat.asof import parse_as_of
from threat.history.store import Store
from threat.release.documents.model import Calibrator
from threat.release.scorer import calibrated_kind, kinds_in, probability
from training.models.calibrator import CalibrationRows, between_variance, calibrator, kind_offsets

KINDS = ("current_partner", "ex_partner", "family", "")


def crowd(n: int, differences: tuple[float, ...], seed: int, rate: float = 0.06) -> tuple[np.ndarray, CalibrationRows]:
    """Raw scores and rows of the kinds in turn, of which each has its own log odds besides the score."""
    rng = np.random.default_rng(seed)
    which = np.arange(n) % 4
    scores = rng.normal(0, 1, n)
    label = rng.random(n) < expit(logit(rate) + scores + np.array(differences)[which])
    return scores, CalibrationRows(label.astype(np.uint8), np.ones(n), np.arange(n), np.array(KINDS)[which])


def expected_over_observed(table: Calibrator, scores: np.ndarray, rows: CalibrationRows) -> dict[str, float]:
    p = probability(table, scores, rows.kind)
    return {kind: float(p[rows.kind == kind].sum() / rows.label[rows.kind == kind].sum()) for kind in KINDS}


def test_kinds_that_differ_are_calibrated_by_themselves() -> None:
    scores, rows = crowd(40_000, (-0.8, 0.8, 0.0, 0.0), 1)
    table = calibrator(scores, rows)
    by_kind = expected_over_observed(table, scores, rows)
    assert {kind: round(by_kind[kind], 1) for kind in KINDS[:3]} == dict.fromkeys(KINDS[:3], 1.0)
    unshrunk = {entry.kind: entry.unshrunk for entry in table.kinds}
    assert unshrunk["ex_partner"] - unshrunk["current_partner"] == pytest.approx(1.6, abs=0.2)
    for entry in table.kinds:
        assert 0.9 < entry.offset / entry.unshrunk <= 1.0
        assert (entry.n, entry.events) == (10_000, entry.people)


def test_kinds_that_differ_by_chance_alone_are_hardly_moved() -> None:
    """Of 20 draws without a difference most are moved by nothing, and no kind as far as its own rows would have it."""
    offsets = []
    for seed in range(20):
        scores, rows = crowd(6_000, (0.0, 0.0, 0.0, 0.0), seed)
        offsets.append([(entry.offset, entry.unshrunk) for entry in calibrator(scores, rows).kinds])
    moved = np.array(offsets)
    assert (np.abs(moved[..., 0]).max(axis=1) == 0).sum() >= 10
    assert (np.abs(moved[..., 0]) < np.abs(moved[..., 1])).all()


def test_few_outcomes_leave_a_kind_with_the_pooled_calibrator() -> None:
    """Under 200 outcomes in all there is no kind at all; from 200 on a kind with under 50 of its own has no offset."""
    scores, rows = crowd(1_800, (0.0, 0.0, 0.0, 0.0), 3)
    assert 100 <= rows.label.sum() < 200
    assert calibrator(scores, rows).kinds == ()
    scores, rows = crowd(4_000, (-1.5, 0.5, 0.5, 0.5), 3)
    first, *others = calibrator(scores, rows).kinds
    assert first.events < 50 <= min(entry.events for entry in others)
    assert (first.unshrunk, first.offset) == (None, 0.0)


def test_one_kind_with_enough_outcomes_is_not_moved() -> None:
    scores, rows = crowd(20_000, (-0.5, 0.5, 0.0, 0.0), 4)
    alone = CalibrationRows(rows.label, rows.weight, rows.person, np.where(rows.kind == "ex_partner", rows.kind, ""))
    [entry] = kind_offsets(expit(scores - 3), alone)
    assert entry.unshrunk is not None
    assert entry.offset == 0.0


def test_rows_of_one_person_count_as_one() -> None:
    """Each row five times over, of its person: the offsets stay as they are, where five persons would say more."""
    scores, rows = crowd(6_000, (-0.3, 0.3, 0.0, 0.0), 5)
    five = np.repeat(np.arange(6_000), 5)
    again = CalibrationRows(rows.label[five], rows.weight[five], rows.person[five], rows.kind[five])
    others = CalibrationRows(again.label, again.weight, np.arange(30_000), again.kind)
    pooled = expit(scores - 2.5)
    once, repeated, more = (
        np.array([entry.offset for entry in kind_offsets(p, given)])
        for p, given in ((pooled, rows), (pooled[five], again), (pooled[five], others))
    )
    np.testing.assert_allclose(once, repeated, atol=1e-9)
    assert (np.abs(more) > np.abs(once))[:2].all()


def test_within_a_kind_the_probability_never_falls_and_0_and_1_stay() -> None:
    kinds = [{"kind": "family", "n": 900, "events": 90, "people": 80, "unshrunk": 1.2, "offset": 1.0}]
    table = Calibrator.model_validate({"method": "isotonic", "x": [-2, 0, 3], "y": [0.0, 0.1, 1.0], "kinds": kinds})
    grid = np.linspace(-4, 4, 201)
    pooled, moved = probability(table, grid), probability(table, grid, np.full(201, "family"))
    assert (np.diff(moved) >= 0).all()
    np.testing.assert_allclose(logit(moved[60:160]) - logit(pooled[60:160]), 1.0)
    assert (moved[0], moved[-1]) == (0.0, 1.0)
    np.testing.assert_array_equal(probability(table, grid, np.full(201, "")), pooled)
    np.testing.assert_array_equal(probability(table, grid, np.full(201, "ex_partner")), pooled)


def test_the_desk_and_the_matrix_know_the_same_kind_of_relationship(small_force: Path) -> None:
    snapshot = Store.open(small_force / "history").snapshot()
    ids = snapshot.relationships.relationship_id
    at = parse_as_of("2024-06-01")
    stated = snapshot.rows(ids[snapshot.relationships.standing(at)], at)
    catalogue = load_catalogue().only(["kind_partner", "kind_ex_partner", "kind_adult_family"])
    matrix = build(snapshot.sightings(), stated, catalogue, parallel=False)
    of_matrix = kinds_in(matrix.names, matrix.values).tolist()
    at_the_desk = snapshot.relationships.kind_at(stated.relationship_id, at).tolist()
    assert of_matrix == [calibrated_kind(code) for code in at_the_desk]
    assert {"current_partner", "ex_partner", "family"} <= set(of_matrix)


def test_a_matrix_without_the_features_knows_no_kind() -> None:
    assert kinds_in(("other",), np.ones((2, 1), np.float32)).tolist() == ["", ""]
    assert calibrated_kind("not_related") == calibrated_kind("unknown") == ""


def test_the_variance_between_kinds_is_that_of_the_method_of_moments() -> None:
    assert between_variance(np.array([0.3]), np.array([0.01])) == 0.0
    assert between_variance(np.array([0.01, -0.01]), np.array([0.1, 0.1])) == 0.0
    # By hand: weights 10 and 5, centre 1/3, Q 10/9 + 20/9 = 3.333, less 1, over 15 - 125/15 = 6.667.
    assert between_variance(np.array([0.0, 1.0]), np.array([0.1, 0.2])) == pytest.approx((10 / 3 - 1) / (20 / 3))
