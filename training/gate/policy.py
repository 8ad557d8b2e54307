"""The gate's policy: thresholds, who must sign what, and which checks each state needs, as one versioned YAML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from threat.errors import UsageError, raise_all

TITLES = {
    "G0": "Provenance",
    "G1": "Law and documents",
    "G2": "Data and leaks",
    "G3": "Target",
    "G4": "Local validation",
    "G5": "Usefulness",
    "G6": "Calibration",
    "G7": "Fairness",
    "G8": "Explanation",
    "G9": "Security",
    "G10": "Shadow run",
    "G11": "Ethics and publication",
    "G12": "Go-live",
    "approvals": "Approvals",
}

Environment = Literal["demonstration", "force"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Numbers(_Part):
    """Thresholds; the meaning of each stands in ``policy.yaml``."""

    least_events: Annotated[int, Field(ge=1)]
    cohort: str
    capacity_share: Annotated[float, Field(gt=0, le=1)]
    margin: float
    comparators: str
    regression: str
    observed_over_expected: tuple[float, float]
    slope: tuple[float, float]
    note_falls_above: float
    acceptance_days: int


class Approvals(_Part):
    """Who must approve."""

    persons: Annotated[int, Field(ge=1)]
    roles: tuple[str, ...]


class Enters(_Part):
    """The state a release enters unless told otherwise."""

    enters: Literal["shadow", "pilot", "live"]


class GatePolicy(_Part):
    """``training/gate/policy.yaml``."""

    version: str
    numbers: Numbers
    approvals: Approvals
    acceptances: dict[str, tuple[str, ...]]
    documents: dict[str, tuple[str, ...]]
    of_the_run: tuple[str, ...]
    required: dict[Literal["shadow", "pilot", "live"], tuple[str, ...]]
    environments: dict[Environment, Enters]

    @model_validator(mode="after")
    def _known(self) -> GatePolicy:
        named = {*self.acceptances, *self.documents, *(check for checks in self.required.values() for check in checks)}
        if unknown := sorted(named - TITLES.keys()):
            raise ValueError(f"not a check of the gate: {', '.join(unknown)}")
        for state, checks in self.required.items():
            if missing := [check for check in ("G0", "approvals") if check not in checks]:
                raise ValueError(f"{state} is entered without {' or '.join(missing)}")
        return self


def load_gate_policy(path: Path | None = None) -> GatePolicy:
    """The gate policy in a YAML file (default: the product's own). Raises UsageError with all problems at once."""
    where = "training/gate/policy.yaml" if path is None else str(path)
    try:
        text = (
            files("training.gate").joinpath("policy.yaml").read_text(encoding="utf-8")
            if path is None
            else path.read_text(encoding="utf-8")
        )
        return GatePolicy.model_validate(yaml.safe_load(text))
    except FileNotFoundError:
        raise UsageError("There is no such gate policy.", where=where) from None
    except yaml.YAMLError as error:
        raise UsageError("The gate policy is YAML.", value=error, where=where) from None
    except ValidationError as error:
        raise_all(
            [
                UsageError(f"{one['msg']}.", value=one["input"], where=f"{where}: {'.'.join(map(str, one['loc']))}")
                for one in error.errors()
            ]
        )
        raise
