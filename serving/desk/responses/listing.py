"""The frozen list that an answer comes from."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from serving.desk.responses.answer import Answer


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
