"""A profile: one YAML file that says how the rows of one source system become rows of the history.

name, title, legal_basis, source_system, shape (standard, or the name of a module here), feed_lag_hours
time:    zone, formats, ambiguous (earlier | later | quarantine), nonexistent (quarantine | shift_forward), earliest
history_start: first instant the source covers (optional)
files:   name -> path, optional, columns, key, ignored
columns: ours -> {column: theirs, type, required, default, words, ambiguous}
code_map: an ordered CSV of regular expressions (optional; see ``codes``)
severe:  a regular expression: a quarantined row whose code matches it is an alarm
expected: reasons for quarantine that are usual in this source and do not make a load end with exit code 3
"""

from __future__ import annotations

import codecs
import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from threat.errors import BadInput, ThreatError, UsageError, raise_all
from threat.history.intake.codes import CodeMap, read_code_map

TYPES = ("text", "time", "integer", "number", "yes_no", "word")
SHAPES = ("standard", "multnomah")
AMBIGUOUS = ("earlier", "later", "quarantine")
NONEXISTENT = ("quarantine", "shift_forward")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``name`` is ours, ``source`` theirs. ``words`` maps their codes to our words (empty: as they are)."""

    name: str
    source: str
    type: str = "text"
    required: bool = False
    default: str | None = None
    words: dict[str, str] = field(default_factory=dict)
    ambiguous: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """One file of the export. ``key``: our columns that name a row; a row that repeats a key is quarantined."""

    name: str
    path: str
    columns: tuple[Column, ...]
    optional: bool = False
    key: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """See the module. ``digest``: of the profile and its code map; a changed profile may load the same file again."""

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


def built_in() -> list[str]:
    """Names of the profiles shipped."""
    folder = files("threat.history.intake").joinpath("sources")
    return sorted(item.name for item in folder.iterdir() if item.joinpath("profile.yaml").is_file())


def load_profile(name: str) -> Profile:
    """A profile by name, or by the path of a YAML file. Raises UsageError, with every problem, when it is wrong."""
    if name in built_in():
        folder: Any = files("threat.history.intake").joinpath("sources", name)
        where, text = f"profile {name}", folder.joinpath("profile.yaml").read_text(encoding="utf-8")
    elif name.endswith((".yaml", ".yml")) and Path(name).is_file():
        folder, where = Path(name).parent, name
        text = Path(name).read_text(encoding="utf-8")
    else:
        raise UsageError(
            "Not a profile.",
            value=name,
            way_out=f"use {', '.join(built_in())}, or the path of a YAML file (docs/data.md)",
        )
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError("The profile is not YAML.", value=error, where=where) from None
    if not isinstance(document, dict):
        raise UsageError("A profile is a mapping.", where=where, way_out="see docs/data.md")
    return _read(document, text, folder, where)


def _read(document: dict[str, Any], text: str, folder: Any, where: str) -> Profile:
    problems: list[ThreatError] = []

    def wrong(rule: str, value: object, way_out: str = "see docs/data.md") -> None:
        problems.append(UsageError(rule, value=value, where=where, way_out=way_out))

    known = {"name", "title", "legal_basis", "source_system", "shape", "feed_lag_hours", "encoding", "time"}
    known |= {"history_start", "files", "code_map", "severe", "expected"}
    for key in sorted(set(document) - known):
        wrong("Not a key of a profile.", key, f"keys: {', '.join(sorted(known))}")
    for key in ("name", "title", "legal_basis", "source_system", "files", "time"):
        if not document.get(key):
            wrong(f"A profile needs {key}.", None)
    shape = document.get("shape", "standard")
    if shape not in SHAPES:
        wrong("Not a shape.", shape, f"use {' or '.join(SHAPES)}")
    time = document.get("time") or {}
    for key, allowed in (("ambiguous", AMBIGUOUS), ("nonexistent", NONEXISTENT)):
        if time.get(key, allowed[-1]) not in allowed:
            wrong(f"time.{key} is one of {', '.join(allowed)}.", time.get(key))
    try:
        ZoneInfo(str(time.get("zone")))
    except (ZoneInfoNotFoundError, ValueError):
        wrong("Not a time zone.", time.get("zone"), "use a name such as Europe/London")
    try:
        codecs.lookup(str(document.get("encoding", "utf-8")))
    except LookupError:
        wrong("Not an encoding.", document["encoding"], "use utf-8 or cp1252")
    try:
        date.fromisoformat(str(time.get("earliest", "1930-01-01")))
    except ValueError:
        wrong("time.earliest is a date.", time["earliest"], "write it as 1930-01-01")
    severe = None
    try:
        severe = re.compile(document["severe"], re.IGNORECASE) if document.get("severe") else None
    except re.error as error:
        wrong("severe is not a regular expression.", error)
    found = tuple(_file(name, item or {}, wrong) for name, item in (document.get("files") or {}).items())
    code_map, map_text = None, ""
    if document.get("code_map"):
        try:
            map_text = folder.joinpath(document["code_map"]).read_text(encoding="utf-8")
            code_map = read_code_map(map_text, document["code_map"])
        except FileNotFoundError:
            wrong("The code map is missing.", document["code_map"])
        except BadInput as error:
            problems.append(UsageError(error.problem, value=error.value, where=error.where, way_out=error.way_out))
    raise_all(problems)
    return Profile(
        name=document["name"],
        title=document["title"],
        digest=hashlib.sha256((text + map_text).encode()).hexdigest()[:8],
        shape=shape,
        legal_basis=document["legal_basis"],
        source_system=document["source_system"],
        feed_lag_seconds=round(float(document.get("feed_lag_hours", 0)) * 3600),
        encoding=document.get("encoding", "utf-8"),
        zone=time["zone"],
        formats=tuple(time.get("formats") or ("%Y-%m-%dT%H:%M:%S",)),
        ambiguous=time.get("ambiguous", "quarantine"),
        nonexistent=time.get("nonexistent", "quarantine"),
        earliest=str(time.get("earliest", "1930-01-01")),
        history_start=document.get("history_start"),
        files=found,
        code_map=code_map,
        severe=severe,
        expected=frozenset(document.get("expected") or ()),
    )


def _file(name: str, item: dict[str, Any], wrong: Any) -> File:
    columns = []
    for ours, given in (item.get("columns") or {}).items():
        spec: dict[str, Any] = {"type": given} if isinstance(given, str) else dict(given or {})
        kind = spec.get("type", "text")
        if kind not in TYPES:
            wrong(f"Not a type of column ({name}.{ours}).", kind, f"use {', '.join(TYPES)}")
        if spec.get("ambiguous") not in (None, *AMBIGUOUS):
            wrong(f"{name}.{ours}: ambiguous is one of {', '.join(AMBIGUOUS)}.", spec["ambiguous"])
        for unknown in sorted(set(spec) - {"column", "type", "required", "default", "words", "ambiguous"}):
            wrong(f"Not a key of a column ({name}.{ours}).", unknown)
        columns.append(
            Column(
                name=ours,
                source=spec.get("column", ours),
                type=kind,
                required=bool(spec.get("required", False)),
                default=None if spec.get("default") is None else str(spec["default"]),
                words={str(theirs): str(word) for theirs, word in (spec.get("words") or {}).items()},
                ambiguous=spec.get("ambiguous"),
            )
        )
    if not columns:
        wrong(f"A file needs columns ({name}).", None)
    key = tuple(item.get("key") or ())
    for part in key:
        if part not in {column.name for column in columns}:
            wrong(f"A key names a column of its file ({name}).", part)
    return File(
        name=name,
        path=item.get("path", f"{name}.csv"),
        columns=tuple(columns),
        optional=bool(item.get("optional", False)),
        key=key,
        ignored=tuple(item.get("ignored") or ()),
    )
