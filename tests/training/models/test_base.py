"""The fitted base: which columns, which signs, which penalty, and that a first record never lowers a score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fixtures.drawn_bases import CATALOGUE, HORIZON, sample
from hypothesis import given
from hypothesis import strategies as st

from features import load_catalogue
from threat.release.base import Base
from training.config import BaseSettings
from training.models.base import fit_base, fit_base_at, strongest_within_one_error

SETTINGS = BaseSettings()
DIRECTED = tuple(replace(d, direction=-1) if d.name == "days_since" else d for d in CATALOGUE)
"""The same features; days since the last incident may only lower."""


def columns_of(base: Base) -> dict[tuple[str, str], float]:
    return {(column.feature, column.reads): column.coefficient for column in base.document.columns}


@pytest.fixture(scope="module")
def fitted():
    return fit_base(sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, seed=7)


def test_the_base_reads_the_tagged_features_that_vary(fitted) -> None:
    assert set(columns_of(fitted.base)) == {
        ("incidents", "value"),
        ("days_since", "value"),
        ("days_since", "missing"),
        ("in_custody", "value"),
        ("days_until_release", "value"),
        ("days_until_release", "missing"),
    }
    document = fitted.document
    assert (document.rows, document.events) == (6_000, int(sample(1).label.sum()))
    assert document.penalty == pytest.approx(fitted.choice.chosen * document.events, rel=1e-5)


def test_columns_are_centred_and_scaled_on_the_fit_rows(fitted) -> None:
    drawn = sample(1)
    columns = fitted.base.standardised(drawn.values)
    np.testing.assert_allclose(columns.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(columns.std(axis=0), 1, atol=1e-4)
    assert fitted.base.score(drawn.values).mean() == pytest.approx(fitted.base.expected, abs=1e-4)


def test_a_missing_value_counts_as_the_median_by_weight() -> None:
    drawn = sample(2)
    heavy = replace(drawn, weight=np.where(drawn.values[:, 1] < 100, 10.0, 1.0))
    base = fit_base_at(2.0, heavy, CATALOGUE, SETTINGS, horizon_days=HORIZON)
    [fill] = [c.fill for c in base.document.columns if (c.feature, c.reads) == ("days_since", "value")]
    days = drawn.values[np.isfinite(drawn.values[:, 1]), 1].astype(np.float64)
    repeated = np.repeat(days, np.where(days < 100, 10, 1))
    assert fill == pytest.approx(np.log1p(np.sort(repeated)[(len(repeated) - 1) // 2]), rel=1e-5)


def test_the_offset_that_was_drawn_leaves_little_to_custody() -> None:
    """With the known offset the features of custody find little; without it they have to learn the offset."""
    drawn = sample(1, 30_000)
    with_offset = fit_base_at(0.1, drawn, CATALOGUE, SETTINGS, horizon_days=HORIZON)
    none = BaseSettings(unknown_release_share=1.0, least_liberty_share=1.0)
    without = fit_base_at(0.1, drawn, CATALOGUE, none, horizon_days=HORIZON)
    assert not without.offset(drawn.values).any()
    assert abs(columns_of(with_offset)["in_custody", "value"]) < 0.1 < 0.4 < -columns_of(without)["in_custody", "value"]
    liberty = with_offset.document.liberty
    assert liberty is not None
    assert liberty.mean == pytest.approx(with_offset.offset(drawn.values).mean(), abs=1e-5)


def test_the_same_inputs_give_the_same_bytes(fitted) -> None:
    again = fit_base(sample(1), CATALOGUE, SETTINGS, horizon_days=HORIZON, seed=7)
    assert again.document.encode() == fitted.document.encode()
    assert again.choice == fitted.choice
    named_otherwise = fit_base(
        replace(sample(1), person=sample(1).person * 7 + 3), CATALOGUE, SETTINGS, horizon_days=HORIZON, seed=7
    )
    assert named_otherwise.document.encode() == fitted.document.encode()


def test_signs_of_the_catalogue_bind(fitted) -> None:
    against = sample(1, slope=-0.8)
    base = fit_base_at(0.1, against, CATALOGUE, SETTINGS, horizon_days=HORIZON)
    assert columns_of(base)["incidents", "value"] == 0.0
    unbound = [replace(d, direction=0) for d in CATALOGUE]
    free = fit_base_at(0.1, against, unbound, SETTINGS, horizon_days=HORIZON)
    assert columns_of(free)["incidents", "value"] < -0.2


_DAYS = st.one_of(st.just(np.nan), st.floats(0, 5_000, width=32))


@pytest.fixture(scope="module", params=[1, 2, 3])
def directed(request):
    drawn = sample(request.param, slope=request.param - 2.0)
    return fit_base_at(0.1, drawn, DIRECTED, SETTINGS, horizon_days=HORIZON)


@given(count=st.integers(0, 40), more=st.integers(0, 3), before=_DAYS, after=st.floats(0, 5_000, width=32))
def test_one_more_recorded_harm_never_lowers_the_score(directed, count, more, before, after) -> None:
    """More incidents, the last of them no longer ago; a first record where none was counts as well."""
    row = np.array([[count, before, 0, np.nan, 0, 0]], np.float32)
    harmed = np.array([[count + more, np.nanmin([before, after]), 0, np.nan, 0, 0]], np.float32)
    assert directed.score(harmed)[0] >= directed.score(row)[0]


def test_without_the_features_of_custody_there_is_no_offset() -> None:
    few = CATALOGUE.only(["incidents", "days_since", "in_custody"])
    drawn = sample(1)
    base = fit_base_at(2.0, replace(drawn, values=drawn.values[:, :3]), few, SETTINGS, horizon_days=HORIZON)
    assert base.document.liberty is None
    assert ("in_custody", "value") in columns_of(base)


def test_a_blanked_feature_has_no_column() -> None:
    drawn = sample(1)
    blanked = np.where(np.arange(6) == 1, np.float32(np.nan), drawn.values)
    base = fit_base_at(2.0, replace(drawn, values=blanked), CATALOGUE, SETTINGS, horizon_days=HORIZON)
    assert not {read for read in columns_of(base) if read[0] == "days_since"}


def test_weights_count_as_rows() -> None:
    drawn = sample(1, 2_000)
    times = np.random.default_rng(3).integers(1, 4, 2_000)
    rows = np.repeat(np.arange(2_000), times)
    weighted = fit_base_at(2.0, replace(drawn, weight=times.astype(float)), CATALOGUE, SETTINGS, horizon_days=HORIZON)
    repeated = replace(
        drawn, values=drawn.values[rows], label=drawn.label[rows], weight=np.ones(len(rows)), person=drawn.person[rows]
    )
    other = fit_base_at(2.0, repeated, CATALOGUE, SETTINGS, horizon_days=HORIZON)
    np.testing.assert_allclose(weighted.score(drawn.values), other.score(drawn.values), atol=1e-4)


RULE = [
    # loss of four subjects, by multiple: 0.5, 2, 5, 18                                            chosen  edge
    ([[5, 5, 5, 5], [4, 4, 4, 4], [5, 5, 5, 5], [6, 6, 6, 6]], 2.0, None),  # every subject loses: no error to allow
    ([[5, 5, 5, 5], [4, 4, 4, 4], [6, 3, 5, 3], [6, 6, 6, 6]], 5.0, None),  # one more in all, and an error of 3
    ([[1, 1, 1, 1], [4, 4, 4, 4], [5, 5, 5, 5], [6, 6, 6, 6]], 0.5, "weakest"),
    ([[5, 5, 5, 5], [4, 4, 4, 4], [9, 9, 9, 9], [0, 9, 4, 4]], 18.0, "strongest"),  # within one error, past a worse one
    ([[4, 4, 4, 4], [4, 4, 4, 4], [4, 4, 4, 4], [5, 5, 5, 5]], 5.0, None),  # ties: the strongest of them
]


@pytest.mark.parametrize(("losses", "chosen", "edge"), RULE)
def test_the_strongest_penalty_within_one_standard_error(losses, chosen, edge) -> None:
    choice = strongest_within_one_error([0.5, 2.0, 5.0, 18.0], np.array(losses, float), 4.0)
    assert choice.chosen == chosen
    assert [word for word in ("weakest", "strongest") if word in "".join(choice.warnings)] == ([edge] if edge else [])
    assert min(tried.difference for tried in choice.tried) == 0.0


def test_with_few_people_who_had_an_outcome_the_penalty_is_the_strongest_and_says_so() -> None:
    drawn = sample(1, 400)
    person = np.where(drawn.label > 0, 1, np.arange(400) + 10)
    fitted = fit_base(replace(drawn, person=person), CATALOGUE, SETTINGS, horizon_days=HORIZON, seed=7)
    assert fitted.choice.chosen == 50.0
    assert fitted.choice.warnings == ("Fewer than 5 people had an outcome: the base has the strongest penalty tried.",)


def test_a_single_penalty_is_taken_without_a_comparison() -> None:
    single = BaseSettings(multiples=[3.0])
    fitted = fit_base(sample(1, 500), CATALOGUE, single, horizon_days=HORIZON, seed=7)
    assert (fitted.choice.chosen, fitted.choice.tried, fitted.choice.warnings) == (3.0, (), ())


def test_the_catalogue_tags_the_52_published_factors() -> None:
    tagged = [definition.name for definition in load_catalogue() if definition.base]
    assert len(tagged) == 52
    assert {"strangulation_incidents_ever", "days_since_separation", "in_custody", "days_until_release"} <= set(tagged)
