"""Bands by their lower ends."""

from __future__ import annotations

import numpy as np
import pytest

from fairness.groups.age import banded


@pytest.mark.parametrize(
    ("value", "band"),
    [
        (0, "under 1"),
        (1, "1"),  # a band of one year is named by it
        (2, "2-3"),
        (3.9, "2-3"),
        (4, "4 or over"),
        (90, "4 or over"),
    ],
)
def test_a_lower_end_begins_its_band(value: float, band: str) -> None:
    assert banded(np.array([float(value)]), (1, 2, 4)).tolist() == [band]


def test_what_is_not_known_is_in_no_band() -> None:
    assert banded(np.array([np.nan, 5.0]), (1, 2, 4)).isna().tolist() == [True, False]
