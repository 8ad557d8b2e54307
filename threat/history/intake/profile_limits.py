"""The parts of a profile that limit a load: sizes of files, rows quarantined, equal rows, files left out, open ends."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import Any

from threat.history.intake.limits import Limits, limits_from
from threat.history.intake.yaml_parts import NOTHING, Part, Problems

LIMIT_KEYS = ("quarantine_limit", "identical_rows", "ignored_files", "limits")

_IDENTICAL_ROWS = 3
"""The same thing twice in a day is real; thirteen equal rows are a join gone wrong."""


def read_limits(parts: Mapping[str, Part], problems: Problems) -> dict[str, Any]:
    """Return the fields of a profile that its limiting parts say; what is wrong is added to the problems."""
    return {
        "quarantine_limit": _quarantine_limit(parts.get("quarantine_limit", NOTHING), problems),
        "identical_rows": _identical_rows(parts.get("identical_rows", NOTHING), problems),
        "ignored_files": problems.texts(parts.get("ignored_files", NOTHING), "ignored_files"),
        "limits": _limits(parts.get("limits", NOTHING), problems),
    }


def read_open_ends(part: Part, problems: Problems) -> tuple[date, ...]:
    """Return the days of ``time.open_ends``; a text that is no date is added to the problems."""
    days = []
    for text in problems.texts(part, "time.open_ends"):
        try:
            days.append(date.fromisoformat(text))
        except ValueError:
            problems.add("time.open_ends holds a text that is not a date.", part.line, text, "write it as 9999-12-31")
    return tuple(days)


def _quarantine_limit(part: Part, problems: Problems) -> float:
    """Return rows as an int, or a share of the rows as a float below 1."""
    text = problems.text(part, "quarantine_limit")
    if text is None:
        return 0
    if text.isdecimal():
        return int(text)
    try:
        share = float(text)
    except ValueError:
        share = 1.0
    if not 0 <= share < 1:
        problems.add(
            "quarantine_limit is neither a number of rows nor a share below 1.", part.line, text, "write 20, or 0.01"
        )
        return 0
    return share


def _identical_rows(part: Part, problems: Problems) -> int:
    text = problems.text(part, "identical_rows")
    if text is None:
        return _IDENTICAL_ROWS
    if not text.isdecimal() or int(text) < 1:
        problems.add("identical_rows is not a number of rows from 1 on.", part.line, text, "write digits")
        return _IDENTICAL_ROWS
    return int(text)


def _limits(part: Part, problems: Problems) -> Limits:
    given = problems.entries(part, "limits")
    limits, wrong = limits_from({name: problems.text(item, name) for name, item in given.items()}, os.environ)
    for name, value in wrong:
        line = given[name].line if name in given else part.line
        problems.add("Not a limit, or not a whole number from 1 on.", line, f"{name}: {value}")
    return limits
