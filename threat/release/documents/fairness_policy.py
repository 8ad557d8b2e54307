"""The fairness policy as a report records it: numbers an ethics committee sets before results are seen."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import Part

Probability = Annotated[float, Field(gt=0, lt=1)]
Party = Literal["subject", "person_at_risk", "relationship", "column"]


class Gated(Part):
    """One characteristic that the verdict depends on."""

    party: Party = Field(description="whose characteristic; column: of a table handed in")
    characteristic: str = Field(min_length=1, description="name of the characteristic")


class FairnessPolicy(Part):
    """``fairness/policy.yaml``; each field's meaning is there too, next to the number in force."""

    version: str = Field(min_length=1, description="name of this version of the policy")
    line: Probability = Field(default=0.8, description="least recall of a group over the best-served group's")
    fail_at: Probability = Field(default=0.75, description="fail when the ratio is below the line this probably")
    pass_at: Probability = Field(default=0.90, description="pass when the ratio is not below the line this probably")
    adequate_events: int = Field(default=50, ge=1, description="events a group needs before others are compared to it")
    least_events: int = Field(default=20, ge=1, description="with fewer events a group can fail, never pass")
    multiplicity: Literal["holm", "none"] = Field(default="holm", description="adjustment of a fail for many groups")
    calibration: tuple[float, float] = Field(default=(0.8, 1.25), description="bounds of observed over expected")
    draws: int = Field(default=400, ge=50, le=20_000, description="bootstrap replicates")
    seed: int = Field(default=20_240_601, description="seed of the draws")
    publish_at_least: int = Field(default=10, ge=1, description="smaller counts are withheld from public renderings")
    gate: tuple[Gated, ...] = Field(default=(), description="what the verdict depends on")
    age_bands: tuple[int, ...] = Field(default=(18, 25, 35, 45, 55, 65), description="lower ends, rising")
    richness_bands: tuple[int, ...] = Field(default=(1, 2, 4), description="lower ends of counts of records, rising")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.calibration[0] < 1 < self.calibration[1]:
            raise ValueError("calibration is two numbers around 1")
        for name, bands in (("age_bands", self.age_bands), ("richness_bands", self.richness_bands)):
            if list(bands) != sorted(set(bands)) or not bands:
                raise ValueError(f"{name} are rising lower ends")
        return self
