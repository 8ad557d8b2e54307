"""The published list in view: opened with the snapshot and the ranking it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from serving.desk.parties import Parties
from serving.desk.problems import NotFound
from serving.lists import rankings
from serving.lists.freshness import last_incident
from serving.lists.must_see_shown import ShownItem, shown_items
from serving.lists.scoring import explain
from serving.relationship.case_panel import case_panel, yes_this_way
from serving.relationship.circumstances import Circumstance as Stated
from serving.relationship.circumstances import circumstances
from serving.relationship.marker_words import Days
from serving.relationship.markers import Marker, markers, other_must_see
from serving.relationship.notices import Notice, notices
from serving.relationship.panel import Panel
from serving.relationship.reasons import Explained, ThemeReason
from threat import lists
from threat.asof import NEVER, on_record
from threat.history.ages import BirthYears
from threat.history.deaths import Deaths
from threat.history.schema import RELATIONSHIP_KIND_TITLES
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import position_of
from threat.history.store import Store
from threat.ids import parse_id, show_id
from threat.lists import ScoredList
from threat.policy import Policy, load_policy
from threat.release.documents.scored_list import TriggerEvent
from threat.trust.folder import Trust

_EXPLAINED_KEPT = 512
"""Relationships whose reasons are kept: a day's work of the unit, at a few kilobytes each."""


class Marked(NamedTuple):
    """What is on record of a relationship whatever ranks: the twelve markers, and must-see kinds that none reads."""

    markers: tuple[Marker, ...]
    other_must_see: tuple[Marker, ...]


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
        self._marked = lru_cache(maxsize=_EXPLAINED_KEPT)(self._mark)
        self.panel = lru_cache(maxsize=_EXPLAINED_KEPT)(self._panel)

    @classmethod
    def open(cls, store: Path, var: Path, list_id: str, note: str = "", *, trust: Trust | None = None) -> ListView:
        """Open and verify a LIST, its snapshot and its ranking.

        ``note``: why the ranking ranks, where the list cannot know. ``trust``: as in ``open_list``. Raises UsageError
        for a list that is not there, IntegrityFailure for a list or a bundle that was changed.
        """
        listed = lists.open_list(var / "lists", list_id, trust)
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
    def days(self) -> Days:
        """Days as sentences of this list say them."""
        return Days(self.as_of, self.zone, self.snapshot.undated)

    @property
    def _stays(self) -> dict[str, int] | None:
        """Seconds that a stay without an end lasts, as the list says; None where a list of before says nothing."""
        if self.listed.version < 3:
            return None
        return {kind: NEVER if seconds is None else seconds for kind, seconds in self.listed.basis.stays.items()}

    def is_recorded(self, relationship_id: int) -> bool:
        """Tell whether a relationship was recorded by the as-of."""
        table = self.snapshot.relationships
        at = position_of(relationship_id, table.relationship_id)
        return at >= 0 and bool(on_record(int(table.recorded_at[at]), self.as_of))

    def recorded(self, reference: str) -> int:
        """Return the id of a relationship that was recorded by the as-of.

        Raises UsageError for a malformed reference, NotFound for a relationship that was not recorded by then.
        """
        relationship_id = parse_id(reference)
        if not self.is_recorded(relationship_id):
            raise NotFound(
                "There is no relationship with this reference in the records the list was made from.",
                value=show_id("R", relationship_id),
                way_out="copy the reference from Today or a case; what was recorded since comes with the next list",
            )
        return relationship_id

    def kind(self, relationship_id: int) -> str:
        """Return what the person at risk is to the subject, as ``RELATIONSHIP_KINDS`` names it."""
        return str(self.snapshot.relationships.kind_at(relationship_id, self.as_of)[0])

    def kind_title(self, relationship_id: int) -> str:
        """Return what the person at risk is to the subject, in words."""
        return RELATIONSHIP_KIND_TITLES[self.kind(relationship_id)]

    def triggers(self, relationship_id: int) -> tuple[TriggerEvent, ...]:
        """Return the must-see triggers of a relationship as the list holds them; empty when it has none."""
        return self._triggers.get(relationship_id, ())

    def circumstances(self, relationship_id: int) -> tuple[Stated, ...]:
        """Return what is in force around a relationship, ranked or not: as the list states it, or from its snapshot."""
        row = self.listed.row(relationship_id)
        if row is not None:
            return tuple(Stated(**stated) for stated in row["circumstances"])
        rows = self.snapshot.rows([relationship_id], self.as_of)
        sightings, undated = self.snapshot.sightings(), self.snapshot.undated
        return circumstances(sightings, rows, self.as_of, self.zone, self._stays, undated=undated)[0]

    @cached_property
    def last_incidents(self) -> dict[int, int]:
        """Instant of the latest incident of each row for review, UTC seconds by relationship id; 0 for none."""
        for_review = self.listed.rows["relationship_id"].slice(0, self.listed.selected).to_numpy()
        rows = self.snapshot.rows(for_review, self.as_of)
        latest = last_incident(self.snapshot.sightings(), rows, self.as_of)
        return dict(zip(rows.relationship_id.tolist(), latest.tolist(), strict=True))

    def last_incident_of(self, relationship_id: int) -> int:
        """Return the instant of the latest incident of a relationship, UTC seconds; 0 for none."""
        if relationship_id in self.last_incidents:
            return self.last_incidents[relationship_id]
        rows = self.snapshot.rows([relationship_id], self.as_of)
        return int(last_incident(self.snapshot.sightings(), rows, self.as_of)[0])

    @cached_property
    def must_see(self) -> list[ShownItem]:
        """Must-see items as they are shown, each with every relationship that it touches."""
        items = self.listed.must_see
        ids = np.array([item.relationship_id for item in items if item.relationship_id], dtype=np.int64)
        return shown_items(items, self.snapshot.rows(ids, self.as_of))

    def is_ranked(self, relationship_id: int) -> bool:
        """Tell whether the list gives the relationship a place; which place is for ``Places`` to say."""
        return self.listed.position(relationship_id) is not None

    def is_safeguarded(self, relationship_id: int) -> bool:
        """Tell whether the relationship is in the list's safeguarding queue."""
        return any(item.relationship_id == relationship_id for item in self.listed.safeguarding)

    def other_way(self, relationship_id: int, parties: Parties) -> str:
        """Return the reference of the relationship with the roles reversed; empty when none was recorded by the as-of.

        A relationship whose parties a merge made one person is not its own other way round.
        """
        if parties.at_risk == NO_PERSON:  # relationships whose subject is unknown are all under the same key
            return ""
        reversed_id = self.by_parties.get(Parties(parties.at_risk, parties.subject), relationship_id)
        return "" if reversed_id == relationship_id else show_id("R", reversed_id)

    @cached_property
    def in_force(self) -> Rows:
        """Relationships in force at the as-of, merges of their parties resolved."""
        recorded, as_of = self.snapshot.relationships, self.as_of
        return self.snapshot.rows(recorded.relationship_id[recorded.standing(as_of)], as_of)

    @cached_property
    def births(self) -> BirthYears:
        """The birth years on record at the as-of."""
        return self.snapshot.births.at(self.as_of)

    @cached_property
    def deaths(self) -> Deaths:
        """Every death on record; ask it of the as-of."""
        return Deaths.of(self.snapshot.sightings())

    @cached_property
    def by_parties(self) -> dict[Parties, int]:
        """Relationships in force at the as-of by their parties.

        Of several between the same two people, after merges, that which the list ranks, then that of the safeguarding
        queue, then that recorded first; the id decides only between those of one second.
        """
        rows, recorded = self.in_force, self.snapshot.relationships
        ids = rows.relationship_id
        since = recorded.since(self.as_of)[np.searchsorted(recorded.relationship_id, ids)]
        ranked = np.isin(ids, self.listed.rows["relationship_id"].to_numpy())
        safeguarded = np.isin(ids, [item.relationship_id for item in self.listed.safeguarding])
        # Of equal keys a dict keeps what comes last, so the order is from the last choice to the first.
        order = np.lexsort((ids, since, ~safeguarded, ~ranked))[::-1]
        pairs = map(Parties, rows.subject[order].tolist(), rows.at_risk[order].tolist())
        return dict(zip(pairs, ids[order].tolist(), strict=True))

    def marked(self, relationship_id: int) -> Marked:
        """Return what is on record of a relationship at the as-of, ranked or not; the list does not hold it."""
        shown = self._marked_of_shown.get(relationship_id)
        return self._marked(relationship_id) if shown is None else shown

    @cached_property
    def _marked_of_shown(self) -> dict[int, Marked]:
        """Markers of every relationship that the review list shows, read at once."""
        listed = self.listed
        shown = {listed.row_at(i)["relationship_id"] for i in range(listed.selected)}
        shown |= {item.relationship_id for item in listed.must_see if item.relationship_id}
        shown |= {item.relationship_id for item in listed.safeguarding}
        return self.mark_all(sorted(shown))

    @cached_property
    def policy(self) -> Policy:
        """Policy of the force, read once: a list does not hold its days."""
        return load_policy()

    def notices(self, relationship_id: int) -> tuple[Notice, ...]:
        """Return the referrals recorded lately and the licences about to end, by the days of the policy."""
        shown = self._notices_of_shown.get(relationship_id)
        return self._read_notices([relationship_id])[relationship_id] if shown is None else shown

    @cached_property
    def _notices_of_shown(self) -> dict[int, tuple[Notice, ...]]:
        """Notices of every relationship for review, read at once."""
        return self._read_notices([self.listed.row_at(i)["relationship_id"] for i in range(self.listed.selected)])

    def _read_notices(self, relationship_ids: list[int]) -> dict[int, tuple[Notice, ...]]:
        rows = self.snapshot.rows(np.array(relationship_ids, dtype=np.int64), self.as_of)
        policy = self.policy
        read = notices(
            self.snapshot.sightings(),
            rows,
            self.as_of,
            recorded_days=policy.must_see_recorded_days,
            ahead_days=policy.must_see_release_days,
        )
        return dict(zip(relationship_ids, read, strict=True))

    def _mark(self, relationship_id: int) -> Marked:
        return self.mark_all([relationship_id])[relationship_id]

    def mark_all(self, relationship_ids: list[int]) -> dict[int, Marked]:
        """Return what is on record of several relationships, read at once; each must be recorded by the as-of."""
        rows = self.snapshot.rows(np.array(relationship_ids, dtype=np.int64), self.as_of)
        read = (of(self.snapshot.sightings(), rows, self.as_of) for of in (markers, other_must_see))
        return dict(zip(relationship_ids, map(Marked, *read), strict=True))

    def reasons(self, row: Mapping[str, Any]) -> Explained:
        """Return the base and the reasons of a row of the list, as the list froze them or would have."""
        if row["reasons"] is None:
            return self.explained(row["relationship_id"], row["score"])[1]
        return row["base"], tuple(ThemeReason.from_row(reason) for reason in row["reasons"])

    def _panel(self, relationship_id: int) -> Panel:
        """Return the panel of a ranked relationship."""
        row = self.listed.row(relationship_id)
        assert row is not None, "only what is ranked has reasons"
        _, reasons = self.reasons(row)
        marked = self.marked(relationship_id)
        on_record = yes_this_way((*marked.markers, *marked.other_must_see))
        return case_panel(self.snapshot, relationship_id, self.as_of, self.zone, reasons, on_record)

    def _explain(self, relationship_id: int, score: float) -> tuple[float, Explained]:
        stated = self.circumstances(relationship_id)
        return explain(self.snapshot, relationship_id, self.as_of, self.ranking, stated, expected=score)


def reference_of(text: str) -> str:
    """Return a relationship reference as the audit log writes it. Raises UsageError for another text."""
    return show_id("R", parse_id(text))
