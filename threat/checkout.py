"""With which code this process runs: version of the product, git commit and lock file."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Literal

from threat.extras import DISTRIBUTION
from threat.files import sha256_of

_GIT_SECONDS = 20
"""Longest wait for git: a checkout on a slow network disk answers within seconds, and a job goes on without."""

Checkout = Literal["clean", "changed", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a process. ``commit``, ``lock_sha256``: None where there is no checkout."""

    product_version: str
    checkout: Checkout
    commit: str | None
    lock_sha256: str | None


@cache
def code() -> Code:
    """Return the code of this process, looked up once: what was imported does not change with the checkout."""
    return code_in(Path(str(files("threat"))).parent)


def code_in(root: Path) -> Code:
    """Return the code of the product whose packages are in ``root``."""
    checkout, commit = checkout_of(root)
    lock = root / "requirements.lock"
    # An installed product lies among the libraries, where a lock file would be somebody else's.
    digest = sha256_of(lock) if checkout != "none" and lock.is_file() else None
    return Code(version(DISTRIBUTION), checkout, commit, digest)


def checkout_of(root: Path) -> tuple[Checkout, str | None]:
    """Return whether ``root`` is a checkout with or without changes, and its commit (None without one)."""
    if not (root / ".git").exists():
        return "none", None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        changes = _git(root, "status", "--porcelain")
    except (OSError, subprocess.SubprocessError):
        # No git on the machine, a checkout of another user, a folder without a commit: a job needs none of these.
        return "unknown", None
    return ("changed" if changes else "clean"), commit


def _git(root: Path, *words: str) -> str:
    # No optional locks: `git status` would otherwise write to the index of a checkout that is only looked at.
    command = ["git", "--no-optional-locks", "-C", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_GIT_SECONDS)
    return done.stdout.strip()
