"""What the API answers, and what the pages are filled from: small typed documents, one meaning each.

Times are ISO 8601 in UTC. References are ``R-`` (relationship), ``P-`` (person), ``E-`` (event) and 16 hexadecimal
digits. An empty string or list means there is none; nothing is null.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RelationshipRef = Annotated[str, Field(pattern=r"^R-[0-9a-f]{16}$", examples=["R-0123456789abcdef"])]
EventRef = Annotated[str, Field(pattern=r"^E-[0-9a-f]{16}$")]
PersonRef = Annotated[str, Field(pattern=r"^(P-[0-9a-f]{16}|unknown)$")]
Band = Literal["review", "next", "beyond"]
Direction = Literal[
    "this_way", "other_way", "subject", "person_at_risk", "subject_elsewhere", "person_at_risk_elsewhere"
]

Precision = Literal["second", "day"]
"""How exactly a source dates: a day is the local day, at no known hour."""

OccurredPrecision = Literal[Precision, "unknown"]
"""Unknown: of a death that happened some time before it was recorded; the time given is that of its recording."""


class Answer(BaseModel):
    """Base of every answer: no field that isn't declared."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(Answer):
    """An error as RFC 9457 lays out, with this product's four parts: problem, value, where, way out."""

    type: str
    title: str
    status: int
    detail: str
    problem: str
    value: str
    where: str
    way_out: str


class Health(Answer):
    """Whether the desk can answer, and whether a list is published."""

    status: Literal["ok"]
    version: str
    list_published: bool


class FilterStep(Answer):
    """One filter of eligibility: how many relationships it kept and dropped, and why."""

    step: str
    kept: int
    dropped: int
    reason: str


class Ties(Answer):
    """Equal scores: ``groups`` of them, ``rows`` in all, ``at_edge`` sharing the last rank that is for review."""

    groups: int
    rows: int
    at_edge: int


class Feed(Answer):
    """Up to when one feed (source system) reached at the list's as-of."""

    source: str
    reaches: datetime | Literal[""] = Field(description="Empty for a feed that the policy names and that never came.")
    stated: bool = Field(description="A delivery says up to when it covers the feed; else its latest record does.")
    latest_record: datetime | Literal[""] = Field(description="Empty without any record.")
    stale: bool = Field(description="Further behind the as-of than the policy allows.")
    sentence: str


class ListSummary(Answer):
    """The frozen list an answer comes from."""

    id: str
    as_of: datetime
    time_zone: str = Field(description="Zone in which sentences and pages say days and clock times of records.")
    made_at: datetime
    snapshot: str
    ranking: Literal["model", "rule"]
    ranking_title: str
    ranking_note: str = Field(description="Why this ranking and not another; what it was released for.")
    demonstration: bool = Field(description="True when approved by demonstration signatories, who count nowhere else.")
    capacity: int
    selected: int = Field(description="Rows for review: ties at the edge stay in.")
    ranked: int
    ties: Ties
    previous: str = Field(description="Id of the list that changes are compared with; empty when there is none.")
    filters: list[FilterStep]
    feeds: list[Feed] = Field(description="Empty for a list made before feeds were part of it.")
    reach: str = Field(description="Up to when each feed reaches, in words; empty where no feed is stated.")
    stale: str = Field(description="Which feeds are further behind than the policy allows; empty when none is.")


class Sentence(Answer):
    """One reason in plain words, with the events behind it."""

    text: str
    events: list[EventRef]


class Reason(Answer):
    """One theme's part in the ranking. Contributions of all themes and ``base`` add up to the raw score."""

    theme: str
    title: str
    direction: Literal["raises", "lowers", "none"] = Field(
        description="Of the theme `rule`, which alone makes a rule's order: only the sign of the rule's own score."
    )
    strength: int = Field(ge=0, le=8, description="Length of the bar: 8 is this relationship's strongest theme.")
    contribution: float
    sentences: list[Sentence]


class Change(Answer):
    """What changed since the previous list."""

    kind: Literal["first_list", "new", "rose", "fell", "same", "another_ranking"]
    places: int
    new_records: int
    sentence: str


class Trigger(Answer):
    """A recorded event that puts a relationship before a reviewer whatever its rank."""

    event: EventRef
    kind: str
    title: str
    about: Literal["pair", "subject", "person_at_risk"]
    sentence: str
    occurred_at: datetime
    recorded_at: datetime


class Circumstance(Answer):
    """What is in force at the list's as-of. What is not stated is not on record; that is no reassurance."""

    what: Literal["custody", "bail", "order", "release_due", "death"]
    kind: str
    code: str
    whom: Literal["subject", "person_at_risk", "pair"]
    since: datetime
    until: datetime | Literal[""] = Field(description="Empty when no end is on record.")
    event: EventRef
    sentence: str


class SafeguardingItem(Answer):
    """A relationship that is not ranked with adults, because a party may be a child."""

    relationship: RelationshipRef
    parties: list[Literal["subject", "person_at_risk"]]
    known_since: datetime
    sentence: str
    triggers: list[Trigger]


class MustSeeItem(Answer):
    """A relationship with recent triggers. ``relationship`` is empty for a record that names none on the list."""

    relationship: str
    rank: int = Field(description="0 when not ranked.")
    band: Literal["review", "next", "beyond", "not_ranked"]
    triggers: list[Trigger]


class Frequency(Answer):
    """How often the outcome followed for relationships with a similar record. Absent when the gate says rank only."""

    sentence: str
    outcome: str
    horizon_days: int


class QueueRow(Answer):
    """One relationship for review."""

    relationship: RelationshipRef
    relationship_kind: str
    rank: int
    tied: int = Field(description="Rows sharing this rank, itself among them.")
    band: Band
    band_title: str
    last_recorded_at: datetime
    freshness: str
    change: Change
    base: float
    score: float
    reasons: list[Reason]
    circumstances: list[Circumstance]
    must_see: bool


class Queue(Answer):
    """Today's referrals: must-see items first, then those for safeguarding, then those for review in rank order."""

    listing: ListSummary
    limits: list[str]
    must_see: list[MustSeeItem]
    safeguarding: list[SafeguardingItem]
    rows: list[QueueRow]


class Ranked(Answer):
    """Where a relationship stands on the list, and why."""

    kind: Literal["ranked"]
    sentence: str
    rank: int
    tied: int
    band: Band
    band_title: str
    freshness: str
    change: Change
    base: float
    score: float
    reasons: list[Reason]
    frequency: list[Frequency] = Field(max_length=1)


class NotRanked(Answer):
    """Why a relationship is not on the list. It isn't a finding about the relationship."""

    kind: Literal["not_ranked"]
    sentence: str


class Record(Answer):
    """One record of the timeline, as it stood at the list's as-of."""

    event: EventRef
    kind: str
    title: str
    detail: str
    direction: Direction
    direction_title: str
    began_at: datetime = Field(description="When a course of conduct began; of all others, when it happened.")
    occurred_at: datetime = Field(description="When it happened; of a course of conduct, when it was last known to.")
    occurred_precision: OccurredPrecision
    recorded_at: datetime
    recorded_precision: Precision
    days_to_record: int
    ahead: bool = Field(description="Known in advance and still to come at the as-of: a release, an order's expiry.")
    assertion: Literal["fact", "assessment"]
    reported_by: str
    source: str
    must_see: bool
    behind: list[str] = Field(description="Themes whose reasons depend on this record.")
    is_new: bool = Field(description="Recorded since the previous list, and not by the unit itself.")


class Unknown(Answer):
    """Something the ranking did not have."""

    title: str
    sentence: str


class Relationship(Answer):
    """A relationship: where it stands, why, its records in both directions, and what is not known."""

    listing: ListSummary
    limits: list[str]
    relationship: RelationshipRef
    relationship_kind: str
    subject: PersonRef
    person_at_risk: PersonRef
    other_way: str = Field(description="The relationship with the roles reversed; empty when none is recorded.")
    standing: Annotated[Ranked | NotRanked, Field(discriminator="kind")]
    circumstances: list[Circumstance]
    must_see: list[Trigger]
    timeline: list[Record]
    records_left_out: int = Field(description="Older records not listed here.")
    unknown: list[Unknown]


class Card(Answer):
    """The model card of the bundle in service, as ``model_cards`` made it, under the hash of its bundle."""

    bundle: str
    run: str
    state: Literal["pilot", "live"]
    environment: str
    card: dict[str, Any]
