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


class DependenceBin(Part):
    """Rows with like values of a feature: at least ten, as means, so that no single row is shown."""

    rows: int = Field(ge=10, description="rows of the group")
    mean_value: float | None = Field(description="mean value of the feature; null for the rows where it is missing")
    mean_contribution: float = Field(description="mean contribution of the feature, log odds")


class Dependence(Part):
    """How the contribution of one feature depends on its value."""

    name: str = Field(min_length=1, description="name of the feature")
    bins: tuple[DependenceBin, ...] = Field(min_length=1, description="groups of rows by value, missing values last")


class Interaction(Part):
    """Two features whose values the trees read together."""

    features: tuple[str, str] = Field(description="names of both")
    mean_absolute: float = Field(ge=0, description="mean absolute SHAP interaction of the pair, log odds")


class GlobalPicture(Document):
    """Mean absolute contributions by feature and by theme, largest first."""

    FILE: ClassVar[str] = "shap_summary.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    VERSIONS_READ: ClassVar[tuple[int, ...]] = (1, 2, 3)

    version: Literal[1, 2, 3] = Field(
        default=3, description="version of this document; 1: no time_at_liberty; under 3: no dependence"
    )
    rows: int = Field(ge=0, description="rows of the test it was taken on")
    unit: str = Field(description="unit and method, in words")
    expected_score: float | None = Field(description="what contributions start from; null without rows")
    time_at_liberty: float | None = Field(
        default=None, ge=0, description="mean absolute contribution of the offset for time at liberty, log odds"
    )
    features: tuple[FeatureSize, ...] = Field(description="features that move any score, largest first")
    themes: tuple[ThemeSize, ...] = Field(description="every theme, largest first")
    dependence: tuple[Dependence, ...] = Field(
        default=(), description="of the largest features, largest first; empty before version 3"
    )
    interaction_rows: int = Field(default=0, ge=0, description="rows that interactions were taken on")
    interactions: tuple[Interaction, ...] | None = Field(
        default=None,
        description="pairs that act together most in the trees, largest first (a base is additive and adds none); null "
        "where not measured",
    )
