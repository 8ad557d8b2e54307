"""The published list in view: opened with the snapshot and the ranking it was made from, and its queue."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from serving.desk import words
from serving.desk.parties import Parties
from serving.desk.problems import NotFound
from serving.desk.responses import (
    Change,
    Circumstance,
    Feed,
    FilterStep,
    ListSummary,
    MustSeeItem,
    Queue,
    QueueRow,
    Reason,
    SafeguardingItem,
    Sentence,
    Ties,
    Trigger,
)
from serving.lists import rankings
from serving.lists.circumstances import Circumstance as Stated
from serving.lists.circumstances import circumstances
from serving.lists.feed_words import feed_sentence
from serving.lists.reasons import Explained, ThemeReason, check_sum, squares, theme_title
from serving.lists.scoring import explain
from threat import lists
from threat.asof import NEVER, instant, on_record
from threat.history.schema import RELATIONSHIP_KIND_TITLES
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import position_of
from threat.history.store import Store
from threat.ids import parse_id, show_id
from threat.lists import BAND_TITLES, ScoredList
from threat.release.documents.scored_list import Basis, FeedReach, MustSee, Safeguarding, TriggerEvent
from threat.vocabulary import kind

_EXPLAINED_KEPT = 512
"""Relationships whose reasons are kept: a day's work of the unit, at a few kilobytes each."""


class ListView:
    """A LIST with its snapshot and its ranking. Safe for threads: nothing changes but caches of fixed values.

    ``given_note``: why the ranking ranks, where the list cannot know; ``note``: that, or else what the list says.
    """

    def __init__(self, listed: ScoredList, snapshot: Snapshot, ranking: rankings.Ranking, note: str = "") -> None:
        self.listed = listed
        self.snapshot = snapshot
        self.ranking = ranking
        self.given_note = note
        self.note = note or listed.basis.ranking_note
        self._triggers = {item.relationship_id: item.triggers for item in listed.must_see}
        self.explained = lru_cache(maxsize=_EXPLAINED_KEPT)(self._explain)

    @classmethod
    def open(cls, store: Path, var: Path, list_id: str, note: str = "") -> ListView:
        """Open and verify a LIST, its snapshot and its ranking.

        ``note``: why the ranking ranks, where the list cannot know. Raises UsageError for a list that is not there,
        IntegrityFailure for a list or a bundle that was changed.
        """
        listed = lists.open_list(var / "lists", list_id)
        snapshot = Store.open(store).snapshot(listed.basis.snapshot)
        return cls(listed, snapshot, rankings.of_list(listed.basis, var / "promotions.jsonl"), note)

    @property
    def as_of(self) -> int:
        """As-of of the list, UTC seconds."""
        return self.listed.basis.as_of

    @property
    def zone(self) -> str:
        """Zone in which the list says days and clock times of records."""
        return self.listed.basis.time_zone

    @property
    def _stays(self) -> dict[str, int] | None:
        """Seconds that a stay without an end lasts, as the list says; None where a list of before says nothing."""
        if self.listed.version < 3:
            return None
        return {kind: NEVER if seconds is None else seconds for kind, seconds in self.listed.basis.stays.items()}

    def recorded(self, reference: str) -> int:
        """Return the id of a relationship that was recorded by the as-of.

        Raises UsageError for a malformed reference, NotFound for a relationship that was not recorded by then.
        """
        relationship_id = parse_id(reference)
        table = self.snapshot.relationships
        at = position_of(relationship_id, table.relationship_id)
        if at < 0 or not on_record(int(table.recorded_at[at]), self.as_of):
            raise NotFound(
                "There is no relationship with this reference in the records the list was made from.",
                value=show_id("R", relationship_id),
                way_out="copy the reference from today's referrals; one recorded since comes with the next list",
            )
        return relationship_id

    def kind_title(self, relationship_id: int) -> str:
        """Return what the person at risk is to the subject, in words."""
        return RELATIONSHIP_KIND_TITLES[str(self.snapshot.relationships.kind_at(relationship_id, self.as_of)[0])]

    def triggers(self, relationship_id: int) -> tuple[TriggerEvent, ...]:
        """Return the must-see triggers of a relationship as the list holds them; empty when it has none."""
        return self._triggers.get(relationship_id, ())

    def circumstances(self, relationship_id: int) -> tuple[Stated, ...]:
        """Return what is in force around a relationship, ranked or not: as the list states it, or from its snapshot."""
        row = self.listed.row(relationship_id)
        if row is not None:
            return tuple(Stated(**stated) for stated in row["circumstances"])
        rows = self.snapshot.rows([relationship_id], self.as_of)
        return circumstances(self.snapshot.sightings(), rows, self.as_of, self.zone, self._stays)[0]

    def is_safeguarded(self, relationship_id: int) -> bool:
        """Tell whether the relationship is in the list's safeguarding queue."""
        return any(item.relationship_id == relationship_id for item in self.listed.safeguarding)

    def other_way(self, relationship_id: int, parties: Parties) -> str:
        """Return the reference of the relationship with the roles reversed; empty when none was recorded by the as-of.

        A relationship whose parties a merge made one person is not its own other way round.
        """
        if parties.at_risk == NO_PERSON:  # relationships whose subject is unknown are all under the same key
            return ""
        reversed_id = self._by_parties.get(Parties(parties.at_risk, parties.subject), relationship_id)
        return "" if reversed_id == relationship_id else show_id("R", reversed_id)

    @cached_property
    def _by_parties(self) -> dict[Parties, int]:
        """Relationships in force at the as-of by their parties, merges resolved."""
        recorded, as_of = self.snapshot.relationships, self.as_of
        rows = self.snapshot.rows(recorded.relationship_id[recorded.standing(as_of)], as_of)
        pairs = map(Parties, rows.subject.tolist(), rows.at_risk.tolist())
        return dict(zip(pairs, rows.relationship_id.tolist(), strict=True))

    def _explain(self, relationship_id: int, score: float) -> tuple[float, Explained]:
        stated = self.circumstances(relationship_id)
        return explain(self.snapshot, relationship_id, self.as_of, self.ranking, stated, expected=score)


def reference_of(text: str) -> str:
    """Return a relationship reference as the audit log writes it. Raises UsageError for another text."""
    return show_id("R", parse_id(text))


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
        reach=words.reach_of_feeds(basis.feeds, basis.time_zone),
        stale=words.stale(basis.feeds, basis.time_zone),
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


def queue_of(view: ListView) -> Queue:
    """Return today's referrals. Raises IntegrityFailure unless every row's reasons add up to its score."""
    quarantined = sum(entry.batch.rows_quarantined for entry in view.snapshot.entries)
    return Queue(
        listing=summary_of(view),
        limits=[*words.LIMITS, *([words.quarantined(quarantined)] if quarantined else [])],
        must_see=[_must_see_item(view, item) for item in view.listed.must_see],
        safeguarding=[_safeguarding_item(item, view) for item in view.listed.safeguarding],
        rows=[_queue_row(view, view.listed.row_at(i)) for i in range(view.listed.selected)],
    )


def _queue_row(view: ListView, row: Mapping[str, Any]) -> QueueRow:
    relationship_id = row["relationship_id"]
    reference = show_id("R", relationship_id)
    reasons = tuple(ThemeReason.from_row(reason) for reason in row["reasons"])
    check_sum(row["base"], [reason.contribution for reason in reasons], row["score"], reference)
    return QueueRow(
        relationship=reference,
        relationship_kind=view.kind_title(relationship_id),
        rank=row["rank"],
        tied=row["tied"],
        band=row["band"],
        band_title=BAND_TITLES[row["band"]],
        last_recorded_at=instant(row["last_recorded_at"]),
        freshness=row["freshness"],
        change=change_of(view.listed.basis, row),
        base=row["base"],
        score=row["score"],
        reasons=answered_reasons(reasons),
        circumstances=[answered_circumstance(Stated(**stated)) for stated in row["circumstances"]],
        must_see=bool(view.triggers(relationship_id)),
    )


def _must_see_item(view: ListView, item: MustSee) -> MustSeeItem:
    row = view.listed.row(item.relationship_id)
    return MustSeeItem(
        relationship=show_id("R", item.relationship_id) if item.relationship_id else "",
        rank=row["rank"] if row else 0,
        band=row["band"] if row else "not_ranked",
        triggers=[answered_trigger(trigger, view.as_of, view.zone) for trigger in item.triggers],
    )


def _safeguarding_item(item: Safeguarding, view: ListView) -> SafeguardingItem:
    return SafeguardingItem(
        relationship=show_id("R", item.relationship_id),
        parties=list(item.parties),
        known_since=instant(item.known_since),
        sentence=words.safeguarded(item.parties, item.known_since, view.zone),
        triggers=[answered_trigger(trigger, view.as_of, view.zone) for trigger in item.triggers],
    )


def answered_circumstance(stated: Stated) -> Circumstance:
    """Return what is in force around a relationship as the API answers it."""
    return Circumstance(
        what=stated.what,
        kind=stated.kind,
        code=stated.code,
        whom=stated.whom,
        since=instant(stated.since),
        until="" if stated.until is None else instant(stated.until),
        event=show_id("E", stated.event_id),
        sentence=stated.text,
    )


def answered_reasons(reasons: tuple[ThemeReason, ...]) -> list[Reason]:
    """Return the reasons of a row as the API answers them, with the length of each bar."""
    return [
        Reason(
            theme=reason.theme,
            title=theme_title(reason.theme),
            direction=_direction(reason.contribution),
            strength=0 if reason.contribution == 0 else squares(reason.contribution, reasons),
            contribution=reason.contribution,
            sentences=[
                Sentence(text=sentence.text, events=[show_id("E", event) for event in sentence.event_ids])
                for sentence in reason.sentences
            ],
        )
        for reason in reasons
    ]


def _direction(contribution: float) -> Literal["raises", "lowers", "none"]:
    if contribution == 0:
        return "none"
    return "raises" if contribution > 0 else "lowers"


def answered_trigger(trigger: TriggerEvent, as_of: int, zone: str) -> Trigger:
    """Return a must-see trigger of ``list.json`` as the API answers it, with its sentence in days of ``zone``."""
    what = kind(trigger.kind)
    return Trigger(
        event=show_id("E", trigger.event_id),
        kind=what.name,
        title=what.title,
        about=trigger.about,
        sentence=words.trigger(trigger, as_of, zone),
        occurred_at=instant(trigger.occurred_at),
        recorded_at=instant(trigger.recorded_at),
    )


def change_of(basis: Basis, row: Mapping[str, Any]) -> Change:
    """Return what changed since the list that changes are compared with.

    Places are compared only within one ranking: two rankings order by different questions.
    """
    if not basis.previous:
        return Change(kind="first_list", places=0, new_records=0, sentence=words.FIRST_LIST)
    since, new_records, previous_rank = instant(basis.previous_as_of), row["new_records"], row["previous_rank"]
    if basis.previous_ranking_id != basis.ranking_id:
        sentence = words.other_order(since, new_records)
        return Change(kind="another_ranking", places=0, new_records=new_records, sentence=sentence)
    if previous_rank is None:
        sentence = words.newly_ranked(since, new_records)
        return Change(kind="new", places=0, new_records=new_records, sentence=sentence)
    places = previous_rank - row["rank"]
    return Change(
        kind="same" if places == 0 else "rose" if places > 0 else "fell",
        places=abs(places),
        new_records=new_records,
        sentence=words.moved(since, new_records, previous_rank=previous_rank, rank=row["rank"]),
    )
