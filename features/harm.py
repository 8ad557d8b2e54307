"""Days of harm per kind, as ``threat.harm`` reads and checks them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from threat.harm import table


@cache
def harm_days() -> Mapping[str, float]:
    """Days of harm by kind name; a kind without a row carries none. Raises BadInput when ``harm.csv`` is wrong."""
    return MappingProxyType({name: item.days for name, item in table().items()})
