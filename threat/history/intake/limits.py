"""Limits on the files of a load: checked while they are read, so that a file beyond one stops before anything is kept.

A profile changes a limit under ``limits:``; an environment variable (``THREAT_LIMIT_FILE_BYTES``, and so on) goes
before the profile, so that an operator can let one large file in without a new profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

ENVIRONMENT = "THREAT_LIMIT_"
"""An environment variable is this and the name of the limit in capitals."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on each file of an export, all inclusive.

    ``file_bytes``: of the file, unpacked and as UTF-8. ``header_bytes``: of the line with the names of the columns.
    ``record_bytes``, ``record_lines``: of one record, which a quoted cell with line breaks spreads over several lines.
    """

    file_bytes: int = 2_000_000_000
    """A file is held in memory whole; 2 GB are some 15 million events."""
    header_bytes: int = 65_536
    """Hundreds of times the widest header there is: beyond it, a file has no line ends or is no CSV file."""
    record_bytes: int = 1_048_576
    """A long statement has 50 kB; beyond 1 MiB, a quote was not closed or line ends are missing."""
    record_lines: int = 200
    """Three printed pages of free text in one cell."""


def limits_from(given: Mapping[str, object], environment: Mapping[str, str]) -> tuple[Limits, list[tuple[str, object]]]:
    """Return the limits of a profile under an environment, and each name and value that is no limit.

    >>> limits_from({"file_bytes": 5000, "depth": 3}, {"THREAT_LIMIT_RECORD_LINES": "9"})
    (Limits(file_bytes=5000, header_bytes=65536, record_bytes=1048576, record_lines=9), [('depth', 3)])
    """
    names = [field.name for field in fields(Limits)]
    wrong = [(name, value) for name, value in given.items() if name not in names]
    values: dict[str, int] = {}
    for name in names:
        value = environment.get(ENVIRONMENT + name.upper(), given.get(name))
        if value is None:
            continue
        text = str(value).replace("_", "")
        if text.isdecimal() and int(text) > 0:
            values[name] = int(text)
        else:
            wrong.append((name, value))
    return Limits(**values), wrong
