"""Reasons: sums that hold, which themes and sentences are shown, and how long a strength bar is."""

from __future__ import annotations

import math

import pytest

from serving.lists.reasons import check_sum
from threat.errors import IntegrityFailure


def test_reasons_that_do_not_add_up_are_never_shown():
    check_sum(-2.0, [1.0, 0.5, 1e-8], -0.5, "R-1")
    for wrong in (-0.4999, math.nan, math.inf):
        with pytest.raises(IntegrityFailure, match="add up"):
            check_sum(-2.0, [1.0, 0.5], wrong, "R-1")
