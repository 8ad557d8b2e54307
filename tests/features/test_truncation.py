"""Where a window reaches back before the records begin: by the sources that send what a definition reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from fixtures.feature_definitions import ASSAULTS, catalogue, define
from fixtures.feature_histories import AS_OF, hit, rows, sightings
from numpy.testing import assert_array_equal

from features import build
from features.load import Catalogue
from features.truncation import longest_window, records_begin, truncated
from threat.asof import DAY
from threat.history.sightings import Rows, Sightings

ONE = rows([(11, 12, AS_OF)])
ASSAULT = hit(1, 10)
ARREST = replace(hit(2, 10), kind="arrest", subject=-1, at_risk=-1, about=11, source="custody")


def marks(store: Sightings, wanted: Catalogue, asked: Rows = ONE) -> np.ndarray:
    return truncated(build(store, asked, wanted, parallel=False), wanted, store)


def test_windows_before_the_records_begin_are_marked_to_the_second():
    wanted = catalogue([define("a", **ASSAULTS, window_days=d) for d in (30, 100, 365)] + [define("b", **ASSAULTS)])
    store = sightings([ASSAULT], starts={"records": AS_OF - 100 * DAY})
    found = marks(store, wanted, rows([(11, 12, AS_OF), (11, 12, AS_OF - 1)]))
    assert_array_equal(found, [[False, False, True, False], [False, True, True, False]])


def test_a_source_that_begins_later_changes_nothing():
    wanted = catalogue([define("a", **ASSAULTS, window_days=100), define("b", **ASSAULTS, window_days=365)])
    before = sightings([ASSAULT], starts={"records": AS_OF - 200 * DAY})
    starts = {"records": AS_OF - 200 * DAY, "custody": AS_OF - 20 * DAY}
    same_kind = replace(ASSAULT, event_id=3, incident_id=3, source="custody")
    for more in ([], [ARREST], [same_kind]):
        after = sightings([ASSAULT, *more], starts=starts)
        assert_array_equal(marks(after, wanted), marks(before, wanted))
    assert_array_equal(marks(before, wanted), [[False, True]])


def test_each_definition_is_marked_by_the_sources_of_its_kinds():
    arrests = define("b", statistic="count", kinds=("arrest",), scope="about_subject", window_days=100)
    both = define("c", statistic="count", kinds=("arrest", "assault_with_injury"), window_days=100)
    nobody_sends = define("d", statistic="count", kinds=("stalking",), window_days=100)
    wanted = catalogue([define("a", **ASSAULTS, window_days=100), arrests, both, nobody_sends])
    store = sightings([ASSAULT, ARREST], starts={"records": AS_OF - 200 * DAY, "custody": AS_OF - 20 * DAY})
    assert_array_equal(marks(store, wanted), [[False, True, False, False]])
    assert records_begin(list(wanted), store).tolist() == [AS_OF - days * DAY for days in (200, 20, 200, 200)]


def test_a_ratio_reaches_back_as_far_as_its_long_window():
    ratio = {"statistic": "window_ratio", "window_days": 30, "long_window_days": 365}
    wanted = catalogue([define("a", **{**ASSAULTS, **ratio})])
    assert longest_window(wanted.definitions[0]) == 365 * DAY
    assert_array_equal(marks(sightings([ASSAULT], starts={"records": AS_OF - 364 * DAY}), wanted), [[True]])


def test_a_history_without_sources_is_never_marked():
    wanted = catalogue([define("a", **ASSAULTS, window_days=30)])
    assert_array_equal(marks(sightings([]), wanted), [[False]])
