"""The JSON files of ``model/`` and ``baselines/``: columns, base, calibrator, regression.

They carry no version of their own: their format is the bundle's (``threat-bundle/n``), and the same model gives the
same bytes, whichever version of the product trained it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import JsonFile, Part
from threat.release.documents.prior import UsedPrior

_STRONGEST = 1_000.0
"""Log odds of a coefficient, a mean or an intercept at most, either way: fitted values are below 20, and within the
bound no finite value of a feature gives a score that is not finite."""
LEAST_CALIBRATION_EVENTS = 100
"""Rows with an outcome below which nothing is calibrated and no probability is given: Vergouwe et al. 2005 and Collins
et al. 2016 ask for at least 100 events before calibration is judged, so fewer cannot carry a calibrator either."""


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


IN_CUSTODY, DAYS_UNTIL_RELEASE = "in_custody", "days_until_release"
"""The features that time at liberty is read from: yes or no at the as-of, and days from it to a known release."""


class BaseColumn(Part):
    """One column of the base, read from one feature.

    ``value``: sign(v) * log(1 + |v|) of the feature's value v, minus ``mean``, over ``scale``; a missing value counts
    as ``fill``. ``missing``: 1 where the value is missing, else 0, minus ``mean``, over ``scale``.
    """

    feature: str = Field(min_length=1, description="name of the feature")
    reads: Literal["value", "missing"] = Field(description="its value, or whether it is missing")
    fill: float | None = Field(
        default=None, ge=-_STRONGEST, le=_STRONGEST, description="what a missing value counts as, signed log"
    )
    mean: float = Field(ge=-_STRONGEST, le=_STRONGEST, description="mean over the fit rows, signed log")
    scale: float = Field(ge=1e-6, le=_STRONGEST, description="standard deviation over the fit rows, signed log")
    direction: Literal[-1, 0, 1] = Field(description="sign that the coefficient is bound to; 0: either")
    coefficient: float = Field(ge=-_STRONGEST, le=_STRONGEST, description="log odds per standard deviation")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.fill is None) != (self.reads == "missing"):
            raise ValueError("a column of values has a fill, a column of missing values has none")
        if self.coefficient * self.direction < 0:
            raise ValueError("the coefficient has the sign that its direction allows")
        return self


class LibertyOffset(Part):
    """The known offset for time at liberty: the log share of the horizon that the subject is out of custody for."""

    horizon_days: int = Field(ge=1, le=36_525, description="days the score is about")
    unknown_release_share: float = Field(
        gt=0, le=1, description="share at liberty of a subject in custody without a known release; a policy value"
    )
    least_liberty_share: float = Field(gt=0, le=1, description="least share at liberty of anyone; a policy value")
    mean: float = Field(ge=-_STRONGEST, le=0, description="mean offset over the fit rows, log odds")


class BaseModel(JsonFile):
    """``model/base.json``: the regression that LightGBM starts from.

    Its score, in log odds: ``intercept``, plus each column times its coefficient, plus the offset for time at liberty.
    """

    FILE: ClassVar[str] = "model/base.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    penalty: float = Field(gt=0, description="ridge penalty: half of it times the sum of squared coefficients")
    rows: int = Field(ge=1, description="rows it was fitted on")
    events: int = Field(ge=0, description="of those, rows with an outcome")
    intercept: float = Field(ge=-_STRONGEST, le=_STRONGEST, description="log odds")
    columns: tuple[BaseColumn, ...] = Field(max_length=2_000, description="in the order of the features")
    liberty: LibertyOffset | None = Field(description="null: the features it is read from were left out")
    # Not written where there is none: a base without a prior keeps the bytes, and the hash, that it had before.
    prior: UsedPrior | None = Field(
        default=None,
        exclude_if=lambda prior: prior is None,
        description="what the penalty pulled the coefficients towards; absent: towards 0",
    )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        read = [(column.feature, column.reads) for column in self.columns]
        if len(set(read)) != len(read):
            raise ValueError("a feature has at most one column of values and one of missing values")
        return self


RelationshipKind = Literal["current_partner", "ex_partner", "family"]
"""Kinds of relationship with a calibration of their own; another kind, or an unknown one, is calibrated with all."""

_NUMBERS_OF: dict[str, tuple[str, ...]] = {
    "none": (),
    "intercept": ("slope", "intercept"),
    "platt": ("slope", "intercept"),
    "isotonic": ("x", "y"),
}
"""The numbers of a calibrator by its method."""


class KindOffset(Part):
    """How far the log odds of one kind of relationship are moved from the pooled calibrator.

    ``unshrunk`` is what the rows of the kind say by themselves; ``offset`` is what is used, ``unshrunk`` shrunk towards
    0.
    """

    kind: RelationshipKind = Field(description="what the two are to each other")
    n: int = Field(ge=0, description="rows of the kind")
    events: int = Field(ge=0, description="of those, rows with an outcome")
    people: int = Field(ge=0, description="distinct subjects with an outcome among them")
    unshrunk: float | None = Field(
        default=None, description="log odds that these rows alone ask for; absent: too few outcomes"
    )
    offset: float = Field(description="log odds added to the pooled calibrator's; 0: as the pooled calibrator says")


class ComparedBase(BaseModel):
    """``baselines/base.json``: the base of a RUN whose model has none inside: a teacher, or a comparison alone."""

    FILE: ClassVar[str] = "baselines/base.json"


class Calibrator(JsonFile):
    """``model/calibrator.json``: from a raw score to a probability; within a kind it never falls as the score rises.

    ``none``: too few outcomes, no probability is given. ``intercept``: the raw score, as log odds, plus ``intercept``.
    ``platt``: a logistic line in the raw score (``slope``, ``intercept``). ``isotonic``: straight lines between the
    points (``x``, ``y``), flat beyond. ``kinds``: offsets by kind of relationship; without one the rest is used alone.
    """

    FILE: ClassVar[str] = "model/calibrator.json"
    HOW_MADE: ClassVar[str] = "train again: threat train"

    method: Literal["none", "intercept", "platt", "isotonic"] = Field(description="kind of table")
    fitted_on: str = Field(default="", description="what it was fitted on, in words")
    n: int = Field(default=0, ge=0, description="rows it was fitted on")
    events: int = Field(default=0, ge=0, description="of those, rows with an outcome")
    people: int | None = Field(
        default=None, ge=0, description="distinct subjects with an outcome among them; absent where not recorded"
    )
    slope: float | None = Field(default=None, ge=0, description="of a line; 1 where the intercept alone is fitted")
    intercept: float | None = Field(default=None, description="of a line")
    x: tuple[float, ...] | None = Field(default=None, description="raw scores of a table, rising")
    y: tuple[float, ...] | None = Field(default=None, description="probabilities at x, never falling")
    kinds: tuple[KindOffset, ...] = Field(default=(), description="offsets by kind of relationship; empty: none")

    @model_validator(mode="after")
    def _rising(self) -> Self:
        given = tuple(name for name in ("slope", "intercept", "x", "y") if getattr(self, name) is not None)
        if given != _NUMBERS_OF[self.method]:
            raise ValueError(f"a calibrator of the method {self.method} has its own numbers, and only those")
        if self.method == "intercept" and self.slope != 1.0:
            raise ValueError("a calibrator of the method intercept has the slope 1")
        if self.x is not None and self.y is not None:
            rising = len(self.x) == len(self.y) >= 1 and all(a < b for a, b in pairwise(self.x))
            if not rising or any(a > b for a, b in pairwise(self.y)) or not 0 <= self.y[0] <= self.y[-1] <= 1:
                raise ValueError("x rises, y never falls and is between 0 and 1, and both have as many points")
        if len({entry.kind for entry in self.kinds}) != len(self.kinds) or (self.kinds and self.method == "none"):
            raise ValueError("each kind has one offset, and none without a table")
        return self

    @property
    def why_none(self) -> str:
        """The reason that no probability is given, in a sentence; empty where one is.

        >>> Calibrator(method="none", n=900, events=41, people=30).why_none.partition(": ")[2]
        '41 of 900 rows to calibrate on had an outcome (30 people), where 100 with and 100 without one are needed.'
        """
        if self.method != "none":
            return ""
        least = LEAST_CALIBRATION_EVENTS
        return (
            f"Ranks alone, no probability: {self.events:,} of {self.n:,} rows to calibrate on had an outcome "
            f"({self.people or 0:,} people), where {least} with and {least} without one are needed."
        )

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
