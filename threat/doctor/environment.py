"""Checks of what is installed: Python, the product, its optional parts, the cache of compiled code."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from threat.doctor.findings import Finding, Places
from threat.extras import DISTRIBUTION, by_extra, install_command, missing

CACHE = Path("var/numba")
"""Where compiled code is kept unless NUMBA_CACHE_DIR names another folder (``features.engines.fold.compiling``)."""


def check_installation(places: Places) -> list[Finding]:
    """Report the Python, the version of the product, and every optional part."""
    try:
        requires(DISTRIBUTION)
        product = Finding("product", "ok", f"{DISTRIBUTION} {version(DISTRIBUTION)}")
    except PackageNotFoundError:
        # Run from a folder on PYTHONPATH: no commands of other packages, no extras to be named.
        return [
            Finding("python", "ok", f"Python {platform.python_version()}"),
            Finding("product", "missing", f"{DISTRIBUTION} is not installed here", "make setup"),
        ]
    findings = [Finding("python", "ok", f"Python {platform.python_version()}"), product]
    for extra in by_extra():
        absent = missing(extra)
        if absent:
            # A note: a machine that only serves needs no training.
            says = f"{extra}: without {', '.join(absent)}"
            findings.append(Finding("optional part", "note", says, install_command(extra)))
        else:
            findings.append(Finding("optional part", "ok", f"{extra}: installed"))
    return findings


def check_compiled_code(places: Places) -> list[Finding]:
    """Report whether a first run would compile the kernels, which takes it about a minute longer."""
    folder = Path(os.environ.get("NUMBA_CACHE_DIR") or CACHE)
    count = sum(1 for _ in folder.rglob("*.nbi")) if folder.is_dir() else 0
    if count:
        return [Finding("compiled code", "ok", f"{count} compiled functions in {folder}")]
    says = f"none in {folder}: the first list compiles it, once"
    return [Finding("compiled code", "note", says, places.score_command)]
