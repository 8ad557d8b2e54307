"""JSON that others can write: read whole and within limits, or refused in words.

Every file under ``var``, in a history, a trust folder, a RUN, a bundle or an archive may have been written by anybody
until its hash or its signature is checked, and some are parsed before that. ``json`` alone takes too much: it lets
``NaN``, infinity and a name that stands twice through, and of nesting, of a number of 5,000 digits or of a lone
surrogate it makes errors of four classes, some of them only when the value is used.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a document at most: a hundred times the largest made so far (a fairness report of 18 rankings, 0.5 MB)."""

DEEPEST: Final = 64
"""Objects and arrays inside each other at most: four times the deepest document, far below Python's own limit."""

Fields = Mapping[str, type | tuple[type, ...]]
"""The fields of an object, each with its type or types."""

_SHOWN = 60
"""Characters of an offending value that its error shows."""

_WIDEST: Final = 2**63
"""Whole numbers are those that 64 bits hold, as ids do: a larger one fits no column and no float."""

_STRING: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_NO_BRACKETS: Final = re.compile(r"[^][{}]+")
_ONE_KIND: Final = str.maketrans("{}", "[]")
_MANY_DIGITS: Final = re.compile(r"[0-9]{19}")
_LARGE_EXPONENT: Final = re.compile(r"[eE]\+?[0-9]{3}")


class MalformedError(ValueError):
    """The content is not what it should be; says what is wrong, and at which line and column where that is known."""


def read(path: Path, largest: int = LARGEST) -> bytes:
    """Return the bytes of a plain file, read once. Raises OSError as opening does, MalformedError for anything else.

    A pipe or a device is refused and not waited for; a file of more than ``largest`` bytes is not read into memory.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise MalformedError("this is no plain file")
    with os.fdopen(handle, "rb") as file:
        data = file.read(largest + 1)  # one byte more shows a file that is too large, however fast it grows
    if len(data) > largest:
        raise MalformedError(f"over {largest:,} bytes, at most {largest:,} are read")
    return data


def decode(data: bytes, largest: int = LARGEST) -> Any:
    """Return the JSON value in UTF-8 bytes, of which there are ``largest`` at most.

    Raises MalformedError for what is not JSON, or is beyond the limits.

    >>> decode(b'{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    >>> decode(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    threat.untrusted.MalformedError: the name 'a' stands twice in one object
    """
    if len(data) > largest:
        raise MalformedError(f"{len(data):,} bytes, at most {largest:,} are read")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(f"not UTF-8 at byte {error.start + 1}") from None
    if text.startswith("\ufeff"):
        raise MalformedError("it begins with a byte order mark, and JSON has none")
    try:
        value = json.loads(
            text,
            parse_constant=_no_number,
            # A function of our own for every number takes three times as long, and few documents need one.
            parse_int=_whole if _MANY_DIGITS.search(text) else None,
            parse_float=_finite if _MANY_DIGITS.search(text) or _LARGE_EXPONENT.search(text) else None,
            object_pairs_hook=_each_name_once,
        )
    except json.JSONDecodeError as error:
        raise MalformedError(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > DEEPEST and _is_too_deep(text):
        raise _too_deep()
    if _SURROGATE.search(text):
        _refuse_lone_surrogates(value)
    return value


def decode_object(data: bytes, fields: Fields | None = None, largest: int = LARGEST) -> dict[str, Any]:
    """Return the JSON object in UTF-8 bytes, as ``decode`` does.

    ``fields``: exactly the names that it must have, each with its type or types; None for any. Raises MalformedError,
    naming every field that is missing, of another type or too many.
    """
    value = decode(data, largest)
    if not isinstance(value, dict):
        raise MalformedError(f"not an object but {_kind(value)}")
    if fields is not None:
        require_fields(value, fields)
    return value


def require_fields(document: Any, fields: Fields) -> None:
    """Raise MalformedError unless a value is an object with exactly these fields, each of its type or types.

    >>> require_fields({"count": True}, {"count": int, "hash": str})
    Traceback (most recent call last):
    threat.untrusted.MalformedError: count is true or false; hash is missing
    """
    if not isinstance(document, dict):
        raise MalformedError(f"not an object but {_kind(document)}")
    problems = []
    for name, wanted in fields.items():
        if name not in document:
            problems.append(f"{name} is missing")
        # The very type: True is an int to Python, and no count.
        elif type(document[name]) not in (wanted if isinstance(wanted, tuple) else (wanted,)):
            problems.append(f"{name} is {_kind(document[name])}")
    problems += [f"{_clipped(name)} is no field of it" for name in document if name not in fields]
    if problems:
        raise MalformedError("; ".join(problems))


_KINDS: Final = {dict: "an object", list: "an array", str: "text", bool: "true or false", type(None): "null"}


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "a number")


def _no_number(text: str) -> None:
    raise MalformedError(f"{text} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise MalformedError(f"the number {_clipped(text)} is out of range")
    return number


def _whole(text: str) -> int:
    # By length first: Python refuses to read some thousands of digits, and takes long over fewer.
    if len(text) > len(str(-_WIDEST)) or not -_WIDEST <= int(text) < _WIDEST:
        raise MalformedError(f"the number {_clipped(text)} is out of range")
    return int(text)


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise MalformedError(f"the name {_clipped(twice)!r} stands twice in one object")
    return document


def _is_too_deep(text: str) -> bool:
    """Tell whether well-formed JSON nests beyond ``DEEPEST``: each turn takes the innermost pairs away."""
    brackets = _NO_BRACKETS.sub("", _STRING.sub("", text)).translate(_ONE_KIND)
    for _ in range(DEEPEST):
        brackets = brackets.replace("[]", "")
    return bool(brackets)


def _too_deep() -> MalformedError:
    return MalformedError(f"objects and arrays are nested deeper than {DEEPEST}")


def _refuse_lone_surrogates(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise MalformedError("it holds half a character (a lone surrogate), which is no text") from None


def _clipped(text: str) -> str:
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return short.encode("ascii", "backslashreplace").decode() if not short.isprintable() else short
