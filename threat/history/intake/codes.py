"""A code map: an ordered table of regular expressions from a source's free-text codes to kinds of the vocabulary.

Columns ``pattern, kind, code, markers, domestic, note``. The first pattern that matches the whole text holds.
``markers`` are further kinds the same text proves (``injury|weapon_used``), each optionally with a code
(``weapon_used:knife``). ``kind`` may be ``not_a_record``: the text is known and is no record at all, so its rows are
quarantined for that reason.
A text that no pattern matches is an unknown code, and quarantined: nothing falls through to ``other_crime``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

from threat.errors import BadInput, ThreatError, raise_all
from threat.history.schema import DOMESTIC
from threat.vocabulary import kinds

NOT_A_RECORD = "not_a_record"


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
    problems: list[ThreatError] = []
    rules: list[tuple[re.Pattern[str], Meaning | None]] = []
    for line, row in enumerate(csv.DictReader(text.splitlines()), 2):
        where = f"{name}, line {line}"
        try:
            pattern = re.compile(row["pattern"])
        except re.error as error:
            problems.append(BadInput("Not a regular expression.", value=f"{row['pattern']}: {error}", where=where))
            continue
        if row["kind"] == NOT_A_RECORD:
            rules.append((pattern, None))
            continue
        pairs: list[tuple[str, str | None]] = [(row["kind"], row["code"] or None)]
        for marker in filter(None, row["markers"].split("|")):
            kind, _, code = marker.partition(":")
            pairs.append((kind, code or None))
        for kind, code in pairs:
            if kind not in kinds():
                problems.append(BadInput("The code map names an unknown kind.", value=kind, where=where))
            elif code is not None and kinds()[kind].codes and code not in kinds()[kind].codes:
                problems.append(BadInput(f"Not a code of {kind}.", value=code, where=where))
        if row["domestic"] not in DOMESTIC:
            problems.append(
                BadInput("Not a word for domestic.", value=row["domestic"], where=where, way_out=", ".join(DOMESTIC))
            )
        if len({kind for kind, _ in pairs}) != len(pairs):
            problems.append(BadInput("This row of the code map names a kind twice.", value=row["pattern"], where=where))
        rules.append((pattern, Meaning(tuple(pairs), row["domestic"], row["note"])))
    raise_all(problems)
    return CodeMap(tuple(rules))
