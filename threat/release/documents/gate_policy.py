"""The gate's policy as a verdict records it: thresholds, who must sign what, which checks each state needs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import Part

CHECKS = {
    "provenance": "Provenance",
    "law": "Law and documents",
    "leaks": "Data and leaks",
    "target": "Target",
    "local_validation": "Local validation",
    "usefulness": "Usefulness",
    "calibration": "Calibration",
    "fairness": "Fairness",
    "explanation": "Explanation",
    "security": "Security",
    "shadow_run": "Shadow run",
    "ethics": "Ethics and publication",
    "go_live": "Go-live",
    "approval": "Approvals",
}
"""The checks of the gate in the order they are asked, by name, with their titles."""

_NUMBERED = ("provenance", "law", "leaks", "target", "local_validation", "usefulness", "calibration", "fairness",
             "explanation", "security", "shadow_run", "ethics", "go_live")  # fmt: skip
NAMED_SINCE = {f"G{number}": name for number, name in enumerate(_NUMBERED)} | {"approvals": "approval"}
"""What a check is called that policies and statements before gate-3 knew by a number: for errors alone."""

State = Literal["shadow", "pilot", "live"]
Environment = Literal["demonstration", "force"]
Bounds = tuple[float, float]


def unknown_checks(names: set[str]) -> str:
    """Say which of ``names`` are no checks, and how those known by a number are called now; empty when all are.

    >>> unknown_checks({"G7", "fairness"})
    'not a check of the gate: G7 (now fairness)'
    """
    unknown = sorted(names - CHECKS.keys())
    said = [f"{name} (now {NAMED_SINCE[name]})" if name in NAMED_SINCE else name for name in unknown]
    return f"not a check of the gate: {', '.join(said)}" if said else ""


class Numbers(Part):
    """Thresholds; each number's meaning is in ``policy.yaml`` too."""

    least_events: int = Field(ge=1, description="local_validation: least outcome events in the test")
    cohort: str = Field(min_length=1, description="local_validation: kind of cohort that lists are made of")
    capacity_share: Annotated[float, Field(gt=0, le=1)] = Field(
        description="local_validation: longest list judged by, as a share of the mean rows per list"
    )
    margin: float = Field(description="usefulness: recall at capacity must exceed each rule's by more than this")
    comparators: str = Field(min_length=1, description="usefulness: rankings whose name begins so are the rules")
    regression: str = Field(min_length=1, description="usefulness: ranking that must not be clearly better")
    least_calibration_events: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="calibration: least outcome events in the test; null in a policy before gate-4"
    )
    observed_over_expected: Bounds = Field(
        description="calibration: bounds that the interval lies within where probabilities are shown"
    )
    slope: Bounds = Field(description="calibration: bounds that the interval lies within where probabilities are shown")
    falls_at_most: Annotated[float, Field(ge=0, le=1)] | None = Field(
        default=None, description="explanation: share of scores that may fall, worst kind; null before gate-4"
    )
    note_falls_above: float | None = Field(
        default=None, description="explanation, before gate-4: share of falls that was noted and decided nothing"
    )
    acceptance_days: int = Field(ge=1, description="longest life of an acceptance or approval, days")


class ApprovalRule(Part):
    """Who must approve."""

    persons: int = Field(ge=1, description="natural persons")
    roles: tuple[str, ...] = Field(description="roles they hold between them, each by another person")


class Enters(Part):
    """The state a release enters when none is asked for."""

    enters: State = Field(description="the state")


class GatePolicy(Part):
    """``training/gate/policy.yaml``."""

    version: str = Field(min_length=1, description="name of this version of the policy")
    numbers: Numbers = Field(description="thresholds")
    approvals: ApprovalRule = Field(description="who must approve")
    acceptances: dict[str, tuple[str, ...]] = Field(description="roles that may accept not enough evidence, by check")
    documents: dict[str, tuple[str, ...]] = Field(description="documents that must be in date, by check")
    of_the_run: tuple[str, ...] = Field(description="documents that are about one RUN")
    required: dict[State, tuple[str, ...]] = Field(description="checks that must pass, by state")
    environments: dict[Environment, Enters] = Field(description="the state a release enters, by environment")

    @model_validator(mode="after")
    def _known(self) -> Self:
        named = {*self.acceptances, *self.documents, *(check for checks in self.required.values() for check in checks)}
        if problem := unknown_checks(named):
            raise ValueError(problem)
        for state, checks in self.required.items():
            if missing := [check for check in ("provenance", "approval") if check not in checks]:
                raise ValueError(f"{state} is entered without {' or '.join(missing)}")
        return self
