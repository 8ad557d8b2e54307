"""The fairness policy: numbers an ethics committee sets before results are seen, as one versioned YAML file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from pydantic import ValidationError

from threat.errors import UsageError, raise_all
from threat.release.documents.fairness_policy import FairnessPolicy as Policy
from threat.yaml_text import parse_yaml


def load_policy(path: Path | None = None) -> Policy:
    """The policy in a YAML file (default: the product's own). Raises UsageError with all problems at once."""
    return parse_policy(policy_bytes(path), "fairness/policy.yaml" if path is None else str(path))


def policy_bytes(path: Path | None) -> bytes:
    """Return the bytes of a policy's file (None: the product's own). Raises UsageError where there is no such file."""
    if path is None:
        return files("fairness").joinpath("policy.yaml").read_bytes()
    if not path.is_file():
        raise UsageError("There is no such fairness policy.", where=str(path))
    return path.read_bytes()


def parse_policy(data: bytes, where: str) -> Policy:
    """Return the policy that some bytes hold. Raises UsageError with all problems at once."""
    try:
        return Policy.model_validate(parse_yaml(data, "The fairness policy is not YAML.", where))
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
