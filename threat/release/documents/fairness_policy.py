"""The fairness policy as a report records it: numbers an ethics committee sets before results are seen."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import Part

Probability = Annotated[float, Field(gt=0, lt=1)]
Party = Literal["subject", "person_at_risk", "relationship", "column"]
FigureName = Literal["recall", "false_omission_rate", "precision", "false_positive_rate"]
"""The figures that groups are compared by: two for the people at risk, two for the subjects of the list."""


class Gated(Part):
    """One characteristic that the verdict depends on, and by which figures."""

    party: Party = Field(description="whose characteristic; column: of a table handed in")
    characteristic: str = Field(min_length=1, description="name of the characteristic or of an intersection")
    figures: tuple[FigureName, ...] = Field(
        default=("recall",), min_length=1, description="the figures that decide; the others are reported"
    )


class Intersection(Part):
    """Two characteristics of one party whose combinations are a way to divide the rows."""

    party: Party = Field(description="whose characteristics")
    of: tuple[str, str] = Field(description="names of the two characteristics")

    @property
    def name(self) -> str:
        """Name of the characteristic that the intersection makes.

        >>> Intersection(party="subject", of=("sex", "age_band")).name
        'sex_by_age_band'
        """
        return "_by_".join(self.of)


class FairnessPolicy(Part):
    """``fairness/policy.yaml``; each field's meaning is there too, next to the number in force."""

    version: str = Field(min_length=1, description="name of this version of the policy")
    owner: str = Field(default="", description="who sets it: a role, not a name")
    decided: date | None = Field(default=None, description="day on which it was set; null in a draft")
    line: Probability = Field(default=0.8, description="least rate of a group over everybody else's")
    fail_level: Probability = Field(
        default=0.10, description="fail when the probability of no breach, adjusted by Holm, is at most this"
    )
    alert_at: Probability = Field(
        default=0.75, description="a cell alerts when the probability of a breach, not adjusted, is at least this"
    )
    alert_level: Probability = Field(
        default=0.10,
        description="the report is an alert when audits of a fair ranking show alerts as strong at most this often",
    )
    pass_at: Probability = Field(default=0.90, description="pass when the probability of no breach is at least this")
    prior_weight: float = Field(
        default=4.0, gt=0, description="cases that the prior of either rate counts as, centred on the pooled rate"
    )
    breach: Probability = Field(default=0.6, description="true ratio at which a pass is false and power is planned for")
    false_pass: Probability = Field(
        default=0.05, description="pass only where a group at a true ratio of ``breach`` would show as much this seldom"
    )
    least_events: int = Field(default=20, ge=1, description="on fewer independent cases a group never passes")
    multiplicity: Literal["holm", "none"] = Field(default="holm", description="adjustment of a fail for many groups")
    calibration: tuple[float, float] = Field(default=(0.8, 1.25), description="bounds of observed over expected")
    draws: int = Field(default=400, ge=50, le=20_000, description="bootstrap replicates")
    seed: int = Field(default=20_240_601, description="seed of the draws")
    publish_at_least: int = Field(default=10, ge=1, description="smaller counts are withheld from public renderings")
    gate: tuple[Gated, ...] = Field(default=(), description="what the verdict depends on")
    column_figures: tuple[FigureName, ...] = Field(
        default=("recall", "false_positive_rate"), min_length=1, description="what decides for a table handed in"
    )
    intersections: tuple[Intersection, ...] = Field(default=(), description="combinations of two characteristics")
    age_bands: tuple[int, ...] = Field(default=(18, 25, 35, 45, 55, 65), description="lower ends, rising")
    richness_bands: tuple[int, ...] = Field(default=(1, 2, 4), description="lower ends of counts of records, rising")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not 0 < self.calibration[0] < 1 < self.calibration[1]:
            raise ValueError("calibration is two numbers around 1")
        for name, bands in (("age_bands", self.age_bands), ("richness_bands", self.richness_bands)):
            if list(bands) != sorted(set(bands)) or not bands:
                raise ValueError(f"{name} are rising lower ends")
        cells = [(gate.party, gate.characteristic) for gate in self.gate]
        if twice := sorted({f"{party}/{name}" for party, name in cells if cells.count((party, name)) > 1}):
            raise ValueError(f"the gate names {', '.join(twice)} more than once")
        return self

    def deciding(self, party: Party, characteristic: str) -> tuple[FigureName, ...]:
        """Return the figures by which a characteristic decides the verdict; empty where it decides nothing."""
        if party == "column":  # of a table handed in, every column named is what its owner asks about
            return self.column_figures
        named = ((gate.party, gate.characteristic) == (party, characteristic) for gate in self.gate)
        return next((gate.figures for gate, holds in zip(self.gate, named, strict=True) if holds), ())
