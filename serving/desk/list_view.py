"""The published list in view: its queue, and any relationship as it stood at the list's as-of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.dates import day
from serving.desk.frequency import frequency
from serving.desk.problems import NotFound
from serving.desk.responses import (
    Change,
    FilterStep,
    ListSummary,
    MustSeeItem,
    NotRanked,
    Queue,
    QueueRow,
    Ranked,
    Relationship,
    Sentence,
    Ties,
    Trigger,
)
from serving.desk.responses import Reason as ReasonAnswer
from serving.desk.timeline import records, unknowns
from serving.lists import rankings
from serving.lists.reasons import Explained, ThemeReason, check_sum, squares, theme_title
from serving.lists.scoring import explain
from threat import lists
from threat.asof import DAY, instant
from threat.history.schema import RELATIONSHIP_KIND_TITLES
from threat.history.sightings import NO_PERSON
from threat.ids import parse_id, show_id
from threat.vocabulary import kind

if TYPE_CHECKING:
    from threat.history.snapshot import Snapshot

LIMITS = (
    "Not being on this list is not a sign of safety. In a study of 118 deadly and near-deadly domestic cases in Thames "
    "Valley, 55% had no earlier police contact with the victim (Thornton 2017): there was nothing to rank.",
    "The order supports your decision and does not make it. It rests on what was recorded and known by the date shown; "
    "what you know and the records do not say may matter more.",
    "Subjects are alleged. A record is not a finding, and a contribution to the order is not a cause.",
)
"""On the queue and on every relationship."""


class View:
    """A LIST with the snapshot it was computed from. Safe for threads: it changes nothing but its own cache."""

    def __init__(self, scored: lists.ScoredList, snapshot: Snapshot, ranking: rankings.Ranking, note: str = "") -> None:
        self.note = note or scored.basis.ranking_note
        self.list = scored
        self.snapshot = snapshot
        self.ranking = ranking
        self._triggers = {item["relationship_id"]: item["triggers"] for item in scored.must_see}
        self._explained = lru_cache(maxsize=512)(self._explain)

    @classmethod
    def open(cls, store: str | Path, var: str | Path, list_id: str, note: str = "") -> View:
        """Open and verify a LIST, its snapshot and its ranking. ``note``: why it ranks, where the list can't say."""
        from threat.history.store import Store

        scored = lists.open_list(Path(var) / "lists", list_id)
        snapshot = Store.open(store).snapshot(scored.basis.snapshot)
        return cls(scored, snapshot, rankings.of_list(scored.basis, Path(var) / "promotions.jsonl"), note)

    def reference(self, text: str) -> str:
        """A relationship reference as the log writes it. Raises UsageError when it is none."""
        return show_id("R", parse_id(text))

    def summary(self) -> ListSummary:
        """The list's own facts."""
        asked = self.list.basis
        return ListSummary(
            id=self.list.id,
            as_of=instant(asked.as_of),
            made_at=instant(asked.started_at),
            snapshot=asked.snapshot,
            ranking="model" if asked.ranking == "model" else "rule",
            ranking_title=asked.ranking_title,
            ranking_note=self.note,
            demonstration=asked.demonstration,
            capacity=asked.capacity,
            selected=self.list.selected,
            ranked=len(self.list),
            ties=Ties(**self.list.ties),
            previous=asked.previous,
            filters=[FilterStep(**{name: step[name] for name in FilterStep.model_fields}) for step in asked.attrition],
        )

    def queue(self) -> Queue:
        """Today's referrals. Raises IntegrityFailure unless every row's reasons add up to its score."""
        return Queue(
            listing=self.summary(),
            limits=[*LIMITS, *self._quarantined()],
            must_see=[self._must_see_item(item) for item in self.list.must_see],
            rows=[self._queue_row(self.list.row_at(i)) for i in range(self.list.selected)],
        )

    def relationship(self, text: str) -> Relationship:
        """One relationship at the list's as-of. Raises NotFound for a reference that was not recorded by then."""
        relationship_id = parse_id(text)
        at, row = self._place(relationship_id)
        rows = self.snapshot.rows([relationship_id], self.list.basis.as_of)
        subject, at_risk = int(rows.subject[0]), int(rows.at_risk[0])
        standing = self._standing(row)
        behind: dict[int, list[str]] = {}
        if isinstance(standing, Ranked):
            for reason in standing.reasons:
                for sentence in reason.sentences:
                    for event in sentence.events:
                        titles = behind.setdefault(parse_id(event, "E"), [])
                        if reason.title not in titles:
                            titles.append(reason.title)
        triggers = self._triggers.get(relationship_id, [])
        timeline, left_out = records(
            self.snapshot.sightings(),
            subject,
            at_risk,
            self.list.basis.as_of,
            since=self.list.basis.previous_as_of,
            behind=behind,
            must_see={trigger["event_id"] for trigger in triggers},
        )
        return Relationship(
            listing=self.summary(),
            limits=list(LIMITS),
            relationship=show_id("R", relationship_id),
            relationship_kind=RELATIONSHIP_KIND_TITLES[str(self.snapshot.relationships.kind[at])],
            subject=_person(subject),
            person_at_risk=_person(at_risk),
            other_way=self._other_way(relationship_id, subject, at_risk),
            standing=standing,
            must_see=[self._trigger(trigger) for trigger in triggers],
            timeline=timeline,
            records_left_out=left_out,
            unknown=unknowns(self.snapshot.sightings(), subject, at_risk, self.list.basis.as_of),
        )

    def names(self, text: str, *, reason: str, by: str) -> dict[str, dict[str, str]]:
        """Names of both parties, opened with a reason that the history's own log keeps too.

        ``{"subject": {...}, "person_at_risk": {...}}`` with ``names`` and ``birth_date``; a party without an identity
        on record is left out.
        """
        from threat.history import identities

        relationship_id = parse_id(text)
        self._place(relationship_id)
        rows = self.snapshot.rows([relationship_id], self.list.basis.as_of)
        parties = {"subject": int(rows.subject[0]), "person_at_risk": int(rows.at_risk[0])}
        known = {party: person for party, person in parties.items() if person != NO_PERSON}
        frame = identities.read(self.snapshot, list(known.values()), reason=reason, by=by)
        found = {int(row["person_id"]): row for row in frame.to_dict("records")}
        return {
            party: {field: _said(found[person][field]) for field in ("names", "birth_date")}
            for party, person in known.items()
            if person in found
        }

    def _place(self, relationship_id: int) -> tuple[int, dict[str, Any] | None]:
        known = self.snapshot.relationships
        at = int(known.relationship_id.searchsorted(relationship_id))
        here = at < len(known) and int(known.relationship_id[at]) == relationship_id
        if not here or int(known.recorded_at[at]) >= self.list.basis.as_of:
            raise NotFound(
                "There is no relationship with this reference in the records the list rests on.",
                value=show_id("R", relationship_id),
                way_out="copy the reference from today's referrals; one recorded since comes with the next list",
            )
        return at, self.list.row(relationship_id)

    def _other_way(self, relationship_id: int, subject: int, at_risk: int) -> str:
        """The relationship with the roles reversed, where one was recorded by the as-of."""
        found = self._by_parties.get((at_risk, subject), relationship_id) if at_risk != NO_PERSON else relationship_id
        return "" if found == relationship_id else show_id("R", found)

    @cached_property
    def _by_parties(self) -> dict[tuple[int, int], int]:
        """Relationships known at the as-of by (subject, person at risk), merges resolved."""
        known, as_of = self.snapshot.relationships, self.list.basis.as_of
        standing = (known.recorded_at < as_of) & (known.withdrawn_at >= as_of)
        rows = self.snapshot.rows(known.relationship_id[standing], as_of)
        pairs = zip(rows.subject.tolist(), rows.at_risk.tolist(), strict=True)
        return dict(zip(pairs, rows.relationship_id.tolist(), strict=True))

    def _standing(self, row: dict[str, Any] | None) -> Ranked | NotRanked:
        if row is None:
            return NotRanked(
                kind="not_ranked",
                sentence="This relationship was not ranked: the filters of the list left it out (its steps are on the "
                "list of referrals). That is not a finding about it and not a sign of safety.",
            )
        score, (base, reasons) = self._explained(row["relationship_id"], row["score"])
        check_sum(base, [reason.contribution for reason in reasons], score, show_id("R", row["relationship_id"]))
        asked, place = self.list.basis, row["rank"]
        shared = f", sharing this rank with {_count(row['tied'] - 1, 'other')}" if row["tied"] > 1 else ""
        return Ranked(
            kind="ranked",
            sentence=f"Ranked {place:,} of {len(self.list):,} relationships{shared}. "
            f"The unit reviews {asked.capacity:,}.",
            rank=place,
            tied=row["tied"],
            band=row["band"],
            band_title=lists.BAND_TITLES[row["band"]],
            freshness=row["freshness"],
            change=self._change(row),
            base=base,
            score=score,
            reasons=_reasons(reasons),
            frequency=frequency(self.ranking, score, self.list.rows["score"].to_numpy()),
        )

    def _explain(self, relationship_id: int, score: float) -> tuple[float, Explained]:
        return explain(self.snapshot, relationship_id, self.list.basis.as_of, self.ranking, expected=score)

    def _queue_row(self, row: dict[str, Any]) -> QueueRow:
        reference = show_id("R", row["relationship_id"])
        reasons = tuple(ThemeReason.from_row(reason) for reason in row["reasons"])
        check_sum(row["base"], [reason.contribution for reason in reasons], row["score"], reference)
        at = int(self.snapshot.relationships.relationship_id.searchsorted(row["relationship_id"]))
        return QueueRow(
            relationship=reference,
            relationship_kind=RELATIONSHIP_KIND_TITLES[str(self.snapshot.relationships.kind[at])],
            rank=row["rank"],
            tied=row["tied"],
            band=row["band"],
            band_title=lists.BAND_TITLES[row["band"]],
            last_recorded_at=instant(row["last_recorded_at"]),
            freshness=row["freshness"],
            change=self._change(row),
            base=row["base"],
            score=row["score"],
            reasons=_reasons(reasons),
            must_see=row["relationship_id"] in self._triggers,
        )

    def _change(self, row: dict[str, Any]) -> Change:
        asked, fresh = self.list.basis, row["new_records"]
        if not asked.previous:
            return Change(
                kind="first_list", places=0, new_records=0, sentence="There is no earlier list to compare with."
            )
        since = instant(asked.previous_as_of)
        when = f"{since.day} {since:%B}"
        came = f"{_count(fresh, 'new record')} since." if fresh else "No new record since."
        if asked.previous_ranking_id != asked.ranking_id:
            said = f"The list of {when} was ordered in another way, so places cannot be compared. {came}"
            return Change(kind="another_ranking", places=0, new_records=fresh, sentence=said)
        before = row["previous_rank"]
        if before is None:
            return Change(kind="new", places=0, new_records=fresh, sentence=f"Not on the list of {when}. {came}")
        moved = before - row["rank"]
        if moved == 0:
            return Change(kind="same", places=0, new_records=fresh, sentence=f"Same rank as on {when}. {came}")
        word = "Up" if moved > 0 else "Down"
        said = f"{word} {_count(abs(moved), 'place')} since {when} (from {before:,} to {row['rank']:,}). {came}"
        return Change(kind="rose" if moved > 0 else "fell", places=abs(moved), new_records=fresh, sentence=said)

    def _must_see_item(self, item: Mapping[str, Any]) -> MustSeeItem:
        row = self.list.row(item["relationship_id"])
        return MustSeeItem(
            relationship=show_id("R", item["relationship_id"]) if item["relationship_id"] else "",
            rank=row["rank"] if row else 0,
            band=row["band"] if row else "not_ranked",
            triggers=[self._trigger(trigger) for trigger in item["triggers"]],
        )

    def _trigger(self, trigger: Mapping[str, Any]) -> Trigger:
        what, as_of = kind(trigger["kind"]), self.list.basis.as_of
        who = {"pair": "", "subject": ", about the subject", "person_at_risk": ", about the person at risk"}
        when = instant(trigger["occurred_at"])
        if what.known_in_advance and trigger["occurred_at"] >= as_of:
            said = f"{what.title} expected on {day(when)}{who[trigger['about']]}"
        else:
            ago = (as_of - trigger["recorded_at"]) // DAY
            known = "recorded today" if ago == 0 else f"recorded {_count(int(ago), 'day')} ago"
            said = f"{what.title} on {day(when)}{who[trigger['about']]}, {known}"
        return Trigger(
            event=show_id("E", trigger["event_id"]),
            kind=what.name,
            title=what.title,
            about=trigger["about"],
            sentence=said,
            occurred_at=when,
            recorded_at=instant(trigger["recorded_at"]),
        )

    def _quarantined(self) -> list[str]:
        rows = sum(entry.batch.rows_quarantined for entry in self.snapshot.entries)
        if not rows:
            return []
        return [f"{_count(rows, 'row')} of the records loaded did not fit and took no part: see the load reports."]


def _reasons(reasons: tuple[ThemeReason, ...]) -> list[ReasonAnswer]:
    return [
        ReasonAnswer(
            theme=reason.theme,
            title=theme_title(reason.theme),
            direction="none" if reason.contribution == 0 else "raises" if reason.contribution > 0 else "lowers",
            strength=0 if reason.contribution == 0 else squares(reason.contribution, reasons),
            contribution=reason.contribution,
            sentences=[
                Sentence(text=said.text, events=[show_id("E", event) for event in said.event_ids])
                for said in reason.sentences
            ],
        )
        for reason in reasons
    ]


def _said(value: object) -> str:
    return value if isinstance(value, str) and value else "not recorded"


def _person(person_id: int) -> str:
    return "unknown" if person_id == NO_PERSON else show_id("P", person_id)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
