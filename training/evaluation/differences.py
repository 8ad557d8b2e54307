"""Two JSON documents compared, figure by figure: every place where they differ, in words a reviewer can look up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_SAME = 1e-9
"""Figures may differ by this much: the order in which a machine adds up numbers changes their last digits."""

_NAMES = ("name", "characteristic", "ranking", "code", "half", "band", "cycle", "days")
"""Fields by which a person knows an item of a list, best first; an item without any is known by its number."""

_NAMED = 5
"""Differences that an error names: enough to know which figures to look at, few enough to read."""

_ABSENT = "absent"
"""What a difference says of the side that lacks the field."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where a sealed document and the document computed again differ. ``figure``: its path, by names."""

    figure: str
    sealed: str
    recomputed: str


def differences(sealed: Any, again: Any) -> tuple[Difference, ...]:
    """Return every place where two JSON values differ; numbers are equal to nine digits.

    >>> sealed = {"rankings": [{"name": "score", "value": 0.4}], "n": 10}
    >>> again = {"rankings": [{"name": "score", "value": 0.3}], "n": 10}
    >>> differences(sealed, again)
    (Difference(figure='rankings.score.value', sealed='0.4', recomputed='0.3'),)
    >>> differences({"recall": 0.1 + 0.2}, {"recall": 0.3})
    ()
    """
    return tuple(_compared("", sealed, again))


def in_words(differing: Sequence[Difference]) -> str:
    """Return the first five differences in words, and how many more there are.

    >>> in_words([Difference("n", "12", "10")])
    'n: sealed 12, recomputed 10'
    """
    said = [f"{item.figure}: sealed {item.sealed}, recomputed {item.recomputed}" for item in differing[:_NAMED]]
    more = len(differing) - _NAMED
    return "; ".join([*said, f"and {more} more"] if more > 0 else said)


def _compared(place: str, sealed: Any, again: Any) -> Iterator[Difference]:
    if isinstance(sealed, dict) and isinstance(again, dict):
        for name in sorted(sealed.keys() | again.keys()):
            inside = f"{place}.{name}" if place else str(name)
            yield from _compared(inside, sealed.get(name, _ABSENT), again.get(name, _ABSENT))
    elif isinstance(sealed, list) and isinstance(again, list) and len(sealed) == len(again):
        for number, (item, item_again) in enumerate(zip(sealed, again, strict=True)):
            name = _name(item, number)
            yield from _compared(f"{place}.{name}" if place else name, item, item_again)
    elif not _same(sealed, again):
        yield Difference(place or "the whole document", _shown(sealed), _shown(again))


def _same(sealed: Any, again: Any) -> bool:
    if isinstance(sealed, float) or isinstance(again, float):
        numbers = isinstance(sealed, int | float) and isinstance(again, int | float)
        return numbers and math.isclose(sealed, again, rel_tol=_SAME, abs_tol=_SAME)
    return bool(sealed == again)


def _name(item: Any, number: int) -> str:
    if isinstance(item, dict):
        for field in _NAMES:
            if isinstance(item.get(field), str | int):
                return str(item[field])
    return str(number)


def _shown(value: Any) -> str:
    """Return a value in words: a list by its length, so that no difference is a page long."""
    if isinstance(value, list):
        return f"{len(value)} items"
    return f"{len(value)} fields" if isinstance(value, dict) else str(value)
