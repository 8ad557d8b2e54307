"""The records as they stood: seven tables in immutable parts, snapshots of them, and what the feature engines read."""

from __future__ import annotations

from typing import Any

__all__ = ["Batch", "Rows", "Sightings", "Snapshot", "Store"]  # noqa: F822  found by __getattr__, below

_HOME = {"Batch": "batches", "Rows": "sightings", "Sightings": "sightings", "Snapshot": "snapshot", "Store": "store"}


def __getattr__(name: str) -> Any:
    """Import a public name on first use.

    ``threat --help`` imports ``threat.history.commands``, and with it this file: to import the names here would load
    Arrow and DuckDB (0.6 s) for a page of help. No circle is hidden: no module of this package imports from here.
    """
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
