"""With which code a RUN is made: product, git commit, lock file, Python, platform, libraries and policies."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Literal

from threat.extras import DISTRIBUTION
from threat.files import sha256_of
from threat.release.documents.provenance import Policies, PolicyFacts, Provenance
from threat.yaml_text import parse_yaml

LIBRARIES = ("lightgbm", "numpy", "scikit-learn", "scipy", "numba", "pandas", "pyarrow", "duckdb", "shap", "mlflow")
"""Libraries that a figure or a byte of a RUN depends on, and MLflow, which mirrors it."""

_GIT_SECONDS = 20
"""Longest wait for git: a checkout on a slow network disk answers within seconds, and a training goes on without."""

Checkout = Literal["clean", "changed", "none", "unknown"]


def provenance(policy: Path | None = None, *, root: Path | None = None) -> Provenance:
    """Return ``provenance.json`` of a training that starts now, with this code.

    ``policy``: the force's own eligibility policy; None: the product's. ``root``: folder of the product's packages.
    """
    root = Path(str(files("training"))).parent if root is None else root
    checkout, commit = checkout_of(root)
    lock = root / "requirements.lock"
    return Provenance(
        product_version=version(DISTRIBUTION),
        checkout=checkout,
        commit=commit,
        # An installed product lies among the libraries, where a lock file would be somebody else's.
        lock_sha256=sha256_of(lock) if checkout != "none" and lock.is_file() else None,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        # The C library computes exponentials and logarithms; the kernel computes nothing, and changes with a restart.
        platform=" ".join(part for part in (platform.system(), platform.machine(), *platform.libc_ver()) if part),
        libraries={name: version(name) for name in LIBRARIES},
        policies=Policies(
            eligibility=_facts_of(_product_file("threat/policy.yaml") if policy is None else policy),
            fairness=_facts_of(_product_file("fairness/policy.yaml")),
            # Read as a file: the gate is walled off from the rest of training.
            gate=_facts_of(_product_file("training/gate/policy.yaml")),
        ),
    )


def checkout_of(root: Path) -> tuple[Checkout, str | None]:
    """Return whether ``root`` is a checkout with or without changes, and its commit (None without one)."""
    if not (root / ".git").exists():
        return "none", None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain")
    except (OSError, subprocess.SubprocessError):
        # No git on the machine, a checkout of another user, a folder without a commit: a training needs none of these.
        return "unknown", None
    return ("changed" if changes else "clean"), commit


def _git(root: Path, *words: str) -> str:
    # No optional locks: `git status` would otherwise write to the index of a checkout that is only looked at.
    command = ["git", "--no-optional-locks", "-C", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)
    return done.stdout.strip()


def _product_file(name: str) -> Path:
    package, _, inside = name.partition("/")
    return Path(str(files(package))) / inside


def _facts_of(path: Path) -> PolicyFacts:
    document = parse_yaml(path.read_text(encoding="utf-8"), "The policy is not YAML.", str(path))
    return PolicyFacts(version=str(document["version"]), sha256=sha256_of(path))
