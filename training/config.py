"""What a training is asked to do: YAML checked against a schema, every problem reported at once.

Presets are data files in ``training/presets/``; a user's file may start from one with ``extends: demo``.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from features import load_catalogue
from threat.errors import ThreatError, UsageError, raise_all
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
from threat.yaml_text import parse_yaml

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
    problems: list[ThreatError] = []
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        problems += [_problem(details, str(config)) for details in error.errors()]
    for setting in ("features_without", "features_with"):
        problems += _unknown_features(document.get(setting), f"{config}: {setting}")
    raise_all(problems)
    return settings


def _problem(details: ErrorDetails, where: str) -> UsageError:
    """Return a problem of the schema's with its place; the nearest name where there is no such setting."""
    name = ".".join(str(part) for part in details["loc"])
    place = f"{where}: {name or 'top level'}"
    if details["type"] == "extra_forbidden":
        close = get_close_matches(name, _names_of_settings(), 1)
        return UsageError(
            "There is no setting of this name here.",
            value=details["input"],
            where=place,
            way_out=f"did you mean {close[0]}?" if close else "docs/schemas/config.json has every name",
        )
    if details["type"] == "missing":
        return UsageError("This setting is missing.", where=place)
    return UsageError(f"{details['msg'].removeprefix('Value error, ')}.", value=details["input"], where=place)


def _names_of_settings() -> list[str]:
    """Return the name of every setting once, those of nested ones with the part that has them.

    >>> {"horizon_days", "calendar.test_cycles"} <= set(_names_of_settings())
    True
    """
    names = []
    for name, field in Settings.model_fields.items():
        names.append(name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += [f"{name}.{nested}" for nested in field.annotation.model_fields]
    return names


def _unknown_features(names: Any, where: str) -> list[ThreatError]:
    """Return a problem for each of ``names`` that the catalogue has not, at its place in the list ``where``."""
    if not isinstance(names, list) or not names:
        return []
    catalogue = load_catalogue().names
    return [
        UsageError(
            "The catalogue has no feature of this name.",
            value=name,
            where=f"{where}.{number}",
            way_out=f"did you mean {close[0]}?"
            if (close := get_close_matches(name, catalogue, 1))
            else "see docs/features.md",
        )
        for number, name in enumerate(names)
        if isinstance(name, str) and name not in catalogue
    ]


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
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise UsageError("The configuration is not UTF-8 text.", value=error, where=str(config)) from None
    document = parse_yaml(text, "The configuration is not YAML.", str(config))
    if not isinstance(document, dict):
        raise UsageError("The configuration is not a mapping of names to values.", where=str(config))
    base = document.pop("extends", None)
    if base is None:
        return document
    if not isinstance(base, str):
        raise UsageError(
            "The configuration extends what is no name of a preset or file.", value=base, where=str(config)
        )
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
