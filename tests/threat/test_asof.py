"""The one rule of time at its boundaries, and times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from threat.asof import (
    DAY,
    NEVER,
    happened,
    in_label_window,
    in_look_back,
    instant,
    label_bounds,
    look_back_bounds,
    on_record,
    parse_as_of,
    seconds,
    show,
    visible,
    withdrawn,
    within,
)
from threat.errors import UsageError

AS_OF = 1_700_000_000

#                 offset from as-of, in a 30-day look-back, in a 30-day label window
WINDOWS = [
    (-30 * DAY - 1, False, False),
    (-30 * DAY, True, False),
    (-1, True, False),
    (0, False, True),
    (30 * DAY - 1, False, True),
    (30 * DAY, False, False),
]


@pytest.mark.parametrize(("offset", "look_back", "label"), WINDOWS)
def test_windows_are_half_open(offset: int, look_back: bool, label: bool) -> None:
    assert in_look_back(AS_OF + offset, AS_OF, 30) is look_back
    assert in_label_window(AS_OF + offset, AS_OF, 30) is label


def test_windows_take_arrays() -> None:
    at = np.array([AS_OF + offset for offset, _, _ in WINDOWS])
    assert in_look_back(at, AS_OF, 30).tolist() == [look_back for _, look_back, _ in WINDOWS]
    assert in_label_window(at, AS_OF, 30).tolist() == [label for _, _, label in WINDOWS]


def test_bounds_say_the_same_as_the_windows() -> None:
    at = np.array([AS_OF + offset for offset, _, _ in WINDOWS])
    assert within(at, *look_back_bounds(AS_OF, 30)).tolist() == [look_back for _, look_back, _ in WINDOWS]
    assert within(at, *label_bounds(AS_OF, 30)).tolist() == [label for _, _, label in WINDOWS]
    # Windows of half a day: whole seconds, rounded down.
    assert look_back_bounds(AS_OF, 0.500001) == (AS_OF - DAY // 2, AS_OF)
    assert label_bounds(AS_OF, 0.500001) == (AS_OF, AS_OF + DAY // 2)


def test_what_happened_is_before_the_as_of() -> None:
    assert [happened(AS_OF + offset, AS_OF) for offset in (-1, 0, 1)] == [True, False, False]


#                 recorded, withdrawn, visible at AS_OF
VISIBILITY = [
    (AS_OF - 1, NEVER, True),
    (AS_OF, NEVER, False),
    (AS_OF - 5, AS_OF - 1, False),
    (AS_OF - 5, AS_OF, True),
]


@pytest.mark.parametrize(("recorded_at", "withdrawn_at", "expected"), VISIBILITY)
def test_visible_is_recorded_before_and_not_withdrawn_before(
    recorded_at: int, withdrawn_at: int, expected: bool
) -> None:
    assert visible(recorded_at, withdrawn_at, AS_OF) is expected
    assert (on_record(recorded_at, AS_OF) and not withdrawn(withdrawn_at, AS_OF)) is expected


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="has no time zone"):
        seconds(datetime(2024, 6, 1))  # noqa: DTZ001
    with pytest.raises(UsageError, match="has no time zone"):
        parse_as_of("2024-06-01T08:00")
    with pytest.raises(UsageError, match="ISO 8601"):
        parse_as_of("1 June")


def test_times_round_trip() -> None:
    summer = datetime(2024, 6, 1, 8, tzinfo=timezone(timedelta(hours=1)))
    assert instant(seconds(summer)) == summer
    assert parse_as_of("2024-06-01") == seconds(datetime(2024, 6, 1, tzinfo=UTC))
    assert parse_as_of("2024-06-01T08:00+01:00") == seconds(summer)
    assert show(seconds(summer)) == "2024-06-01T07:00:00+00:00"
    assert show(NEVER) == "never"
