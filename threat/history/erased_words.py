"""Which quarantined rows name a person: rows that never became records, in whatever form their source wrote them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from threat.history.intake.references import read_references
from threat.history.intake.texts import clean
from threat.ids import make_id

_DELIMITERS = re.compile(r"[,;|\t\r\n]")


@dataclass(frozen=True, slots=True)
class ErasedWords:
    """The ids of some persons, the source systems whose references are tried, and the names they are known by.

    A cell names the persons when it is, whole, a reference of theirs in one of the systems (as text or as a number with
    its padding), an id of theirs, or one of their names in any case. Free text that mentions them is not searched.
    """

    persons: frozenset[int]
    systems: tuple[str, ...]
    names: frozenset[str]

    @classmethod
    def of(cls, persons: Iterable[int], systems: Sequence[str], names: Iterable[str]) -> ErasedWords:
        """Return what to look for; ``persons``: their ids."""
        return cls(
            frozenset(int(person) for person in persons),
            tuple(systems),
            frozenset(_plain(name) for name in names if _plain(name)),
        )

    def name_them(self, record: str) -> bool:
        """Tell whether a quarantined row names one of the persons. ``record``: as the quarantine keeps it.

        >>> words = ErasedWords.of([make_id("person", "N7", "crime")], ["crime"], ["Ada Example"])
        >>> [words.name_them(text) for text in ('{"SUSPECT": "N7"}', 'x,"N7",2024', '{"NAME": "ADA EXAMPLE"}')]
        [True, True, True]
        >>> words.name_them('{"SUSPECT": "N77", "SUMMARY": "said to N7"}')
        False
        """
        return any(self._is_theirs(cell) for cell in _cells(record))

    def _is_theirs(self, cell: Any) -> bool:
        if isinstance(cell, int) and not isinstance(cell, bool):
            return cell in self.persons
        text = clean(str(cell)).strip()
        if not text:
            return False
        number = read_references(pa.array([text]), "number", ()).texts[0].as_py()
        references = {text, number or text}
        ids = {make_id("person", reference, system) for reference in references for system in self.systems}
        return _plain(text) in self.names or not ids.isdisjoint(self.persons)


def _plain(text: str) -> str:
    return " ".join(clean(text).casefold().split())


def _cells(record: str) -> Iterator[Any]:
    """Yield the cells of a row: the values of a JSON object, or what is between the delimiters of a torn line."""
    try:
        document = json.loads(record)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        yield from (value for value in document.values() if value is not None)
        return
    for line in csv.reader(record.splitlines()):
        yield from line
    # A torn line may have its quotes anywhere.
    yield from (piece.strip(" \"'") for piece in _DELIMITERS.split(record))
