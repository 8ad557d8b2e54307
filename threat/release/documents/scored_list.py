"""``list.json``: what a LIST was computed from, the hash of its rows, and its must-see items."""

from __future__ import annotations

import json
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.cohort import FilterStep
from threat.release.documents.document import Document, Part
from threat.release.documents.manifest import SHA256

About = Literal["pair", "subject", "person_at_risk"]
"""Whom of a relationship an event is about."""


class TriggerEvent(Part):
    """One event that opens a must-see item."""

    event_id: int = Field(description="the event")
    kind: str = Field(min_length=1, description="kind of the event, as the vocabulary names it")
    about: About = Field(description="whom it is about")
    occurred_at: int = Field(description="UTC seconds")
    recorded_at: int = Field(description="UTC seconds")
    ends: int | None = Field(
        default=None, description="a stay in custody that opens the item by its end: that end, UTC seconds; else null"
    )


class MustSee(Part):
    """One relationship and its triggers, latest recorded first."""

    relationship_id: int = Field(description="0: two parties that no recorded relationship covers")
    triggers: tuple[TriggerEvent, ...] = Field(min_length=1, description="latest recorded first")


class Safeguarding(Part):
    """One relationship that is not ranked with adults, because a party may be under the policy's lower age."""

    relationship_id: int = Field(description="the relationship")
    parties: tuple[Literal["subject", "person_at_risk"], ...] = Field(min_length=1, description="who may be so young")
    known_since: int = Field(description="when the birth year of the first of them was recorded, UTC seconds")
    triggers: tuple[TriggerEvent, ...] = Field(description="its must-see triggers, latest recorded first; may be empty")


class FeedReach(Part):
    """Up to when one feed (source system) reached at the as-of."""

    source: str = Field(min_length=1, description="the source system")
    reaches: int = Field(
        description="up to when its deliveries cover it, UTC seconds; 0: the policy names it and nothing came of it"
    )
    stated: bool = Field(description="true: a delivery says so; false: its latest record does")
    latest_recorded_at: int = Field(description="its latest record, UTC seconds; 0 for none")
    stale_after_days: int = Field(ge=1, description="days that the policy allows it to be behind")
    stale: bool = Field(description="true: it was further behind the as-of")


class Basis(Part):
    """What a LIST was computed from: everything ``threat replay`` needs, and nothing that the rows already say."""

    as_of: int = Field(description="as-of, UTC seconds")
    snapshot: str = Field(description="id of the snapshot of the history")
    ranking: str = Field(description="model or rule")
    ranking_id: str = Field(description="hash of the bundle, or rule: and the name of the rule")
    ranking_title: str = Field(description="the ranking in words")
    ranking_note: str = Field(description="why it ranks, in words; may be empty")
    demonstration: bool = Field(description="true: approved by signatories who count nowhere else")
    capacity: int = Field(description="relationships for review")
    catalogue: str = Field(description="version of the catalogue of features")
    policy: str = Field(description="version of the policy")
    time_zone: str = Field(default="UTC", description="zone in which days and clock times of records are said")
    stays: dict[str, int | None] = Field(
        default={},
        description="stays that stop the clock, by kind: seconds that one without an end lasts; null: to the as-of",
    )
    started_at: int = Field(description="when the LIST was made, UTC seconds")
    previous: str = Field(description="id of the LIST that changes are compared with; empty for none")
    previous_as_of: int = Field(description="as-of of that LIST, UTC seconds; 0 for none")
    previous_ranking_id: str = Field(description="ranking of that LIST; empty for none")
    attrition: tuple[FilterStep, ...] = Field(description="kept and dropped at each filter of eligibility, in order")
    feeds: tuple[FeedReach, ...] = Field(default=(), description="up to when each feed reached, by name")
    stale_ok: bool = Field(default=False, description="true: published although a feed was stale, by explicit word")


_SINCE_2 = ("feeds", "stale_ok", "safeguarding")
"""Fields that version 1 did not have; nor had a trigger ``ends``."""

_SINCE_3 = ("time_zone", "stays")
"""Fields that version 2 did not have: it said days in UTC, and an open stay was one of custody alone."""


class ListFile(Document, Basis):
    """The basis of a LIST with its rows' hash, its must-see items and its safeguarding queue: what was shown.

    Version 1, of before feeds and the safeguarding queue were part of a list, is read as one that says nothing of
    either; version 2, of before a list named its zone and the stays that stop the clock, as one that says days in UTC.
    Both are written again byte for byte.
    """

    FILE: ClassVar[str] = "list.json"
    VERSIONED_FROM_THE_START: ClassVar[bool] = True
    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2, 3)
    MADE_AGAIN: ClassVar[str] = "make the list again: threat score --as-of DATE"

    version: Literal[1, 2, 3] = Field(default=3, description="version of this document")
    rows: int = Field(ge=0, description="number of rows of rows.parquet")
    rows_sha256: str = Field(pattern=SHA256, description="hash of rows.parquet")
    must_see: tuple[MustSee, ...] = Field(description="in the order shown")
    safeguarding: tuple[Safeguarding, ...] = Field(default=(), description="the safeguarding queue, in the order shown")

    @model_validator(mode="after")
    def _has_the_fields_of_its_version(self) -> Self:
        given = [name for name in _SINCE_2 if name in self.model_fields_set]
        triggers = [trigger for item in self.must_see for trigger in item.triggers]
        ends = sum("ends" in trigger.model_fields_set for trigger in triggers)
        if self.version == 1 and (given or ends):
            raise ValueError(f"version 1 has no {', '.join(given or ['ends'])}")
        named = [name for name in _SINCE_3 if name in self.model_fields_set]
        if self.version < 3 and named:
            raise ValueError(f"version {self.version} has no {', '.join(named)}")
        if self.version >= 3 and len(named) < len(_SINCE_3):
            raise ValueError(f"version {self.version} has {', '.join(_SINCE_3)}")
        if self.version > 1 and (len(given) < len(_SINCE_2) or ends < len(triggers)):
            raise ValueError(f"version {self.version} has {', '.join(_SINCE_2)}, and ends of each trigger")
        return self

    def basis(self) -> Basis:
        """Return the basis alone."""
        return Basis(**{name: getattr(self, name) for name in Basis.model_fields})

    def encode(self) -> bytes:
        """Return the bytes of the file, ASCII without a newline at the end.

        The id of a LIST ends in the hash of these bytes, so they stay as the LIST was written: a document of an
        earlier version has the fields of that version.
        """
        document = self.model_dump(mode="json", by_alias=True, exclude_unset=self.version < 3)
        return json.dumps(document, indent=2, sort_keys=True, allow_nan=False).encode()
