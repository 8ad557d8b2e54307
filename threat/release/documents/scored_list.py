"""``list.json``: what a LIST was computed from, the hash of its rows, and its must-see items."""

from __future__ import annotations

import json
from typing import ClassVar, Literal

from pydantic import Field

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


class MustSee(Part):
    """One relationship and its triggers, latest recorded first."""

    relationship_id: int = Field(description="0: two parties that no recorded relationship covers")
    triggers: tuple[TriggerEvent, ...] = Field(min_length=1, description="latest recorded first")


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
    started_at: int = Field(description="when the LIST was made, UTC seconds")
    previous: str = Field(description="id of the LIST that changes are compared with; empty for none")
    previous_as_of: int = Field(description="as-of of that LIST, UTC seconds; 0 for none")
    previous_ranking_id: str = Field(description="ranking of that LIST; empty for none")
    attrition: tuple[FilterStep, ...] = Field(description="kept and dropped at each filter of eligibility, in order")


class ListFile(Document, Basis):
    """The basis of a LIST with its rows' hash and its must-see items: evidence of what was shown."""

    FILE: ClassVar[str] = "list.json"
    VERSIONED_FROM_THE_START: ClassVar[bool] = True
    MADE_AGAIN: ClassVar[str] = "make the list again: threat score --as-of DATE"

    version: Literal[1] = Field(default=1, description="version of this document")
    rows: int = Field(ge=0, description="number of rows of rows.parquet")
    rows_sha256: str = Field(pattern=SHA256, description="hash of rows.parquet")
    must_see: tuple[MustSee, ...] = Field(description="in the order shown")

    def basis(self) -> Basis:
        """Return the basis alone."""
        return Basis(**{name: getattr(self, name) for name in Basis.model_fields})

    def encode(self) -> bytes:
        """Return the bytes of the file, ASCII without a newline at the end.

        The id of a LIST ends in the hash of these bytes, so they stay as the first LIST was written.
        """
        return json.dumps(self.as_json(), indent=2, sort_keys=True, allow_nan=False).encode()
