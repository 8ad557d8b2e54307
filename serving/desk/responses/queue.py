"""The review list."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.desk.responses.answer import Answer, Band, BandOrNone, RelationshipRef
from serving.desk.responses.listing import ListSummary
from serving.desk.responses.markers import RowMarker
from serving.desk.responses.now import SeenFor
from serving.desk.responses.reasons import Change, Circumstance, PanelReason, Reason, Trigger


class SafeguardingItem(Answer):
    """A relationship that is not ranked with adults, because a party may be a child."""

    relationship: RelationshipRef
    parties: list[Literal["subject", "person_at_risk"]]
    known_since: datetime
    sentence: str
    markers: list[RowMarker] = Field(description="Those that say yes, as on a row.")
    triggers: list[Trigger]


class TouchedRelationship(Answer):
    """A relationship that a must-see item touches."""

    relationship: RelationshipRef
    relationship_kind: str
    role: Literal["pair", "subject", "person_at_risk"] = Field(description="Whom of it the triggers are about.")
    rank: int = Field(description="0 when not ranked.")
    band: BandOrNone
    markers: list[RowMarker] = Field(description="Those that say yes, as on a row.")


class MustSeeItem(Answer):
    """One person, one event, one item: recent triggers, with every relationship that they touch."""

    person: str = Field(description="Whom the triggers are about, where they touch several relationships; else empty.")
    relationships: list[TouchedRelationship] = Field(description="Empty for a record that no relationship covers.")
    triggers: list[Trigger]


class QueueRow(Answer):
    """One relationship for review."""

    relationship: RelationshipRef
    relationship_kind: str
    rank: int
    tied: int = Field(description="Rows sharing this rank, itself among them.")
    band: Band
    band_title: str
    last_recorded_at: datetime
    last_incident_at: datetime | Literal[""] = Field(
        description="When the subject's latest incident towards the person at risk happened; empty without one."
    )
    freshness: str
    change: Change
    base: float
    score: float
    reasons: list[Reason]
    why: list[PanelReason] = Field(max_length=2, description="What raises the place most, as the page says it.")
    circumstances: list[Circumstance]
    seen_for: list[SeenFor] = Field(description="Why a reviewer sees it, what is most pressing first.")
    markers: list[RowMarker] = Field(description="Those that say yes, in their fixed order, in three groups.")
    must_see: bool


class Queue(Answer):
    """The review list: must-see items first, then those for safeguarding, then those for review in rank order."""

    listing: ListSummary
    limits: list[str]
    must_see: list[MustSeeItem]
    safeguarding: list[SafeguardingItem]
    rows: list[QueueRow]
