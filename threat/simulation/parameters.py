"""The named numbers of ``parameters.yaml``, checked once and handed to compiled code as one record.

A control force (``controls.yaml``) has other people and other records: while one is made, ``values`` gives its numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.errors import UsageError, raise_all
from threat.yaml_text import read_shipped


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number (or list of numbers), its unit, and where it comes from."""

    section: str
    name: str
    value: Any
    unit: str
    source: str
    note: str = ""


@cache
def load() -> dict[str, dict[str, Parameter]]:
    """Return all parameters by section and name. Raises UsageError, listing every fault, when the file is wrong."""
    document = read_shipped("threat.simulation", "parameters.yaml")
    problems: list[Any] = []
    out: dict[str, dict[str, Parameter]] = {}
    for section, entries in document.items():
        out[section] = {}
        for name, entry in entries.items():
            if {"value", "unit", "source"} - set(entry):
                problems.append(
                    UsageError(
                        f"Parameter {section}.{name} lacks its value, unit or source.",
                        value=entry,
                        where=f"parameters.yaml: {section}.{name}",
                        way_out="add what is missing; 'assumption' is a source",
                    )
                )
                continue
            out[section][name] = Parameter(section, name, **entry)
    raise_all(problems)
    return out


@cache
def controls() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the control forces: by name and section, the values in place of those of ``parameters.yaml``.

    Raises UsageError, listing every fault, where a control names no parameter.
    """
    document: dict[str, dict[str, dict[str, Any]]] = read_shipped("threat.simulation", "controls.yaml")
    raise_all(
        [
            UsageError(
                "The control force names a parameter that there is not.", value=name, where=f"controls.yaml: {control}"
            )
            for control, sections in document.items()
            for section, entries in sections.items()
            for name in entries
            if name not in load().get(section, {})
        ]
    )
    return document


_MADE: ContextVar[str] = ContextVar("control force that is being made", default="")


@contextmanager
def of_world(name: str) -> Iterator[None]:
    """Give ``values`` the numbers of a control force during the block; of any other world, those of every force."""
    token = _MADE.set(name if name in controls() else "")
    try:
        yield
    finally:
        _MADE.reset(token)


def values(section: str) -> dict[str, Any]:
    """Return the plain values of one section; not to be changed."""
    return _values(section, _MADE.get())


@cache
def _values(section: str, control: str) -> dict[str, Any]:
    usual = {name: parameter.value for name, parameter in load()[section].items()}
    return usual | controls()[control].get(section, {}) if control else usual


def mechanism(overrides: Mapping[str, float] | None = None) -> NDArray[Any]:
    """Return the mechanism's parameters as a record array of length 1. Raises UsageError for an unknown override."""
    numbers = dict(values("mechanism"))
    unknown = sorted(set(overrides or {}) - set(numbers))
    if unknown:
        raise UsageError(
            f"Not a parameter of the mechanism: {', '.join(unknown)}.", way_out="parameters.yaml names all of them"
        )
    numbers.update(overrides or {})
    record = np.zeros(1, dtype=[(name, np.float64) for name in numbers])
    for name, value in numbers.items():
        record[name] = float(value)
    return record
