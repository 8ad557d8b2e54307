"""The profile of a source: a YAML file that says how rows of the source become rows of the history.

name, title, legal_basis, source_system, shape (standard, or a source with code of its own), feed_lag_hours
time:    zone, formats, ambiguous (earlier | later | quarantine), nonexistent (quarantine | shift_forward), earliest
history_start: first instant the source covers (optional)
files:   name -> path, optional, columns, key, ignored
columns: our name -> {column: name in the file, type, required, default, words, ambiguous}
code_map: an ordered CSV of regular expressions (optional; see ``codes``)
severe:  a regular expression: a quarantined row whose code matches it is an alarm
expected: reasons for quarantine that are usual in this source and do not make a load end with exit code 3
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from threat.errors import BadInput, ThreatError, UsageError, raise_all
from threat.files import sha256_of
from threat.history.intake.codes import CodeMap, read_code_map
from threat.history.intake.sources import STANDARD, folder_of, shape_names, source_names

TYPES = ("text", "time", "integer", "number", "yes_no", "word")
AMBIGUOUS = ("earlier", "later", "quarantine")
NONEXISTENT = ("quarantine", "shift_forward")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``name`` here, ``source`` in the file. ``words`` maps the source's codes to ours; empty: as written."""

    name: str
    source: str
    type: str = "text"
    required: bool = False
    default: str | None = None
    words: dict[str, str] = field(default_factory=dict)
    ambiguous: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file of the export. ``key``: our columns that name a row; a row that repeats a key is quarantined."""

    name: str
    path: str
    columns: tuple[Column, ...]
    optional: bool = False
    key: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that was read and checked; the module says what each part means.

    ``digest``: of the text of the profile and of its code map; a changed profile may load the same file again.
    """

    name: str
    title: str
    digest: str
    shape: str
    legal_basis: str
    source_system: str
    feed_lag_seconds: int
    encoding: str
    zone: str
    formats: tuple[str, ...]
    ambiguous: str
    nonexistent: str
    earliest: str
    history_start: str | None
    files: tuple[File, ...]
    code_map: CodeMap | None
    severe: re.Pattern[str] | None
    expected: frozenset[str]


_KEYS = {
    *("name", "title", "legal_basis", "source_system", "shape", "feed_lag_hours", "encoding", "time"),
    *("history_start", "files", "code_map", "severe", "expected"),
}
_REQUIRED = ("name", "title", "legal_basis", "source_system", "files", "time")
_COLUMN_KEYS = {"column", "type", "required", "default", "words", "ambiguous"}
_EARLIEST = "1930-01-01"
"""Times before it are impossible unless a profile says otherwise: systems write 1900-01-01 for "don't know"."""


class _Problems:
    """Everything that is wrong with a profile, collected so that a person mends it in one go."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.errors: list[ThreatError] = []

    def add(self, problem: str, value: object, way_out: str = "see docs/data.md") -> None:
        self.errors.append(UsageError(problem, value=value, where=self.where, way_out=way_out))


def load_profile(name: str) -> Profile:
    """Read a profile by the name of a source, or by the path of a YAML file.

    Raises UsageError, with every problem, when the profile is wrong.
    """
    if name in source_names():
        folder: Any = folder_of(name)
        where, text = f"profile {name}", folder.joinpath("profile.yaml").read_text(encoding="utf-8")
    elif name.endswith((".yaml", ".yml")) and Path(name).is_file():
        folder, where = Path(name).parent, name
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise UsageError(
            "No profile has this name.",
            value=name,
            way_out=f"use {', '.join(source_names())}, or the path of a YAML file (docs/data.md)",
        )
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError("The profile is not YAML.", value=error, where=where) from None
    if not isinstance(document, dict):
        raise UsageError("The profile is not a mapping of keys to values.", where=where, way_out="see docs/data.md")
    return _read(document, text, folder, where)


def _read(document: dict[str, Any], text: str, folder: Any, where: str) -> Profile:
    problems = _Problems(where)
    _check_keys(document, problems)
    time = document.get("time") or {}
    _check_time(time, problems)
    severe = _severe(document, problems)
    files = tuple(_file(name, item or {}, problems) for name, item in (document.get("files") or {}).items())
    code_map, map_text = _code_map(document, folder, problems)
    raise_all(problems.errors)
    return Profile(
        name=document["name"],
        title=document["title"],
        digest=sha256_of((text + map_text).encode())[:8],
        shape=document.get("shape", STANDARD),
        legal_basis=document["legal_basis"],
        source_system=document["source_system"],
        feed_lag_seconds=round(float(document.get("feed_lag_hours", 0)) * 3600),
        encoding=document.get("encoding", "utf-8"),
        zone=time["zone"],
        formats=tuple(time.get("formats") or ("%Y-%m-%dT%H:%M:%S",)),
        ambiguous=time.get("ambiguous", "quarantine"),
        nonexistent=time.get("nonexistent", "quarantine"),
        earliest=str(time.get("earliest", _EARLIEST)),
        history_start=document.get("history_start"),
        files=files,
        code_map=code_map,
        severe=severe,
        expected=frozenset(document.get("expected") or ()),
    )


def _check_keys(document: dict[str, Any], problems: _Problems) -> None:
    for key in sorted(set(document) - _KEYS):
        problems.add("Not a key of a profile.", key, f"keys: {', '.join(sorted(_KEYS))}")
    for key in _REQUIRED:
        if not document.get(key):
            problems.add(f"The profile lacks {key}.", None)
    shape = document.get("shape", STANDARD)
    if shape not in shape_names():
        problems.add("Not a shape.", shape, f"use {' or '.join(shape_names())}")
    try:
        codecs.lookup(str(document.get("encoding", "utf-8")))
    except LookupError:
        problems.add("Not an encoding.", document["encoding"], "use utf-8 or cp1252")


def _check_time(time: dict[str, Any], problems: _Problems) -> None:
    for key, allowed in (("ambiguous", AMBIGUOUS), ("nonexistent", NONEXISTENT)):
        if time.get(key, allowed[-1]) not in allowed:
            problems.add(f"time.{key} is unknown.", time.get(key), f"use {', '.join(allowed)}")
    try:
        ZoneInfo(str(time.get("zone")))
    except (ZoneInfoNotFoundError, ValueError):
        problems.add("Not a time zone.", time.get("zone"), "use a name such as Europe/London")
    try:
        date.fromisoformat(str(time.get("earliest", _EARLIEST)))
    except ValueError:
        problems.add("time.earliest is not a date.", time["earliest"], f"write it as {_EARLIEST}")


def _severe(document: dict[str, Any], problems: _Problems) -> re.Pattern[str] | None:
    try:
        return re.compile(document["severe"], re.IGNORECASE) if document.get("severe") else None
    except re.error as error:
        problems.add("severe is not a regular expression.", error)
        return None


def _code_map(document: dict[str, Any], folder: Any, problems: _Problems) -> tuple[CodeMap | None, str]:
    """Return the code map next to the profile, if the profile names one, and its text."""
    name = document.get("code_map")
    if not name:
        return None, ""
    try:
        text = folder.joinpath(name).read_text(encoding="utf-8")
        return read_code_map(text, name), text
    except FileNotFoundError:
        problems.add("The code map is missing.", name)
    except BadInput as error:
        # A wrong code map of a profile is a wrong call, as every other fault of a profile is.
        problems.errors.append(UsageError(error.problem, value=error.value, where=error.where, way_out=error.way_out))
    return None, ""


def _file(name: str, item: dict[str, Any], problems: _Problems) -> File:
    columns = tuple(
        _column(name, ours, {"type": given} if isinstance(given, str) else dict(given or {}), problems)
        for ours, given in (item.get("columns") or {}).items()
    )
    if not columns:
        problems.add(f"File {name} has no columns.", None)
    key = tuple(item.get("key") or ())
    for part in key:
        if part not in {column.name for column in columns}:
            problems.add(f"The key of file {name} names no column of the file.", part)
    return File(
        name=name,
        path=item.get("path", f"{name}.csv"),
        columns=columns,
        optional=bool(item.get("optional", False)),
        key=key,
        ignored=tuple(item.get("ignored") or ()),
    )


def _column(file: str, name: str, spec: dict[str, Any], problems: _Problems) -> Column:
    kind = spec.get("type", "text")
    if kind not in TYPES:
        problems.add(f"Not a type of column ({file}.{name}).", kind, f"use {', '.join(TYPES)}")
    if spec.get("ambiguous") not in (None, *AMBIGUOUS):
        problems.add(f"{file}.{name}: ambiguous is unknown.", spec["ambiguous"], f"use {', '.join(AMBIGUOUS)}")
    for unknown in sorted(set(spec) - _COLUMN_KEYS):
        problems.add(f"Not a key of a column ({file}.{name}).", unknown)
    return Column(
        name=name,
        source=spec.get("column", name),
        type=kind,
        required=bool(spec.get("required", False)),
        default=None if spec.get("default") is None else str(spec["default"]),
        words={str(code): str(word) for code, word in (spec.get("words") or {}).items()},
        ambiguous=spec.get("ambiguous"),
    )
