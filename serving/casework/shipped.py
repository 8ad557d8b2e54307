"""Documents of casework that come with the product, read into their types: all problems at once, with places."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from threat.errors import ThreatError, UsageError, raise_all
from threat.yaml_text import parse_shipped

_Document = TypeVar("_Document", bound=BaseModel)


class Closed(BaseModel):
    """A part of a document: never changed once read, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def typed(
    document: Any, kind: type[_Document], where: str, check: Callable[[_Document], list[str]] | None = None
) -> _Document:
    """Return a document as its type. Raises UsageError with every problem, each with its place in ``where``.

    ``check``: says in sentences what is wrong between the parts of a document, each part of which is right.

    >>> class Sitting(Closed):
    ...     cap: int
    >>> typed({"cap": 25}, Sitting, "policy.yaml").cap
    25
    >>> typed({"cap": "many", "caps": 25}, Sitting, "policy.yaml")
    Traceback (most recent call last):
    ...
    threat.errors.UsageError: 2 problems:
    1. Wrong value: input should be a valid integer, unable to parse string as an integer.
      found: many
      where: policy.yaml: cap
    2. Wrong value: extra inputs are not permitted.
      found: 25
      where: policy.yaml: caps
    """
    try:
        read = kind.model_validate(document)
    except ValidationError as error:
        raise_all([_problem(dict(said), where) for said in error.errors()])
        raise
    raise_all([UsageError(sentence, where=where) for sentence in (check(read) if check else [])])
    return read


def read(
    name: str, kind: type[_Document], check: Callable[[_Document], list[str]] | None = None, text: str | None = None
) -> _Document:
    """Return the document ``serving/casework/NAME`` as its type, or another ``text`` in its place.

    Raises UsageError with every problem.
    """
    if text is None:
        text = files("serving.casework").joinpath(name).read_text(encoding="utf-8")
    return typed(parse_shipped(text), kind, f"serving/casework/{name}", check)


def _problem(said: dict[str, Any], where: str) -> ThreatError:
    message = str(said["msg"]).removeprefix("Value error, ")
    return UsageError(
        f"Wrong value: {message[0].lower()}{message[1:]}.",
        value=said["input"],
        where=f"{where}: {'.'.join(map(str, said['loc']))}",
    )
