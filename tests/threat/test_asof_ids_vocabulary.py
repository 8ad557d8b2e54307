"""Time, ids and words: the three small things everything else leans on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from threat.asof import DAY, NEVER, in_label_window, in_look_back, instant, parse_as_of, seconds, show, visible
from threat.errors import UsageError
from threat.ids import make_id, parse_id, show_id
from threat.vocabulary import kind, kinds, themes

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


#                 recorded, withdrawn, visible at AS_OF
VISIBILITY = [
    (AS_OF - 1, NEVER, True),
    (AS_OF, NEVER, False),
    (AS_OF - 5, AS_OF - 1, False),
    (AS_OF - 5, AS_OF, True),
]


@pytest.mark.parametrize(("recorded", "withdrawn", "expected"), VISIBILITY)
def test_visible_is_recorded_before_and_not_withdrawn_before(recorded: int, withdrawn: int, expected: bool) -> None:
    assert visible(recorded, withdrawn, AS_OF) is expected


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(UsageError, match="needs a time zone"):
        seconds(datetime(2024, 6, 1))  # noqa: DTZ001
    with pytest.raises(UsageError, match="needs a time zone"):
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


def test_ids_hash_fields_and_ordinal() -> None:
    first = make_id("rms", "A1", None)
    assert first == make_id("rms", "A1", None)
    assert len({first, make_id("rms", "A1", ""), make_id("rms", "A1", None, ordinal=1), make_id("rmsA1", None)}) == 4
    assert 0 <= first < 1 << 63
    assert parse_id(show_id("R", first)) == first


@pytest.mark.parametrize(
    "text", ["", "R-12", "P-0123456789abcdef", "R-0123456789abcdeg", "0123456789abcdef", "R-8000000000000000"]
)
def test_a_bad_reference_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="16 hexadecimal digits"):
        parse_id(text)


def test_vocabulary_is_well_formed() -> None:
    all_kinds = kinds()
    assert [k.number for k in all_kinds.values()] == list(range(len(all_kinds)))
    assert sum(len(names) for names in themes().values()) == len(all_kinds)
    assert {k.name for k in all_kinds.values() if k.known_in_advance} == {
        "release",
        "bail_end",
        "licence_end",
        "order_expiry",
    }
    assert all(k.title and k.theme for k in all_kinds.values())


def test_an_unknown_kind_names_near_ones() -> None:
    with pytest.raises(UsageError) as caught:
        kind("non_fatal_strangulaton")
    assert "did you mean non_fatal_strangulation" in str(caught.value)
