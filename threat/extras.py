"""The optional parts of the installed distribution, as its own metadata lists them.

Imports nothing beyond the standard library: the command line asks here when an import fails.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires, version

DISTRIBUTION = "threat-assessment"

_DEVELOPMENT = {"all", "bench", "dev"}
"""Extras that no command needs: a union of the others, the rivals of a benchmark, the tools of a developer."""

_DISTRIBUTION_OF_MODULE = {"cyclonedx": "cyclonedx-python-lib", "sklearn": "scikit-learn"}
"""Modules imported under another name than their distribution's."""

_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+).*; *extra *== *['\"](?P<extra>[^'\"]+)['\"]")


def by_extra(requirements: list[str] | None = None) -> dict[str, tuple[str, ...]]:
    """Return the distributions of every extra that a command may need, from metadata lines.

    ``requirements``: lines as in ``Requires-Dist``; those of the installed distribution unless given.

    >>> by_extra(["numpy>=2", "jinja2>=3; extra == 'cards'", "jinja2>=3; extra == 'serving'", "ruff; extra == 'dev'"])
    {'cards': ('jinja2',), 'serving': ('jinja2',)}
    """
    lines = (requires(DISTRIBUTION) or []) if requirements is None else requirements
    names: dict[str, list[str]] = {}
    for requirement in filter(None, map(_REQUIREMENT.match, lines)):
        if requirement["extra"] not in _DEVELOPMENT:
            names.setdefault(requirement["extra"], []).append(requirement["name"].lower())
    return {extra: tuple(distributions) for extra, distributions in names.items()}


def extras_with(module: str) -> list[str]:
    """Return the extras that bring a module (``sklearn.metrics``, say); none when no extra does."""
    top = module.partition(".")[0]
    wanted = _DISTRIBUTION_OF_MODULE.get(top, top).lower()
    return [extra for extra, distributions in by_extra().items() if wanted in distributions]


def missing(extra: str) -> list[str]:
    """Return the distributions of an extra that are not installed."""
    return [name for name in by_extra().get(extra, ()) if not is_installed(name)]


def is_installed(distribution: str) -> bool:
    """Return whether a distribution is installed in this environment."""
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def install_command(extra: str) -> str:
    """Return the command that installs an extra.

    >>> install_command("serving")
    "pip install 'threat-assessment[serving]'"
    """
    return f"pip install '{DISTRIBUTION}[{extra}]'"
