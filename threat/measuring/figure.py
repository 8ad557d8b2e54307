"""A figure with everything needed to judge it, and the three verdicts that evidence can give."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Verdict(StrEnum):
    """What evidence says of a question. What could not be computed is never a pass."""

    PASS = "pass"  # noqa: S105 a verdict, no password
    FAIL = "fail"
    NOT_ENOUGH = "not_enough_evidence"

    @property
    def words(self) -> str:
        """The verdict in words, for pages and cards."""
        return _TITLES[self]

    @classmethod
    def all_of(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Combine verdicts: any fail fails; all pass passes; anything else, including none at all, is not enough.

        >>> Verdict.all_of([Verdict.PASS, Verdict.NOT_ENOUGH]).value
        'not_enough_evidence'
        >>> Verdict.all_of([]).value
        'not_enough_evidence'
        """
        given = list(verdicts)
        if cls.FAIL in given:
            return cls.FAIL
        return cls.PASS if given and all(verdict == cls.PASS for verdict in given) else cls.NOT_ENOUGH


_TITLES = {
    Verdict.PASS: "Pass",
    Verdict.FAIL: "Fail",
    Verdict.NOT_ENOUGH: "Not enough evidence",
}


class Figure(BaseModel):
    """One measured number of a RUN.

    A figure without a value says why; a figure without an interval says by its method what it is.

    >>> shares = {"value": 0.4, "n": 90, "events": 10, "interval": (0.2, 0.6), "method": "Wilson 95%"}
    >>> Figure(name="recall", title="Recall", **shares).interval
    (0.2, 0.6)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="what was measured, as code names it")
    title: str = Field(min_length=1, description="what was measured, in words")
    value: float | None = Field(description="the number; null where it is not defined")
    n: int = Field(ge=0, description="rows it was measured on")
    events: int = Field(ge=0, description="outcome events among them, or that they could have foreseen")
    interval: tuple[float, float] | None = Field(description="95% interval, low then high; null without one")
    method: str = Field(min_length=1, description="how the interval, or else the value, was made")
    slice: dict[str, Any] = Field(default_factory=dict, description="what it was restricted to, such as a capacity")
    reason: str = Field(default="", description="why the value or the interval is missing; empty otherwise")

    @model_validator(mode="after")
    def _whole(self) -> Figure:
        if self.value is None and not self.reason:
            raise ValueError(f"the figure {self.name} has no value and no reason")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"the value of the figure {self.name} is not finite")
        if self.interval is not None and not self.interval[0] <= self.interval[1]:
            raise ValueError(f"the interval of the figure {self.name} is {self.interval[0]} to {self.interval[1]}")
        return self
