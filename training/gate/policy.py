"""The gate's policy: thresholds, who must sign what, and which checks each state needs, as one versioned YAML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from threat.errors import UsageError, raise_all
from threat.release.documents.gate_policy import GatePolicy

_SINCE_GATE_4 = ("least_calibration_events", "falls_at_most")
"""Numbers that a verdict recorded under an earlier policy lacks, and that a policy in use must give."""


def load_gate_policy(path: Path | None = None) -> GatePolicy:
    """Read the gate policy in a YAML file (None: the product's own). Raises UsageError with all problems at once."""
    where = "training/gate/policy.yaml" if path is None else str(path)
    if path is not None and not path.is_file():
        raise UsageError("The gate policy file is missing.", where=where, way_out="leave --policy out, or name a file")
    product = files("training.gate").joinpath("policy.yaml")
    text = product.read_text(encoding="utf-8") if path is None else path.read_text(encoding="utf-8")
    try:
        policy = GatePolicy.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise UsageError("The gate policy is not YAML.", value=error, where=where) from None
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
    if missing := [name for name in _SINCE_GATE_4 if getattr(policy.numbers, name) is None]:
        raise UsageError(
            f"The gate policy lacks a number that policies have since gate-4: {', '.join(missing)}.",
            where=f"{where}: numbers",
            way_out="add it; training/gate/policy.yaml says what it means",
        )
    return policy
