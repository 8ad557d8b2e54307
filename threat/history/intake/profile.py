"""The profile of a source: a YAML file that says how rows of the source become rows of the history.

name, title, legal_basis, source_system, shape (standard, or a source with code of its own), feed_lag_hours
time:    zone, formats, ambiguous (earlier | later | quarantine), nonexistent (quarantine | shift_forward), earliest,
         open_ends (days that mean "no end")
history_start: first instant the source covers (optional)
empty_words: add, remove: changes to the words that name nobody (``references.EMPTY_WORDS``)
files:   name -> path, optional, columns, key, ignored
columns: our name -> column (name in the file), type, required, default, words, ambiguous, reference, empty_words
code_map: an ordered CSV of regular expressions (optional; see ``codes``)
severe:  a regular expression: a quarantined row whose code matches it is an alarm
expected: reasons for quarantine that are usual in this source and do not change the exit code of a load
quarantine_limit: rows (a whole number) or share of the rows (below 1) that may be quarantined for other reasons
identical_rows: equal rows without a key that are kept; further copies are quarantined
ignored_files: names (``*`` allowed) in the folder of the export that are left out
limits:  file_bytes, header_bytes, record_bytes, record_lines (see ``limits``)

A profile may leave out every column that the shape can do without, and every file.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from threat.errors import BadInput, UsageError, raise_all
from threat.files import sha256_of
from threat.history.intake.codes import CodeMap, read_code_map
from threat.history.intake.columns import AMBIGUOUS, Column, File
from threat.history.intake.limits import Limits
from threat.history.intake.profile_files import read_files
from threat.history.intake.profile_limits import LIMIT_KEYS, read_limits, read_open_ends
from threat.history.intake.references import EMPTY_WORDS
from threat.history.intake.sources import STANDARD, folder_of, shape_names, source_names, source_of_shape
from threat.history.intake.times import FIRST_START, TimeRule, read_times
from threat.history.intake.yaml_parts import NOTHING, Part, Problems, read_yaml
from threat.history.quarantine import REASONS

__all__ = ["Column", "File", "Profile", "load_profile"]

NONEXISTENT = ("quarantine", "shift_forward")


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
    empty_words: frozenset[str]
    files: tuple[File, ...]
    code_map: CodeMap | None
    severe: re.Pattern[str] | None
    expected: frozenset[str]
    open_ends: tuple[date, ...]
    quarantine_limit: float
    identical_rows: int
    ignored_files: tuple[str, ...]
    limits: Limits


_KEYS = {
    *("name", "title", "legal_basis", "source_system", "shape", "feed_lag_hours", "encoding", "time"),
    *("history_start", "empty_words", "files", "code_map", "severe", "expected", *LIMIT_KEYS),
}
_REQUIRED = ("name", "title", "legal_basis", "source_system", "files", "time")
_TIME_KEYS = ("zone", "formats", "ambiguous", "nonexistent", "earliest", "open_ends")
_EARLIEST = "1930-01-01"
"""Times before it are impossible unless a profile says otherwise: systems write 1900-01-01 for "don't know"."""

_LONGEST_LAG_HOURS = 24 * 366
"""A feed that reaches us more than a year late is a slip of the profile, such as seconds written for hours."""


def load_profile(name: str) -> Profile:
    """Read a profile by the name of a source, or by the path of a YAML file.

    Raises UsageError, with every problem and its line, when the profile is wrong.
    """
    if name in source_names():
        return _shipped(name)
    if not (name.endswith((".yaml", ".yml")) and Path(name).is_file()):
        raise UsageError(
            "No profile has this name.",
            value=name,
            way_out=f"use {', '.join(source_names())}, or the path of a YAML file (docs/data.md)",
        )
    return _read(_text_of(Path(name), name), Path(name).parent, name, source=None)


@cache
def _shipped(source: str) -> Profile:
    """Read the profile of a source that is shipped: once, because every profile of its shape is compared with it."""
    folder = folder_of(source)
    return _read(folder.joinpath("profile.yaml").read_text(encoding="utf-8"), folder, f"profile {source}", source)


def _text_of(path: Any, where: str) -> str:
    try:
        return str(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UsageError(
            "The file is not UTF-8.",
            value=f"byte 0x{error.object[error.start]:02x}",
            where=f"{where}, line {line}",
            way_out="save it as UTF-8 (the encoding of the export is another thing: key encoding)",
        ) from None


def _read(text: str, folder: Any, where: str, source: str | None) -> Profile:
    """Read a profile; ``source``: the shipped source whose profile the text is, None for a profile by path."""
    problems = Problems(where)
    root = read_yaml(text, problems)
    if root.entries is None:
        raise UsageError("The profile is not a mapping of keys to values.", where=where, way_out="see docs/data.md")
    parts = root.entries
    problems.known_keys(root, "a profile", _KEYS)
    texts = {key: problems.text(parts.get(key, NOTHING), key) for key in ("name", "title", "legal_basis")}
    texts["source_system"] = problems.text(parts.get("source_system", NOTHING), "source_system")
    for key in _REQUIRED:
        part = parts.get(key, NOTHING)
        if part.is_nothing or texts.get(key, "given") == "":
            problems.add(f"The profile lacks {key}.", part.line)
    shape = problems.choice(parts.get("shape", NOTHING), "shape", shape_names(), STANDARD)
    template = None if source == source_of_shape(shape) else _shipped(source_of_shape(shape)).files
    empty_words = _empty_words(parts.get("empty_words", NOTHING), problems)
    has_code_map = not parts.get("code_map", NOTHING).is_nothing
    files = read_files(parts.get("files", NOTHING), problems, empty_words, template, has_code_map)
    code_map, map_text = _code_map(parts.get("code_map", NOTHING), folder, problems)
    time = _time(parts.get("time", NOTHING), problems)
    lag = problems.number(parts.get("feed_lag_hours", NOTHING), "feed_lag_hours", 0, _LONGEST_LAG_HOURS)
    profile = Profile(
        name=texts["name"] or "",
        title=texts["title"] or "",
        digest="",
        shape=shape,
        legal_basis=texts["legal_basis"] or "",
        source_system=texts["source_system"] or "",
        feed_lag_seconds=round(lag * 3600),
        encoding=_encoding(parts.get("encoding", NOTHING), problems),
        **time,
        history_start=_history_start(parts.get("history_start", NOTHING), time, problems),
        empty_words=empty_words,
        files=files,
        code_map=code_map,
        severe=_severe(parts.get("severe", NOTHING), problems),
        expected=_expected(parts.get("expected", NOTHING), problems),
        **read_limits(parts, problems),
    )
    raise_all(problems.errors)
    return replace(profile, digest=sha256_of((text + map_text).encode())[:8])


def _encoding(part: Part, problems: Problems) -> str:
    name = problems.text(part, "encoding") or "utf-8"
    try:
        # Some codecs turn bytes into bytes; a decoder of text is what is needed.
        if codecs.lookup(name).name and isinstance(b"".decode(name), str):
            return name
    except (LookupError, UnicodeError, ValueError):
        pass
    problems.add("Not an encoding.", part.line, name, "use utf-8 or cp1252")
    return "utf-8"


def _time(part: Part, problems: Problems) -> dict[str, Any]:
    """Return the fields of a profile that say how times are read."""
    problems.known_keys(part, "time", _TIME_KEYS)
    entries = problems.entries(part, "time")
    zone = problems.text(entries.get("zone", NOTHING), "time.zone")
    try:
        ZoneInfo(zone or "")
    except (OSError, KeyError, ValueError):
        # A folder of zones (Europe), a name with a path in it, no such zone.
        if not part.is_nothing:
            line = entries.get("zone", part).line
            problems.add("Not a time zone.", line, zone, "use a name such as Europe/London")
        zone = None
    earliest = problems.text(entries.get("earliest", NOTHING), "time.earliest") or _EARLIEST
    try:
        date.fromisoformat(earliest)
    except ValueError:
        line = entries["earliest"].line
        problems.add("time.earliest is not a date.", line, earliest, f"write it as {_EARLIEST}")
    formats = problems.texts(entries.get("formats", NOTHING), "time.formats")
    is_format = [_is_format(item) for item in formats]
    if not all(is_format):
        line = entries["formats"].line
        problems.add("Not a format of times.", line, formats[is_format.index(False)], 'write it as "%d/%m/%Y %H:%M"')
        formats = ()
    return {
        "zone": zone or "",
        "earliest": earliest,
        "formats": formats or ("%Y-%m-%dT%H:%M:%S",),
        "open_ends": read_open_ends(entries.get("open_ends", NOTHING), problems),
        "ambiguous": problems.choice(
            entries.get("ambiguous", NOTHING), "time.ambiguous", AMBIGUOUS, default="quarantine"
        ),
        "nonexistent": problems.choice(
            entries.get("nonexistent", NOTHING), "time.nonexistent", NONEXISTENT, default="quarantine"
        ),
    }


def _is_format(text: str) -> bool:
    """Tell whether times can be read by a format; pandas says so only when it reads one."""
    try:
        pd.to_datetime(pd.Series(["x"]), format=text, errors="coerce")
    except (ValueError, TypeError, re.error):
        return False
    return "%" in text or text == "ISO8601"


def _history_start(part: Part, time: dict[str, Any], problems: Problems) -> str | None:
    """Return when the source begins, as written; a problem when no format of the profile reads it."""
    text = problems.text(part, "history_start")
    if text and time["zone"]:
        rule = TimeRule(time["zone"], (*time["formats"], "ISO8601"), "earlier", "shift_forward", earliest=FIRST_START)
        if read_times(pd.Series([text], dtype="str"), rule)[1][0]:
            problems.add("history_start cannot be read.", part.line, text, "write it as 2021-11-01T23:00:00")
    return text


def _empty_words(part: Part, problems: Problems) -> frozenset[str]:
    """Return the words that name nobody: the shipped ones, with what the profile adds and without what it removes."""
    problems.known_keys(part, "empty_words", ("add", "remove"))
    entries = problems.entries(part, "empty_words")
    added = [word.lower() for word in problems.texts(entries.get("add", NOTHING), "empty_words.add")]
    removed = [word.lower() for word in problems.texts(entries.get("remove", NOTHING), "empty_words.remove")]
    for word in removed:
        if word not in EMPTY_WORDS:
            line = entries["remove"].line
            problems.add(
                "Not one of the words that name nobody.", line, word, f"remove some of {', '.join(EMPTY_WORDS)}"
            )
    return (frozenset(EMPTY_WORDS) | frozenset(added)) - frozenset(removed)


def _severe(part: Part, problems: Problems) -> re.Pattern[str] | None:
    pattern = problems.text(part, "severe")
    try:
        return re.compile(pattern, re.IGNORECASE) if pattern else None
    except (re.error, OverflowError, RecursionError) as error:
        problems.add("severe is not a regular expression.", part.line, error)
        return None


def _expected(part: Part, problems: Problems) -> frozenset[str]:
    reasons = problems.texts(part, "expected")
    for reason in reasons:
        if reason not in REASONS:
            problems.add("Not a reason for quarantine.", part.line, reason, f"use {', '.join(REASONS)}")
    return frozenset(reasons)


def _code_map(part: Part, folder: Any, problems: Problems) -> tuple[CodeMap | None, str]:
    """Return the code map next to the profile, if the profile names one, and its text."""
    name = problems.text(part, "code_map")
    if not name:
        return None, ""
    try:
        text = _text_of(folder.joinpath(name), name)
        return read_code_map(text, name), text
    except OSError:
        problems.add("The code map is missing.", part.line, name, "name a CSV file next to the profile")
    except UsageError as error:
        problems.errors.append(error)
    except BadInput as error:
        # A wrong code map of a profile is a wrong call, as every other fault of a profile is.
        problems.errors.append(UsageError(error.problem, value=error.value, where=error.where, way_out=error.way_out))
    return None, ""
