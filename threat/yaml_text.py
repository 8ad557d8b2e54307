"""YAML as the product reads it: its own files quickly, a user's with an error that a user can act on."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from threat.errors import UsageError

# Ten times as fast; kept for files of the product alone, for it has no guard against a text nested without end.
_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_shipped(package: str, name: str) -> Any:
    """Return the document of a YAML file that comes with the product, by its package and its name there."""
    return parse_shipped(files(package).joinpath(name).read_text(encoding="utf-8"))


def parse_shipped(text: str) -> Any:
    """Return the document of the text of such a file.

    >>> parse_shipped("capacity: 40")
    {'capacity': 40}
    """
    loader = _QUICK(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def parse_yaml(text: str | bytes, problem: str, where: str) -> Any:
    """Return the document of a user's text. Raises UsageError that begins with ``problem`` for what is no YAML.

    >>> parse_yaml("capacity: 40", "The policy is not YAML.", "policy.yaml")
    {'capacity': 40}
    """
    try:
        return yaml.safe_load(text)
    except RecursionError:
        said: object = "it is nested too deeply"
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        said = error  # PyYAML lets the last two through: an escape of no character, a date that is none
    raise UsageError(problem, value=said, where=where, way_out="indent with spaces; quote what has a colon")
