"""Feeds in words: how old each is and up to when it reaches. Feeds that say the same are named together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from serving.relationship.kind_words import capitalised
from threat.asof import DAY
from threat.dates import as_of_day, day
from threat.history.feeds import NEVER_REACHED
from threat.release.documents.scored_list import FeedReach


def feeds_alike(feeds: Iterable[FeedReach], zone: str) -> list[list[FeedReach]]:
    """Return the feeds in groups that reach the same day in the same way, in the order of each group's first.

    ``zone``: in which the day of a record is said.
    """
    groups: dict[tuple[object, ...], list[FeedReach]] = {}
    for feed in feeds:
        until = _day(feed, zone) if feed.reaches != NEVER_REACHED else ""
        groups.setdefault((until, feed.stated, feed.stale_after_days, feed.stale), []).append(feed)
    return list(groups.values())


def named(feeds: Sequence[FeedReach]) -> str:
    """Return what some feeds are called in running text.

    >>> feed = FeedReach(source="calls", reaches=0, stated=False, latest_recorded_at=0, stale_after_days=7, stale=True)
    >>> named([feed]), named([feed, feed.model_copy(update={"source": "orders"})])
    ('the feed calls', 'the feeds calls and orders')
    """
    *others, last = (feed.source for feed in feeds)
    return f"the feeds {', '.join(others)} and {last}" if others else f"the feed {last}"


def feed_sentence(feeds: Sequence[FeedReach], as_of: int, zone: str) -> str:
    """Say how old feeds that are alike are at ``as_of``, and up to when they reach.

    ``zone``: in which the day of a record is said.

    >>> feed = FeedReach(source="calls", reaches=0, stated=False, latest_recorded_at=0, stale_after_days=7, stale=True)
    >>> feed_sentence([feed], 86_400, "Europe/London")
    'The feed calls never came, and the policy names it.'
    >>> calls = feed.model_copy(update={"reaches": 1_717_200_000})
    >>> feed_sentence([calls], 1_717_200_000 + 40 * 86_400, "Europe/London")
    'The feed calls is 40 days old: its latest record is of 1 June 2024 (7 days are allowed).'
    >>> both = [calls, calls.model_copy(update={"source": "orders"})]
    >>> feed_sentence(both, 1_717_200_000 + 40 * 86_400, "Europe/London")
    'The feeds calls and orders are 40 days old: their latest record is of 1 June 2024 (7 days are allowed).'
    """
    first, one_feed = feeds[0], len(feeds) == 1
    names = capitalised(named(feeds))
    if first.reaches == NEVER_REACHED:
        return f"{names} never came, and the policy names {'it' if one_feed else 'them'}."
    days = (as_of - first.reaches) // DAY
    owner, object_of = ("its", "it") if one_feed else ("their", "them")
    says = f"{owner} deliveries cover {object_of} up to" if first.stated else f"{owner} latest record is of"
    allowed = f" ({first.stale_after_days:,} days are allowed)" if first.stale else ""
    verb = "is" if one_feed else "are"
    return f"{names} {verb} {days:,} day{'' if days == 1 else 's'} old: {says} {_day(first, zone)}{allowed}."


def reach_of_feeds(feeds: Iterable[FeedReach], zone: str) -> str:
    """Say up to when each feed reaches, feeds that are alike in one sentence; empty without any feed.

    ``zone``: in which the day of a record is said.

    >>> feed = FeedReach(source="calls", reaches=0, stated=False, latest_recorded_at=0, stale_after_days=7, stale=True)
    >>> orders = feed.model_copy(update={"source": "orders", "reaches": 1_717_200_000})
    >>> reach_of_feeds([feed, orders, orders.model_copy(update={"source": "courts"})], "Europe/London")
    'The feed calls never came. The feeds orders and courts reach to 1 June 2024.'
    """
    return " ".join(f"{capitalised(named(alike))} {reach(alike, zone)}." for alike in feeds_alike(feeds, zone))


def reach(feeds: Sequence[FeedReach], zone: str) -> str:
    """Say up to when feeds that are alike reach, without their names. ``zone``: in which the day of a record is said.

    >>> feed = FeedReach(source="calls", reaches=0, stated=False, latest_recorded_at=0, stale_after_days=7, stale=True)
    >>> reach([feed], "UTC"), reach([feed.model_copy(update={"reaches": 1_717_200_000})] * 2, "UTC")
    ('never came', 'reach to 1 June 2024')
    """
    if feeds[0].reaches == NEVER_REACHED:
        return "never came"
    return f"{'reaches' if len(feeds) == 1 else 'reach'} to {_day(feeds[0], zone)}"


def _day(feed: FeedReach, zone: str) -> str:
    """Return the day that a feed reaches: what a delivery covers is named as an as-of is, a record by its local day."""
    return as_of_day(feed.reaches) if feed.stated else day(feed.reaches, zone)
