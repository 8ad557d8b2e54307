"""``stability.json``: how stable a list is when the model is fitted again on other people."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document


class Stability(Document):
    """Over models fitted again on resampled subjects: how much of the RUN's lists each model's lists keep."""

    FILE: ClassVar[str] = "stability.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    version: Literal[1] = Field(default=1, description="version of this document")
    what: str = Field(description="the measure in words")
    members: int = Field(ge=0, description="models fitted again")
    capacity: int = Field(ge=1, description="places on each list")
    places: int = Field(ge=0, description="places over all lists of the test")
    kept_mean: float | None = Field(description="share of places kept, mean over models; null without models")
    kept_least: float | None = Field(description="share of places kept by the model that kept least, or null")
    places_kept_by_three_in_four: float | None = Field(description="share of places at least 3 in 4 models keep")
    places_kept_by_under_one_in_four: float | None = Field(description="share of places under 1 in 4 models keep")
