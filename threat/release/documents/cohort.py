"""``cohort.json``: how the rows of a training came about."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document, Part


class FilterStep(Part):
    """One filter of eligibility: rows kept and dropped, and why."""

    step: str = Field(min_length=1, description="name of the filter")
    kept: int = Field(ge=0, description="relationships kept")
    dropped: int = Field(ge=0, description="relationships dropped")
    reason: str = Field(description="the rule in words; may be empty")


class CycleAttrition(Part):
    """The filters of one cycle, in order."""

    cycle: int = Field(ge=0, description="number of the cycle")
    as_of: str = Field(description="as-of of the cycle, UTC")
    steps: tuple[FilterStep, ...] = Field(description="the filters in order")


class FitCounts(Part):
    """Rows that one fold was fitted on."""

    relationships: int = Field(ge=0, description="distinct relationships")
    rows: int = Field(ge=0, description="rows")
    rows_with_outcome: int = Field(ge=0, description="rows with an outcome")
    sampled_rows: int = Field(ge=0, description="rows after sampling those without an outcome")
    subjects: int = Field(ge=0, description="distinct subjects")


class CohortAttrition(Document):
    """What each filter kept, cycle by cycle, and what each fold was fitted on."""

    FILE: ClassVar[str] = "cohort.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    cycles: tuple[CycleAttrition, ...] = Field(description="one entry per cycle, in order of time")
    fit: dict[str, FitCounts] = Field(description="rows fitted on, by name of the fold")
