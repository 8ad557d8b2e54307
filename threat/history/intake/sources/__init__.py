"""The sources that are shipped, a folder each: profile, tables, an example, and code only where a source needs any.

A folder holds ``profile.yaml``, ``README.md``, ``example/in`` and ``example/out``; and ``shape.py`` with a function
``shape`` where the columns do not say what the tables say. To add a source, add a folder: nothing else names it.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

STANDARD = "standard"
_STANDARD_SOURCE = "standard_csv"
"""A force's own profile says ``shape: standard``, whatever the folder of that shape is called."""


def folder_of(source: str) -> Traversable:
    """Return the folder of a source."""
    return files(__name__).joinpath(source)


def source_names() -> list[str]:
    """Return the names of the sources: the folders that hold a profile."""
    return sorted(item.name for item in files(__name__).iterdir() if item.joinpath("profile.yaml").is_file())


def shape_names() -> list[str]:
    """Return what a profile may say under ``shape``: standard, or a source that brings code of its own."""
    with_code = [name for name in source_names() if folder_of(name).joinpath("shape.py").is_file()]
    return [STANDARD, *(name for name in with_code if name != _STANDARD_SOURCE)]


def source_of_shape(shape: str) -> str:
    """Return the source whose profile shows the files and columns of a shape.

    >>> source_of_shape("standard"), source_of_shape("multnomah")
    ('standard_csv', 'multnomah')
    """
    return _STANDARD_SOURCE if shape == STANDARD else shape


def module_of_shape(shape: str) -> str:
    """Return the module that holds a shape of ``shape_names``.

    >>> module_of_shape("standard")
    'threat.history.intake.sources.standard_csv.shape'
    """
    return f"{__name__}.{source_of_shape(shape)}.shape"
