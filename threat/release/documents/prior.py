"""``prior.json``: coefficients of the base that were taught by simulation, and how; data of the product, not of a RUN.

A training may let its base be pulled towards a share of them. The default is not to.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import Document, Part


class PriorSource(Part):
    """What a prior was taught by: simulated forces, whose latent risk is known."""

    world: str = Field(min_length=1, description="world of the simulation; default: the world that is calibrated")
    seeds: tuple[int, ...] = Field(min_length=1, description="seeds of the forces")
    relationships: int = Field(ge=1, description="relationships of each force")
    years: float = Field(gt=0, description="years of records of each force")
    rung: Literal["Y1", "Y2"] = Field(description="outcome whose latent risk was the label")
    horizon_days: int = Field(ge=1, description="days of that risk")
    rows: int = Field(ge=1, description="rows of all forces")
    mean_risk: float = Field(ge=0, le=1, description="mean label")
    draws: int = Field(ge=1, description="runs forward behind each label")
    penalty: float = Field(gt=0, description="ridge penalty of the fit, as a multiple of the summed risk")
    catalogue_version: str = Field(min_length=1, description="version of the features that the base reads")
    parameters_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="hash of the parameters of the simulation")

    @property
    def words(self) -> str:
        """The source in a phrase, for a card and a terminal."""
        return (
            f"{self.rows:,} rows of simulated forces (world {self.world}, {self.rung} within {self.horizon_days} days)"
        )


class PriorColumn(Part):
    """The coefficient of one column of the base on its raw scale, which another force's mean and spread do not change.

    ``value``: log odds for each unit of the signed log of the feature's value. ``missing``: log odds of being missing,
    on top of what the missing value counts as.
    """

    feature: str = Field(min_length=1, description="name of the feature")
    reads: Literal["value", "missing"] = Field(description="its value, or whether it is missing")
    coefficient: float = Field(ge=-1_000, le=1_000, description="log odds for each unit")


class SimulatedPrior(Document):
    """Coefficients of the base as the simulation teaches them."""

    FILE: ClassVar[str] = "prior.json"
    HOW_MADE: ClassVar[str] = "make prior"
    MADE_AGAIN: ClassVar[str] = "make prior"
    VERSIONED_FROM_THE_START: ClassVar[bool] = True

    version: Literal[1] = Field(default=1, description="version of this document")
    source: PriorSource = Field(description="what it was taught by")
    columns: tuple[PriorColumn, ...] = Field(min_length=1, max_length=2_000, description="in the order of the features")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({(column.feature, column.reads) for column in self.columns}) != len(self.columns):
            raise ValueError("a feature has at most one column of values and one of missing values")
        return self


class UsedPrior(Part):
    """The prior that a base was pulled towards."""

    weight: float = Field(gt=0, le=1, description="share of the prior's coefficients that the penalty pulled towards")
    source: PriorSource = Field(description="what the prior was taught by")
