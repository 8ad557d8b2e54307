"""``shap_summary.json``: which features move scores, over rows of the test."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from threat.release.documents.document import Document, Part


class FeatureSize(Part):
    """One feature."""

    name: str = Field(min_length=1, description="name of the feature")
    mean_absolute: float = Field(ge=0, description="mean absolute contribution, log odds")
    rises_with_value: float | None = Field(description="correlation of value and contribution; null where not defined")


class ThemeSize(Part):
    """One theme: the sum of its features' contributions."""

    theme: str = Field(min_length=1, description="name of the theme")
    mean_absolute: float = Field(ge=0, description="mean absolute sum of contributions, log odds")


class GlobalPicture(Document):
    """Mean absolute contributions by feature and by theme, largest first."""

    FILE: ClassVar[str] = "shap_summary.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2)

    version: Literal[1, 2] = Field(default=2, description="version of this document; 1: no time_at_liberty")
    rows: int = Field(ge=0, description="rows of the test it was taken on")
    unit: str = Field(description="unit and method, in words")
    expected_score: float | None = Field(description="what contributions start from; null without rows")
    time_at_liberty: float | None = Field(
        default=None, ge=0, description="mean absolute contribution of the offset for time at liberty, log odds"
    )
    features: tuple[FeatureSize, ...] = Field(description="features that move any score, largest first")
    themes: tuple[ThemeSize, ...] = Field(description="every theme, largest first")
