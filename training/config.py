"""What a training is asked to do: YAML checked against a schema, every problem reported at once.

Presets are data files in ``training/presets/``; a user's file may start from one with ``extends: demo``.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from threat.errors import UsageError, raise_all
from threat.release.documents.settings import (
    BaseSettings,
    CalendarSettings,
    CohortSettings,
    LinearSettings,
    SamplingSettings,
    Settings,
    TreeCandidate,
    TreeSettings,
)

__all__ = [
    "BaseSettings",
    "CalendarSettings",
    "CohortSettings",
    "LinearSettings",
    "SamplingSettings",
    "Settings",
    "TreeCandidate",
    "TreeSettings",
    "load",
    "presets",
]

_DEEPEST = 3
"""Files that may extend each other: ours, theirs, a preset. Deeper, nobody can say where a value came from."""


def presets() -> list[str]:
    """Return the names of the presets that come with the package, sorted."""
    folder = files("training") / "presets"
    return sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))


def load(config: str | Path, **changes: Any) -> Settings:
    """Read a preset by name, or a YAML file by path, and check it.

    ``changes`` replace top-level values (None is ignored). Raises one UsageError that lists every problem.
    """
    document = _document(config)
    document |= {name: value for name, value in changes.items() if value is not None}
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise_all(
            [
                UsageError(
                    f"{problem['msg'].removeprefix('Value error, ')}.",
                    value=None if problem["type"] == "missing" else problem["input"],
                    where=f"{config}: {'.'.join(str(part) for part in problem['loc']) or 'top level'}",
                )
                for problem in error.errors()
            ]
        )
        raise


def _document(config: str | Path, depth: int = 0) -> dict[str, Any]:
    if str(config) in presets():
        text = (files("training") / "presets" / f"{config}.yaml").read_text(encoding="utf-8")
    else:
        path = Path(config)
        if not path.is_file():
            raise UsageError(
                f"{config} is neither a preset nor a file.",
                way_out=f"one of {', '.join(presets())}, or the path of a file",
            )
        text = path.read_text(encoding="utf-8")
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError("The configuration is not YAML.", value=error, where=str(config)) from None
    if not isinstance(document, dict):
        raise UsageError("The configuration is not a mapping of names to values.", where=str(config))
    base = document.pop("extends", None)
    if base is None:
        return document
    if depth > _DEEPEST:
        raise UsageError(
            f"The configuration extends more than {_DEEPEST} files deep, or in a circle.", value=base, where=str(config)
        )
    return _merged(_document(base, depth + 1), document)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(base[key], value) if isinstance(value, dict) and isinstance(base.get(key), dict) else value
        for key, value in over.items()
    }
    return base | both
