"""The matrix: its columns, its frame, and the features that say nothing."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.feature_definitions import ASSAULTS, catalogue, define
from fixtures.feature_histories import AS_OF, hit, rows, sightings
from numpy.testing import assert_array_equal

from features import build
from threat.asof import DAY
from threat.errors import UsageError


def test_a_matrix():
    wanted = catalogue([define("a", **ASSAULTS, window_days=30), define("b", **ASSAULTS)])
    found = build(sightings([hit(1, 10), hit(2, 30), hit(3, 31)]), rows([(11, 12, AS_OF), (12, 11, AS_OF)]), wanted)
    assert found.values.dtype == np.float32
    assert_array_equal(found.values, [[2, 3], [0, 0]])
    assert_array_equal(found.column("d1_count"), [3, 0])
    assert found.catalogue_version == wanted.version
    frame = found.frame()
    assert list(frame.columns) == ["d0_count", "d1_count"]
    assert frame.loc[(0, AS_OF), "d0_count"] == 2
    with pytest.raises(UsageError, match="no feature of this name"):
        found.column("d2_count")


def test_what_is_constant_or_empty_is_named(monkeypatch):
    missing = define("e", **{**ASSAULTS, "statistic": "days_since_last", "window_days": 5})
    wanted = [define("a", **ASSAULTS), define("b", **ASSAULTS, window_days=5), missing]
    wanted.append(define("d", **{**ASSAULTS, "statistic": "days_since_last"}))
    asked = rows([(11, 12, AS_OF), (12, 11, AS_OF), (11, 12, AS_OF - DAY)])
    monkeypatch.setattr("features.matrix._AT_ONCE", 2)
    found = build(sightings([hit(1, 10)]), asked, catalogue(wanted))
    assert [constant.name for constant in found.constant()] == ["d1_count", "d2_days_since_last"]
    assert found.constant()[0].value == 0
    assert np.isnan(found.constant()[1].value)
    assert len(build(sightings([]), rows([]), catalogue(wanted)).constant()) == 4
