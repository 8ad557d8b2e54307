"""The gate's policy: thresholds, who must sign what, and which checks each state needs, as one versioned YAML file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar

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


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """The file of a policy: the version that it names, and its SHA-256."""

    version: str
    sha256: str


def load_gate_policy(path: Path | None = None) -> GatePolicy:
    """Read the gate policy in a YAML file (None: the product's own). Raises UsageError with all problems at once."""
    return read_policy("gate", path, parse_gate_policy)[0]


_Policy = TypeVar("_Policy")


def read_policy(kind: str, path: Path | None, parse: Callable[[bytes, str], _Policy]) -> tuple[_Policy, PolicyFile]:
    """Return a policy and its file (None: the product's own of that kind), both of the very same bytes.

    Raises UsageError for a file that is missing, and what ``parse`` raises.
    """
    data, where = _bytes_of(kind, path)
    return parse(data, where), PolicyFile(_version_in(data, where), sha256_of(data))


def parse_gate_policy(data: bytes, where: str) -> GatePolicy:
    """Return the gate policy that some bytes hold. Raises UsageError with all problems at once."""
    try:
        policy = GatePolicy.model_validate(parse_yaml(data, "The gate policy is not YAML.", where))
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


_PRODUCT: Final = {"gate": "training.gate", "fairness": "fairness", "eligibility": "threat"}
"""The package with the product's own policy of each kind."""


def _bytes_of(kind: str, path: Path | None) -> tuple[bytes, str]:
    """Return the bytes of a policy's file, read once, and where they are from, for errors."""
    if kind not in _PRODUCT:
        raise UsageError("The kind of policy is unknown.", value=kind, way_out=", ".join(_PRODUCT))
    if path is None:
        package = _PRODUCT[kind]
        return files(package).joinpath("policy.yaml").read_bytes(), f"{package.replace('.', '/')}/policy.yaml"
    if not path.is_file():
        title = f"The {kind} policy file is missing."
        raise UsageError(title, where=str(path), way_out="leave the option out, or name a file")
    return path.read_bytes(), str(path)


def _version_in(data: bytes, where: str) -> str:
    document = parse_yaml(data, "The policy is not YAML.", where)
    if not isinstance(document, dict) or not document.get("version"):
        raise UsageError("The policy names no version.", where=where, way_out="version: NAME")
    return str(document["version"])
