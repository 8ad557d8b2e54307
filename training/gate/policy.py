"""The gate's policy: thresholds, who must sign what, and which checks each state needs, as one versioned YAML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from threat.errors import UsageError, raise_all
from threat.files import sha256_of
from threat.release.documents.gate_policy import GatePolicy
from threat.yaml_text import parse_yaml

_ADDED = {
    "least_calibration_events": "gate-4",
    "falls_at_most": "gate-4",
    "openings_at_most": "gate-5",
    "not_inferior_by": "gate-5",
}
"""Numbers with the policy that brought each: an earlier verdict lacks them, and a policy in use must give them."""


def load_gate_policy(path: Path | None = None) -> GatePolicy:
    """Read the gate policy in a YAML file (None: the product's own). Raises UsageError with all problems at once."""
    where = "training/gate/policy.yaml" if path is None else str(path)
    if path is not None and not path.is_file():
        raise UsageError("The gate policy file is missing.", where=where, way_out="leave --policy out, or name a file")
    product = files("training.gate").joinpath("policy.yaml")
    text = product.read_text(encoding="utf-8") if path is None else path.read_text(encoding="utf-8")
    try:
        policy = GatePolicy.model_validate(parse_yaml(text, "The gate policy is not YAML.", where))
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
    if missing := [name for name in _ADDED if getattr(policy.numbers, name) is None]:
        said = ", ".join(f"{name} (since {_ADDED[name]})" for name in missing)
        raise UsageError(
            f"The gate policy lacks a number: {said}.",
            where=f"{where}: numbers",
            way_out="add it; training/gate/policy.yaml says what it means",
        )
    return policy


def version_of(kind: str, path: Path | None) -> tuple[str, str]:
    """Return version and SHA-256 of a policy's file: ``path``, or the product's own of that kind.

    Raises UsageError for an unknown kind, and for a file without a version.
    """
    product = {"gate": ("training.gate", "policy.yaml"), "fairness": ("fairness", "policy.yaml")}
    product["eligibility"] = ("threat", "policy.yaml")
    if kind not in product:
        raise UsageError("The kind of policy is unknown.", value=kind, way_out=", ".join(product))
    package, name = product[kind]
    data = files(package).joinpath(name).read_bytes() if path is None else path.read_bytes()
    document = parse_yaml(data, "The policy is not YAML.", str(path or name))
    if not isinstance(document, dict) or not document.get("version"):
        raise UsageError("The policy names no version.", where=str(path or name), way_out="version: NAME")
    return str(document["version"]), sha256_of(data)
