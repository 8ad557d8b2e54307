"""What a list says of itself on every answer: when and how it was made, and up to when its feeds reach."""

from __future__ import annotations

from serving.desk import words
from serving.desk.list_view import ListView
from serving.desk.responses.listing import Feed, FilterStep, ListSummary, Ties
from serving.lists.feed_words import feed_sentence, reach_of_feeds
from threat.asof import instant
from threat.release.documents.scored_list import Basis, FeedReach


def summary_of(view: ListView) -> ListSummary:
    """Return the list's own facts."""
    listed, basis = view.listed, view.listed.basis
    return ListSummary(
        id=listed.id,
        as_of=instant(basis.as_of),
        time_zone=basis.time_zone,
        made_at=instant(basis.started_at),
        snapshot=basis.snapshot,
        ranking="model" if basis.ranking == "model" else "rule",
        ranking_title=basis.ranking_title,
        ranking_note=view.note,
        demonstration=basis.demonstration,
        capacity=basis.capacity,
        selected=listed.selected,
        ranked=len(listed),
        ties=Ties(**listed.ties),
        previous=basis.previous,
        filters=[FilterStep(**step.as_json()) for step in basis.attrition],
        feeds=[_feed(feed, basis) for feed in basis.feeds],
        reach=reach_of_feeds(basis.feeds, basis.time_zone),
        stale=words.behind(basis.feeds, basis.time_zone),
    )


def _feed(feed: FeedReach, basis: Basis) -> Feed:
    return Feed(
        source=feed.source,
        reaches=instant(feed.reaches) if feed.reaches else "",
        stated=feed.stated,
        latest_record=instant(feed.latest_recorded_at) if feed.latest_recorded_at else "",
        stale=feed.stale,
        sentence=feed_sentence([feed], basis.as_of, basis.time_zone),
    )
