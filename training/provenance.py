"""With which code a RUN is made: product, git commit, lock file, Python, platform, libraries and policies."""

from __future__ import annotations

import platform
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from threat.checkout import code_in
from threat.files import sha256_of
from threat.release.documents.provenance import Policies, PolicyFacts, Provenance
from threat.yaml_text import parse_yaml

LIBRARIES = ("lightgbm", "numpy", "scikit-learn", "scipy", "numba", "pandas", "pyarrow", "duckdb", "shap", "mlflow")
"""Libraries that a figure or a byte of a RUN depends on, and MLflow, which mirrors it."""


def provenance(policy: Path | None = None, *, root: Path | None = None) -> Provenance:
    """Return ``provenance.json`` of a training that starts now, with this code.

    ``policy``: the force's own eligibility policy; None: the product's. ``root``: folder of the product's packages.
    """
    root = Path(str(files("training"))).parent if root is None else root
    made_with = code_in(root)
    return Provenance(
        product_version=made_with.product_version,
        checkout=made_with.checkout,
        commit=made_with.commit,
        lock_sha256=made_with.lock_sha256,
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


def _product_file(name: str) -> Path:
    package, _, inside = name.partition("/")
    return Path(str(files(package))) / inside


def _facts_of(path: Path) -> PolicyFacts:
    document = parse_yaml(path.read_text(encoding="utf-8"), "The policy is not YAML.", str(path))
    return PolicyFacts(version=str(document["version"]), sha256=sha256_of(path))
