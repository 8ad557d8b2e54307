"""The synthetic force: a mechanism, the way police record it, and the truth kept aside (``docs/simulation.md``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from threat.simulation.force import Settings, simulate, write

__all__ = ["Settings", "simulate", "write"]


def __getattr__(name: str) -> Any:
    """Import on first use: ``threat --help`` must not load Numba."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("threat.simulation.force"), name)
