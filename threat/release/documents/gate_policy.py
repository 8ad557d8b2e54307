"""The gate's policy as a verdict records it: thresholds, who must sign what, which checks each state needs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from threat.release.documents.document import Part

CHECKS = {
    "provenance": "Provenance",
    "retraining": "Training repeated",
    "policies": "Policies",
    "law": "Law and documents",
    "leaks": "Data and leaks",
    "target": "Target",
    "local_validation": "Local validation",
    "usefulness": "Usefulness",
    "calibration": "Calibration",
    "fairness": "Fairness",
    "explanation": "Explanation",
    "card": "Model card",
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
    margin: float | None = Field(
        default=None, description="usefulness before gate-5: recall at capacity must exceed each rule's by more"
    )
    not_inferior_by: Annotated[float, Field(ge=0, lt=1)] | None = Field(
        default=None, description="usefulness: mean recall that may be lost to any other ranking; null before gate-5"
    )
    superior_to: tuple[str, ...] = Field(
        default=(), description="usefulness: rankings of which the model must be better than one; empty before gate-5"
    )
    comparators: str = Field(min_length=1, description="usefulness: rankings whose name begins so are the rules")
    regression: str = Field(min_length=1, description="usefulness: the regression, compared with as the rules are")
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
    openings_at_most: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="leaks: most models seen on one test, this one among them; null before gate-5"
    )
    shadow_days: Annotated[int, Field(ge=56)] | None = Field(
        default=None, description="least days in shadow before a pilot, by the witness; null before gate-5, which is 56"
    )
    acceptance_days: int = Field(ge=1, description="longest life of an acceptance or approval, days")


class ApprovalRule(Part):
    """Who must approve."""

    persons: int = Field(ge=1, description="natural persons")
    roles: tuple[str, ...] = Field(description="roles they hold between them, each by another person")


class Enters(Part):
    """What an environment asks of a release: the state entered when none is asked for, and whether to train again."""

    enters: State = Field(description="the state")
    retrain: Literal["required", "optional"] = Field(
        default="required",
        description="provenance: whether a release may leave out the training's repetition (--no-retrain)",
    )


class GatePolicy(Part):
    """``training/gate/policy.yaml``."""

    version: str = Field(min_length=1, description="name of this version of the policy")
    numbers: Numbers = Field(description="thresholds")
    approvals: ApprovalRule = Field(description="who must approve")
    acceptances: dict[str, tuple[str, ...]] = Field(description="roles that may accept not enough evidence, by check")
    documents: dict[str, tuple[str, ...]] = Field(description="documents that must be in date, by check")
    of_the_run: tuple[str, ...] = Field(description="documents that are about one RUN")
    owners: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="roles that may sign a document, by its kind; empty before gate-5: any role"
    )
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
        kinds = {kind for named_kinds in self.documents.values() for kind in named_kinds}
        if strange := sorted(self.owners.keys() - kinds):
            raise ValueError(f"no check asks for the document {', '.join(strange)}, which has owners")
        return self
