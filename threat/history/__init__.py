"""The records as they stood: seven tables in immutable parts, snapshots of them, and what the feature engines read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threat.history.sightings import Rows, Sightings
    from threat.history.snapshot import Batch, Snapshot
    from threat.history.store import Store

__all__ = ["Batch", "Rows", "Sightings", "Snapshot", "Store"]

_HOME = {"Batch": "snapshot", "Rows": "sightings", "Sightings": "sightings", "Snapshot": "snapshot", "Store": "store"}


def __getattr__(name: str) -> Any:
    """Import on first use: ``threat --help`` must not load Arrow."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
