"""The closed lists of protected characteristics and their codes, read from ``protected_codes.csv``.

Only the lists are here; what people were recorded with is read by ``threat.history.protected`` alone.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

ANY_SCHEME = "*"
"""In the table: the codes of the characteristic mean the same under every scheme, so a source may call its own any."""


@cache
def _table() -> dict[tuple[str, str], dict[str, str]]:
    """Return titles by code, by (characteristic, scheme)."""
    text = files("threat").joinpath("protected_codes.csv").read_text(encoding="utf-8")
    table: dict[tuple[str, str], dict[str, str]] = {}
    for row in csv.DictReader(text.splitlines()):
        table.setdefault((row["characteristic"], row["scheme"]), {})[row["code"]] = row["title"]
    return table


def characteristics() -> list[str]:
    """Return the characteristics that may be recorded of a person, in file order."""
    return list(dict.fromkeys(characteristic for characteristic, _ in _table()))


def schemes(characteristic: str) -> list[str]:
    """Return the schemes of a characteristic; ``*``: a source may name its own scheme.

    >>> schemes("ethnicity"), schemes("sex")
    (['18+1', '16+1', '5+1'], ['*'])
    """
    return [scheme for name, scheme in _table() if name == characteristic]


def codes(characteristic: str, scheme: str | None = None) -> dict[str, str]:
    """Return the codes of a characteristic and their titles: of one scheme, or of all its schemes when none is named.

    >>> codes("ethnicity", "5+1")["NS"], list(codes("sex", "prison")), codes("gender", None)
    ('Not stated', ['female', 'male', 'other', 'unknown'], {})
    """
    if scheme is not None:
        return dict(_table().get((characteristic, ANY_SCHEME), _table().get((characteristic, scheme), {})))
    return {
        code: title
        for (name, _), titles in _table().items()
        if name == characteristic
        for code, title in titles.items()
    }
