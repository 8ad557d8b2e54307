"""The synthetic force: a mechanism, the way police record it, and the truth kept aside (``docs/simulation.md``)."""

from __future__ import annotations

from typing import Any

__all__ = ["Settings", "simulate", "write"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use.

    ``threat --help`` imports ``threat.simulation.commands``, and with it this file: to import the names here would load
    Numba for a page of help. No circle is hidden: no module of this package imports these names from here.
    """
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("threat.simulation.force"), name)
