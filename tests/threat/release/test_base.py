"""The base scores as its document says, sums to its parts, and gives one row what it gives among many."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fixtures.drawn_bases import CATALOGUE, HORIZON, base_model, sample
from hypothesis import given
from hypothesis import strategies as st

from threat.errors import IntegrityFailure
from threat.release.base import Base, liberty_offset, signed_log
from threat.release.documents.model import BaseModel

VALUES = sample(4).values
BASE = Base.of(base_model(), CATALOGUE.names)


def by_hand(row: list[float]) -> float:
    """The log odds of a row, from the sentences of ``BaseModel``."""
    incidents, days, custody, release = row[:4]
    total = -2.0
    total += 0.4 * (max(0.0 if math.isnan(incidents) else math.log1p(incidents), 0.0) - 0.5) / 0.8
    total += -0.1 * (float(math.isnan(incidents)) - 0.5) / 0.8
    total += -0.3 * ((2.0 if math.isnan(days) else math.log1p(days)) - 0.5) / 0.8
    if not custody:
        return total
    return total + math.log(0.15 if math.isnan(release) else min(max(1 - release / HORIZON, 0.02), 1.0))


def test_the_score_is_that_of_its_document() -> None:
    values = VALUES[:300].copy()
    values[::5, 0] = np.nan
    expected = [by_hand(row) for row in values.tolist()]
    np.testing.assert_allclose(BASE.score(values), expected, atol=1e-6)


def test_parts_sum_to_the_score_and_are_of_the_features_that_are_read() -> None:
    by_feature, liberty, expected = BASE.contributions(VALUES)
    np.testing.assert_allclose(by_feature.sum(axis=1) + liberty + expected, BASE.score(VALUES), atol=1e-12)
    assert expected == -2.25
    assert np.flatnonzero(by_feature.any(axis=0)).tolist() == [0, 1]
    # Out of custody the offset is 0, which is more than its mean over the fit rows.
    assert set(liberty[VALUES[:, 2] == 0].tolist()) == {0.25}


@pytest.mark.parametrize("rows", [slice(0, 1), slice(7, 8), slice(100, 117)])
def test_a_row_alone_has_the_very_score_it_has_among_many(rows) -> None:
    assert BASE.score(VALUES[rows]).tolist() == BASE.score(VALUES)[rows].tolist()
    assert BASE.score(np.asfortranarray(VALUES)).tolist() == BASE.score(VALUES).tolist()


def test_a_base_without_an_offset_reads_nothing_of_custody() -> None:
    base = Base.of(base_model(liberty=False), CATALOGUE.names[:2])
    assert base.expected == -2.0
    assert base.offset(VALUES[:, :2]).tolist() == [0.0] * len(VALUES)
    np.testing.assert_allclose(base.score(VALUES[:, :2]) + BASE.offset(VALUES), BASE.score(VALUES), atol=1e-12)


@pytest.mark.parametrize("names", [CATALOGUE.names[1:], CATALOGUE.names[:3]])
def test_a_base_that_reads_an_unknown_feature_is_refused(names) -> None:
    with pytest.raises(IntegrityFailure, match="a feature that the model does not have") as caught:
        Base.of(base_model(), names)
    assert caught.value.value == (set(CATALOGUE.names[:4]) - set(names)).pop()


@given(st.floats(-(2.0**99), 2.0**99, width=32))
def test_the_signed_log_is_odd_and_rises(value) -> None:
    low, here, high = signed_log(np.array([-value, value, value + abs(value) + 1], np.float32)).tolist()
    assert low == -here
    assert here < high
    assert here == pytest.approx(math.copysign(math.log1p(abs(value)), value), rel=1e-6)


@given(st.floats(0, 2_000), st.floats(0, 2_000))
def test_a_later_release_never_means_more_time_at_liberty(first, second) -> None:
    days = np.array(sorted([first, second]), np.float32)
    liberty = base_model().liberty
    assert liberty is not None
    earlier, later = liberty_offset(np.ones(2, np.float32), days, liberty).tolist()
    assert math.log(0.02) - 1e-6 <= later <= earlier <= 0


def test_a_document_of_a_base_reads_back_and_refuses_what_no_fit_writes() -> None:
    document = base_model()
    data = document.encode()
    assert BaseModel.parse(data, "model/base.json") == document
    for old, new, words in [
        (b'"coefficient": 0.4', b'"coefficient": -0.4', "the sign that its direction allows"),
        (b'"coefficient": 0.4', b'"coefficient": 1e999', "out of range"),
        (b'"coefficient": 0.4', b'"coefficient": 40000.0', "less than or equal to 1000"),
        (b'"scale": 0.8', b'"scale": 0.0', "greater than or equal to 0.000001"),
        (b'"reads": "missing"', b'"reads": "value"', "a column of values has a fill"),
        (b'"fill": 0.0', b'"fill": null', "a column of values has a fill"),
        (b'"feature": "days_since"', b'"feature": "incidents"', "at most one column"),
        (b'"horizon_days": 180', b'"horizon_days": 0', "greater than or equal to 1"),
        (b'"mean": -0.25', b'"mean": 0.25', "less than or equal to 0"),
    ]:
        assert old in data, old
        with pytest.raises(IntegrityFailure) as caught:
            BaseModel.parse(data.replace(old, new, 1), "model/base.json")
        assert words in str(caught.value), (new, str(caught.value))
