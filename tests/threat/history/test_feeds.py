"""Up to when each feed reaches: a stopped feed is found, a quiet feed is not taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.case_force import ev, write
from fixtures.history_rows import events

from threat.asof import DAY, parse_as_of
from threat.errors import BadInput, UsageError
from threat.history import Batch, Store
from threat.history.feeds import EVERY_FEED, Feed, feeds, read_covers_until
from threat.history.intake.load import load

NOW = parse_as_of("2024-07-01")


def row(number: int, source: str, day: int) -> dict[str, object]:
    return {
        "event_id": number,
        "subject_id": 1,
        "person_at_risk_id": 2,
        "source_system": source,
        "occurred_at": day * DAY,
    }


def store_of(folder: Path, *deliveries: tuple[dict[str, int], list[dict[str, object]]]) -> Store:
    store = Store.create(folder / "history")
    for covers, rows in deliveries:
        said = {source: day * DAY for source, day in covers.items()}
        store.append(Batch("test", loaded_at=0, covers_until=said), {"events": events(*rows)} if rows else {})
    return store


def ages(store: Store, day: int, **by_source: int) -> dict[str, tuple[int, bool]]:
    found = feeds(store.snapshot(), day * DAY, 7, by_source)
    return {feed.source: (feed.age_days, feed.stale) for feed in found}


def test_a_feed_reaches_to_its_latest_record_known_at_the_as_of(tmp_path: Path) -> None:
    store = store_of(tmp_path, ({}, [row(1, "crime", 10), row(2, "orders", 4), row(3, "crime", 30)]))
    assert ages(store, 12) == {"crime": (2, False), "orders": (8, True)}
    assert ages(store, 31) == {"crime": (1, False), "orders": (27, True)}


def test_exactly_as_old_as_the_policy_allows_is_not_stale(tmp_path: Path) -> None:
    store = store_of(tmp_path, ({}, [row(1, "crime", 10)]))
    stale = [feeds(store.snapshot(), 17 * DAY + seconds, 7, {})[0].stale for seconds in (0, 1)]
    assert stale == [False, True]
    assert ages(store, 30, crime=20) == {"crime": (20, False)}


def test_a_quiet_feed_is_not_a_stopped_one(tmp_path: Path) -> None:
    store = store_of(tmp_path, ({}, [row(1, "crime", 10)]), ({"crime": 39}, []))
    assert ages(store, 40) == {"crime": (1, False)}
    feed = feeds(store.snapshot(), 40 * DAY, 7, {})[0]
    assert (feed.stated, feed.reaches, feed.latest_recorded_at) == (True, 39 * DAY, 10 * DAY)


def test_what_a_delivery_says_counts_for_it_alone(tmp_path: Path) -> None:
    """It may say less than its latest record, and a later delivery without a word reaches to its own latest record."""
    assert ages(store_of(tmp_path / "a", ({"crime": 8}, [row(1, "crime", 10)])), 20) == {"crime": (12, True)}
    both = store_of(tmp_path / "b", ({"crime": 8}, [row(1, "crime", 10)]), ({}, [row(2, "crime", 15)]))
    assert ages(both, 20) == {"crime": (5, False)}


def test_a_delivery_that_reaches_beyond_the_as_of_reaches_it(tmp_path: Path) -> None:
    assert ages(store_of(tmp_path, ({"crime": 90}, [row(1, "crime", 10)])), 20) == {"crime": (0, False)}


def test_a_feed_that_the_policy_names_and_nobody_brought_is_stale(tmp_path: Path) -> None:
    assert ages(store_of(tmp_path, ({}, [row(1, "crime", 10)])), 12, calls=30)["calls"][1] is True


def test_no_delivery_no_feed(tmp_path: Path) -> None:
    assert feeds(Store.create(tmp_path / "history").snapshot(), NOW, 7, {}) == ()


EXPORT = {"events": [ev("stalking", "2024-05-01", source_system="crime"), ev("stalking", "2024-05-02")]}


def reach(store: Path) -> dict[str, Feed]:
    return {feed.source: feed for feed in feeds(Store.open(store).snapshot(), NOW, 7, {})}


def test_an_empty_nightly_delivery_that_says_what_it_covers_is_recorded(tmp_path: Path) -> None:
    full, empty = write(tmp_path / "full", EXPORT), write(tmp_path / "empty", {"events": []})
    store = tmp_path / "history"
    load("standard_csv", full, store, NOW)
    assert {source: feed.stale for source, feed in reach(store).items()} == {"crime": True, "standard_csv": True}
    for night in ("2024-06-29", "2024-06-30"):  # the same empty file each night
        covers = {EVERY_FEED: parse_as_of(night)}
        assert load("standard_csv", empty, store, NOW, covers_until=covers).batch_id is not None
    assert {source: (feed.age_days, feed.stale) for source, feed in reach(store).items()} == {
        "crime": (1, False),
        "standard_csv": (1, False),
    }


def test_an_empty_file_without_a_word_is_a_broken_export_also_after_a_quiet_night(tmp_path: Path) -> None:
    empty, store = write(tmp_path / "empty", {"events": []}), tmp_path / "history"
    report = load("standard_csv", empty, store, NOW, covers_until={EVERY_FEED: parse_as_of("2024-06-30")})
    assert "The delivery covers standard_csv up to 2024-06-30T00:00:00+00:00." in report.notices
    with pytest.raises(BadInput, match="a header and no rows"):
        load("standard_csv", empty, store, NOW)


def test_a_file_loaded_before_can_say_later_what_it_covers(tmp_path: Path) -> None:
    full, store = write(tmp_path / "full", EXPORT), tmp_path / "history"
    load("standard_csv", full, store, NOW)
    load("standard_csv", full, store, NOW, covers_until={"crime": parse_as_of("2024-06-28")})
    assert {source: feed.stale for source, feed in reach(store).items()} == {"crime": False, "standard_csv": True}
    assert Store.open(store).snapshot().row_count("events") == 2


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (["2024-07-02"], "The delivery cannot cover what is still to come."),
        (["soon"], "The as-of is not a date"),
        (["crime=2024-06-01", "crime=2024-06-02"], "--covers-until is said twice of one feed."),
    ],
)
def test_what_cannot_be_covered_is_refused(said: list[str], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        read_covers_until(said, NOW)
