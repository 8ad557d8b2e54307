"""What ``threat show-leak`` found: two forces, with a planted leak and without, trained on by two builders."""

from __future__ import annotations

from pydantic import Field

from threat.measuring.figure import Figure
from threat.release.documents.document import Part


class LeakSettings(Part):
    """What the two forces and the trainings were made with."""

    relationships: int = Field(ge=1, description="of each force")
    years: float = Field(gt=0, description="years of records")
    seed: int = Field(description="seed of both forces")
    leak: float = Field(ge=0, le=1, description="share of severe incidents that leave a row dated before them")
    preset: str = Field(description="configuration of the trainings")
    horizon_days: int = Field(ge=1, description="days within which the outcome counts")


class MeasuredBuilder(Part):
    """One training on one force by one builder of features."""

    force: str = Field(description="no leak planted, or leak planted")
    builder: str = Field(description="features, or naive")
    n: int = Field(ge=0, description="rows of the test")
    events: int = Field(ge=0, description="outcome events of the test")
    figures: dict[str, Figure] = Field(description="figures by name")


class LeakShown(Part):
    """Two forces, with a leak and without; each trained on by both builders."""

    settings: LeakSettings = Field(description="what they were made with")
    rows: tuple[MeasuredBuilder, ...] = Field(description="without the leak first, features before naive")
