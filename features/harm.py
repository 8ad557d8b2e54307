"""Days of harm per kind, from ``threat/harm.csv``."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from threat.errors import UsageError
from threat.vocabulary import kinds


@cache
def harm_days() -> Mapping[str, float]:
    """Days of harm by kind name; a kind without a row carries none. Raises UsageError for an unknown kind."""
    text = files("threat").joinpath("harm.csv").read_text(encoding="utf-8")
    out: dict[str, float] = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        if row["kind"] not in kinds():
            raise UsageError("Not a kind of the vocabulary.", value=row["kind"], where="threat/harm.csv")
        out[row["kind"]] = float(row["days"])
    return MappingProxyType(out)
