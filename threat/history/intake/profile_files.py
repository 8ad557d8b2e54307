"""The ``files`` of a profile, compared with the files and columns that its shape can read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import PurePath

from threat.history.intake.columns import AMBIGUOUS, REFERENCES, TYPES, Column, File
from threat.history.intake.references import FAMILIES
from threat.history.intake.texts import clean
from threat.history.intake.yaml_parts import NOTHING, Part, Problems
from threat.protected_codes import characteristics, codes
from threat.vocabulary import kinds

_FILE_KEYS = ("path", "optional", "columns", "key", "ignored")
_COLUMN_KEYS = ("column", "type", "required", "default", "words", "ambiguous", "reference", "empty_words")
_SAME_TEXT = ("text", "word")
"""Types that read a cell as it is written."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the columns of a profile are read with: problems, empty words, and what a column may say."""

    problems: Problems
    empty_words: frozenset[str]
    has_code_map: bool


def read_files(
    part: Part,
    problems: Problems,
    empty_words: frozenset[str],
    template: tuple[File, ...] | None,
    has_code_map: bool,
) -> tuple[File, ...]:
    """Read the files of a profile, in the order they are written.

    ``template``: the files of the source that is shipped for the shape; None when the profile is that source's own. A
    column that the profile leaves out is added as absent, so that a shape always finds it.
    """
    shape = _Shape(problems, empty_words, has_code_map)
    entries = problems.entries(part, "files")
    names = None if template is None else [file.name for file in template]
    files = []
    for name, item in entries.items():
        like = next((file for file in template or () if file.name == name), None)
        if names is not None and like is None:
            problems.add("Not a file of the shape.", part.key_lines[name], name, _nearest(name, names))
            continue
        files.append(_file(name, item, like, shape))
    missing = [file for file in template or () if not file.optional and file.name not in entries]
    for file in missing:
        problems.add(f"The profile lacks the file {file.name}, which its shape reads.", part.line)
    _check_references(files, part, problems)
    return tuple(files)


def _file(name: str, part: Part, like: File | None, shape: _Shape) -> File:
    problems = shape.problems
    problems.known_keys(part, f"a file ({name})", _FILE_KEYS)
    entries = problems.entries(part, name)
    columns_part = entries.get("columns", NOTHING)
    named = problems.entries(columns_part, f"{name}.columns")
    if not named:
        problems.add(f"File {name} has no columns.", part.line)
    columns = _columns(name, columns_part, named, like, shape)
    key = problems.texts(entries.get("key", NOTHING), f"{name}.key")
    if "key" not in entries and like is not None and set(like.key) <= set(named):
        key = like.key
    for column_name in key:
        if column_name not in named:
            problems.add(f"The key of file {name} names no column of the file.", entries["key"].line, column_name)
    path = problems.text(entries.get("path", NOTHING), f"{name}.path") or f"{name}.csv"
    if PurePath(path).is_absolute() or ".." in PurePath(path).parts:
        problems.add("The path of a file leads out of the export.", entries["path"].line, path, "write crimes.csv")
    return File(
        name=name,
        path=path,
        columns=columns,
        optional=problems.yes_no(entries.get("optional", NOTHING), f"{name}.optional"),
        key=key,
        ignored=problems.texts(entries.get("ignored", NOTHING), f"{name}.ignored"),
    )


def _columns(file: str, part: Part, named: Mapping[str, Part], like: File | None, shape: _Shape) -> tuple[Column, ...]:
    """Read the columns of a file, and add those of the shape that the profile leaves out, as absent."""
    problems = shape.problems
    columns = []
    for ours, item in named.items():
        like_column = None if like is None else like.column(ours)
        if like is not None and like_column is None:
            way_out = _nearest(ours, [column.name for column in like.columns])
            problems.add(f"Not a column of {file}.", part.key_lines[ours], ours, way_out)
            continue
        columns.append(_column(f"{file}.{ours}", ours, item, like_column, shape))
    sources = [column.source for column in columns]
    for source in sorted({source for source in sources if sources.count(source) > 1}):
        problems.add(f"Two columns of {file} are read from one.", part.line, source)
    for column in () if like is None or not named else like.columns:
        if column.name not in named:
            if column.required:
                problems.add(f"File {file} lacks the column {column.name}.", part.line, way_out=_LACKS)
            columns.append(replace(column, absent=True))
    if like is not None:
        # Ids of rows without a reference are made of their columns: the order in a profile must not count.
        order = [column.name for column in like.columns]
        columns.sort(key=lambda column: order.index(column.name))
    return tuple(columns)


_LACKS = "say which column of the file it is, or give it a default"


def _column(where: str, name: str, part: Part, like: Column | None, shape: _Shape) -> Column:
    """Read one column; ``like``: the same column of the shape, whose type and words hold where the profile has none."""
    problems = shape.problems
    if part.text is not None and not part.is_nothing:
        # Shorthand: birth_year: integer
        part = Part(part.line, entries={"type": part}, key_lines={"type": part.line})
    problems.known_keys(part, f"a column ({where})", _COLUMN_KEYS)
    entries = problems.entries(part, where)
    kind = problems.choice(
        entries.get("type", NOTHING), f"The type of column {where}", TYPES, "text" if like is None else like.type
    )
    if like is not None and not _fits(kind, like.type):
        problems.add(f"Column {where} has the wrong type.", entries["type"].line, kind, f"write {like.type}")
    default = problems.text(entries.get("default", NOTHING), f"{where}.default")
    if default is None and like is not None and "default" not in entries:
        default = like.default
    reference = problems.choice(
        entries.get("reference", NOTHING), f"{where}.reference", REFERENCES, "text" if name in FAMILIES else ""
    )
    column = Column(
        name=name,
        source=problems.text(entries.get("column", NOTHING), f"{where}.column") or clean(name),
        # Characteristics are mapped in any case and with the lists (``protected_words``), not cell by cell.
        type="text" if where == "protected.characteristic" else kind,
        required=problems.yes_no(entries.get("required", NOTHING), f"{where}.required")
        or (like is not None and like.required and default is None),
        default=default,
        ambiguous=problems.choice(entries.get("ambiguous", NOTHING), f"{where}.ambiguous", AMBIGUOUS, "") or None,
        reference=reference,
        empty_words=_empty_words(entries.get("empty_words", NOTHING), where, reference, shape),
    )
    if where == "protected.code":
        return replace(column, words_of=_words_of_codes(entries.get("words", NOTHING), like, problems))
    return _with_words(column, where, entries.get("words", NOTHING), like, shape)


def _with_words(column: Column, where: str, part: Part, like: Column | None, shape: _Shape) -> Column:
    """Return the column with its words, each checked against the words that the shape knows."""
    problems = shape.problems
    words: Mapping[str, str] = problems.words(part, f"{where}.words")
    if where == "events.kind" and words and shape.has_code_map:
        problems.add("Kinds come from the code map or from words, not from both.", part.line, where)
    allowed = _allowed_words(where, like)
    for source, word in words.items():
        if allowed and word not in allowed:
            line = (part.entries or {}).get(source, part).line
            problems.add(f"Not a word of {where}.", line, word, _nearest(word, allowed))
    if not words and like is not None:
        words = like.words
    default = column.default
    if words and default is not None:
        default = words.get(default, default)
        if default not in words.values() and default not in (allowed or ()):
            problems.add(f"The default of {where} is none of its words.", part.line, default)
    return replace(column, words=words, default=default)


def _allowed_words(where: str, like: Column | None) -> Collection[str] | None:
    """Return the words that a column may become; None: any."""
    if where == "events.kind":
        return list(kinds())
    if where == "protected.characteristic":
        return characteristics()
    return None if like is None or not like.words else sorted(set(like.words.values()))


def _words_of_codes(part: Part, like: Column | None, problems: Problems) -> dict[str, Mapping[str, str]]:
    """Return the words of protected codes by characteristic; those of the shape hold where the profile has none."""
    words: dict[str, Mapping[str, str]] = {} if like is None else dict(like.words_of)
    entries = problems.entries(part, "protected.code.words")
    for characteristic, item in entries.items():
        if characteristic not in characteristics():
            line, near = part.key_lines[characteristic], _nearest(characteristic, characteristics())
            problems.add("Not a characteristic.", line, characteristic, near)
            continue
        words[characteristic] = problems.words(item, f"protected.code.words.{characteristic}")
        for source, code in words[characteristic].items():
            if code not in codes(characteristic):
                line = (item.entries or {})[source].line
                problems.add(f"Not a code of {characteristic}.", line, code, _nearest(code, codes(characteristic)))
    return words


def _empty_words(part: Part, where: str, reference: str, shape: _Shape) -> frozenset[str]:
    """Return the words that a column reads as empty: true or false for those of the profile, or a list of its own."""
    if part.items is not None:
        return frozenset(word.lower() for word in shape.problems.texts(part, f"{where}.empty_words"))
    if part.is_nothing:
        return shape.empty_words if reference else frozenset()
    return shape.empty_words if shape.problems.yes_no(part, f"{where}.empty_words") else frozenset()


def _check_references(files: list[File], part: Part, problems: Problems) -> None:
    """Add a problem where one family of references is a number here and a text there: the two would never meet."""
    spellings: dict[str, dict[str, str]] = {}
    for file in files:
        for column in file.columns:
            if column.reference and not column.absent:
                family = spellings.setdefault(FAMILIES.get(column.name, column.name), {})
                family.setdefault(column.reference, f"{file.name}.{column.name}")
    for family in spellings.values():
        if len(family) > 1:
            value = ", ".join(f"{where}: {reference}" for reference, where in family.items())
            problems.add(
                "A reference is a number in one column and a text in another.",
                part.line,
                value,
                "say reference: number in each of the columns that name the same thing",
            )


def _fits(kind: str, wanted: str) -> bool:
    return kind == wanted or (kind in _SAME_TEXT and wanted in _SAME_TEXT) or (kind, wanted) == ("integer", "number")


def _nearest(name: str, names: Collection[str]) -> str:
    close = get_close_matches(name, names, 1)
    return f"did you mean {close[0]}?" if close else f"use {', '.join(names)}"
