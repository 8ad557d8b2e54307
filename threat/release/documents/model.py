"""The JSON files of ``model/`` and ``baselines/``: columns, calibrator, regression.

They carry no version of their own: their format is the bundle's (``threat-bundle/n``), and the same model gives the
same bytes, whichever version of the product trained it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import JsonFile


class ModelFeatures(JsonFile):
    """``model/features.json``: the columns a model reads, in order."""

    FILE: ClassVar[str] = "model/features.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    catalogue_version: str = Field(min_length=1, description="version of the feature catalogue")
    names: tuple[str, ...] = Field(min_length=1, description="names of the columns, in order")
    constraints: tuple[Literal[-1, 0, 1], ...] = Field(
        default=(), description="the one way each can move the score: 1 up, -1 down, 0 either"
    )
    sensitive: tuple[str, ...] = Field(default=(), description="columns that stand for a protected characteristic")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if "" in self.names or len(set(self.names)) != len(self.names):
            raise ValueError("names are distinct and not empty")
        if self.constraints and len(self.constraints) != len(self.names):
            raise ValueError("constraints has one entry per name")
        return self


class Calibrator(JsonFile):
    """``model/calibrator.json``: from a raw score to a probability; it never falls as the score rises.

    ``platt``: a logistic line in the raw score (``slope``, ``intercept``). ``isotonic``: straight lines between the
    points (``x``, ``y``), flat beyond.
    """

    FILE: ClassVar[str] = "model/calibrator.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    method: Literal["platt", "isotonic"] = Field(description="kind of table")
    fitted_on: str = Field(default="", description="what it was fitted on, in words")
    n: int = Field(default=0, ge=0, description="rows it was fitted on")
    events: int = Field(default=0, ge=0, description="of those, rows with an outcome")
    slope: float | None = Field(default=None, ge=0, description="of a line")
    intercept: float | None = Field(default=None, description="of a line")
    x: tuple[float, ...] | None = Field(default=None, description="raw scores of a table, rising")
    y: tuple[float, ...] | None = Field(default=None, description="probabilities at x, never falling")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        line, table = (self.slope, self.intercept), (self.x, self.y)
        given, other = (line, table) if self.method == "platt" else (table, line)
        if None in given or other != (None, None):
            raise ValueError(f"a calibrator of the method {self.method} has its own numbers, and only those")
        if self.x is not None and self.y is not None:
            rising = len(self.x) == len(self.y) >= 1 and all(a < b for a, b in pairwise(self.x))
            if not rising or any(a > b for a, b in pairwise(self.y)) or not 0 <= self.y[0] <= self.y[-1] <= 1:
                raise ValueError("x rises, y never falls and is between 0 and 1, and both have as many points")
        return self

    def as_json(self) -> dict[str, Any]:
        """Return the fields of its method alone."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)


class ElasticNet(JsonFile):
    """``baselines/elastic_net.json``: the regression that the model is compared with."""

    FILE: ClassVar[str] = "baselines/elastic_net.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    penalty: float = Field(gt=0, description="share of the least penalty that leaves every coefficient at 0")
    converged: bool = Field(description="false when the solver ran out of steps")
    intercept: float = Field(description="log odds")
    coefficients: dict[str, float] = Field(description="non-zero coefficients by feature")
