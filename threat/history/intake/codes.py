"""A code map: an ordered table of regular expressions from a source's free-text codes to kinds of the vocabulary.

Columns ``pattern, kind, code, markers, domestic, note``; only the first two are needed. The first pattern that matches
the whole text holds.
``markers`` are further kinds the same text proves (``injury|weapon_used``), each optionally with a code
(``weapon_used:knife``). ``kind`` may be ``not_a_record``: the text is known and is no record at all, so its rows are
quarantined for that reason.
A text that no pattern matches is an unknown code, and quarantined: nothing falls through to ``other_crime``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from threat.errors import BadInput, ThreatError, raise_all
from threat.history.schema import DOMESTIC
from threat.vocabulary import kinds

NOT_A_RECORD = "not_a_record"
COLUMNS = ("pattern", "kind", "code", "markers", "domestic", "note")
_REQUIRED = ("pattern", "kind")

_SURPLUS = "more cells than the header"
"""Where the reader puts cells without a column; no header has such a name."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a text: (kind, code) pairs, the first being the record itself; domestic yes, no or unknown."""

    kinds: tuple[tuple[str, str | None], ...]
    domestic: str
    note: str


@dataclass(frozen=True, slots=True)
class CodeMap:
    """Patterns in order, each with its meaning; None: not a record."""

    rules: tuple[tuple[re.Pattern[str], Meaning | None], ...]

    def of(self, text: str) -> Meaning | str:
        """Return the meaning of a text, or the reason there is none: ``unknown_code`` or ``not_a_record``."""
        for pattern, meaning in self.rules:
            if pattern.fullmatch(text):
                return meaning if meaning is not None else NOT_A_RECORD
        return "unknown_code"


def read_code_map(text: str, name: str) -> CodeMap:
    """Read and check the text of a code map; ``name`` of its file for errors. Raises BadInput with every problem.

    >>> header = "pattern,kind,code,markers,domestic,note"
    >>> code_map = read_code_map(f"{header}\\nASSAULT( IV)?,assault_with_injury,,weapon_used:knife,no,\\n", "codes.csv")
    >>> code_map.of("ASSAULT IV").kinds
    (('assault_with_injury', None), ('weapon_used', 'knife'))
    >>> code_map.of("ASSAULT IV DV")
    'unknown_code'
    """
    reader = csv.DictReader(text.splitlines(), restval="", restkey=_SURPLUS)
    problems: list[ThreatError] = []
    rules: list[tuple[re.Pattern[str], Meaning | None]] = []
    try:
        missing = [column for column in _REQUIRED if column not in (reader.fieldnames or ())]
        unknown = [column for column in reader.fieldnames or () if column not in COLUMNS]
        if missing or unknown:
            raise BadInput(
                "The code map lacks a column." if missing else "The code map has a column that is not known.",
                value=", ".join(missing or unknown),
                where=f"{name}, line 1",
                way_out=f"use {', '.join(COLUMNS)}",
            )
        for row in reader:
            rule = _rule({key: value or "" for key, value in row.items()}, f"{name}, line {reader.line_num}", problems)
            if rule is not None:
                rules.append(rule)
    except csv.Error as error:
        problems.append(BadInput("The code map is no CSV.", value=error, where=f"{name}, line {reader.line_num}"))
    raise_all(problems)
    return CodeMap(tuple(rules))


def _rule(
    row: dict[str, Any], where: str, problems: list[ThreatError]
) -> tuple[re.Pattern[str], Meaning | None] | None:
    """Return the pattern of a row and its meaning, None for no record; what is wrong is added to the problems."""
    if row.get(_SURPLUS):
        problems.append(BadInput("This row of the code map has more cells than the header.", value=row, where=where))
    try:
        pattern = re.compile(row["pattern"])
    except (re.error, OverflowError, RecursionError) as error:
        problems.append(BadInput("Not a regular expression.", value=f"{row['pattern']}: {error}", where=where))
        return None
    if row["kind"] == NOT_A_RECORD:
        return pattern, None
    pairs: list[tuple[str, str | None]] = [(row["kind"], row.get("code") or None)]
    for marker in filter(None, row.get("markers", "").split("|")):
        kind, _, code = marker.partition(":")
        pairs.append((kind, code or None))
    for kind, code in pairs:
        if kind not in kinds():
            near = get_close_matches(kind, kinds(), 1)
            way_out = f"did you mean {near[0]}?" if near else "see threat/vocabulary.csv"
            problems.append(BadInput("The code map names an unknown kind.", value=kind, where=where, way_out=way_out))
        elif code is not None and kinds()[kind].codes and code not in kinds()[kind].codes:
            way_out = f"use {', '.join(kinds()[kind].codes)}"
            problems.append(BadInput(f"Not a code of {kind}.", value=code, where=where, way_out=way_out))
    domestic = row.get("domestic") or "unknown"
    if domestic not in DOMESTIC:
        problems.append(BadInput("Not a word for domestic.", value=domestic, where=where, way_out=", ".join(DOMESTIC)))
    if len({kind for kind, _ in pairs}) != len(pairs):
        problems.append(BadInput("This row of the code map names a kind twice.", value=row["pattern"], where=where))
    return pattern, Meaning(tuple(pairs), domestic, row.get("note", ""))
