"""The fairness policy: numbers an ethics committee sets before results are seen, as one versioned YAML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from threat.errors import UsageError, raise_all

Probability = Annotated[float, Field(gt=0, lt=1)]
Party = Literal["subject", "person_at_risk", "relationship", "column"]


class Gated(BaseModel):
    """One characteristic that the verdict rests on."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    party: Party
    characteristic: str


class Policy(BaseModel):
    """``fairness/policy.yaml``; the meaning of each field stands there."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    version: str
    line: Probability = 0.8
    fail_at: Probability = 0.75
    pass_at: Probability = 0.90
    adequate_events: Annotated[int, Field(ge=1)] = 50
    least_events: Annotated[int, Field(ge=1)] = 20
    multiplicity: Literal["holm", "none"] = "holm"
    calibration: tuple[float, float] = (0.8, 1.25)
    draws: Annotated[int, Field(ge=50, le=20_000)] = 400
    seed: int = 20_240_601
    publish_at_least: Annotated[int, Field(ge=1)] = 10
    gate: tuple[Gated, ...] = ()
    age_bands: tuple[int, ...] = (18, 25, 35, 45, 55, 65)
    richness_bands: tuple[int, ...] = (1, 2, 4)

    @model_validator(mode="after")
    def _ordered(self) -> Policy:
        if not 0 < self.calibration[0] < 1 < self.calibration[1]:
            raise ValueError("calibration is two numbers around 1")
        for name in ("age_bands", "richness_bands"):
            bands = getattr(self, name)
            if list(bands) != sorted(set(bands)) or not bands:
                raise ValueError(f"{name} are rising lower ends")
        return self


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a YAML file (default: the product's own). Raises UsageError with all problems at once."""
    if path is not None and not path.is_file():
        raise UsageError("There is no such fairness policy.", where=str(path))
    text = (
        files("fairness").joinpath("policy.yaml").read_text(encoding="utf-8")
        if path is None
        else path.read_text(encoding="utf-8")
    )
    where = "fairness/policy.yaml" if path is None else str(path)
    try:
        return Policy.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise UsageError("The fairness policy is YAML.", value=error, where=where) from None
    except ValidationError as error:
        raise_all(
            [
                UsageError(
                    f"{problem['msg'].removeprefix('Value error, ')}.",
                    value=problem["input"],
                    where=f"{where}: {'.'.join(map(str, problem['loc']))}",
                )
                for problem in error.errors()
            ]
        )
        raise
