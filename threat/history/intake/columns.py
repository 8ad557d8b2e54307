"""The files and columns of an export, as a profile names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TYPES = ("text", "time", "integer", "number", "yes_no", "word")
AMBIGUOUS = ("earlier", "later", "quarantine")
REFERENCES = ("text", "number")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``name`` here, ``source`` in the file. ``words`` maps the source's words to ours; empty: as written.

    ``default``: our word, or a text of the type, where the file has none. ``reference``: ``text`` or ``number``; empty:
    not a reference. ``empty_words``: words read as empty, in lower case. ``words_of``: words by the word of another
    column (of ``protected.code``, by characteristic). ``absent``: the profile leaves the column out, so that a column
    of the file with the same name is not read.
    """

    name: str
    source: str
    type: str = "text"
    required: bool = False
    default: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    ambiguous: str | None = None
    reference: str = ""
    empty_words: frozenset[str] = frozenset()
    words_of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    absent: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """A file of the export. ``key``: our columns that name a row; a row that repeats a key is quarantined."""

    name: str
    path: str
    columns: tuple[Column, ...]
    optional: bool = False
    key: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """Return the column of that name, if the file has one."""
        return next((column for column in self.columns if column.name == name), None)
