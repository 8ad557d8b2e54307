"""Lines of a table of rankings: rankings that order the rows alike share one line, which says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """A row of a table: a ranking, or a comparison with a ranking."""

    @property
    def name(self) -> str:
        """Name of the ranking."""

    @property
    def title(self) -> str:
        """The ranking in words."""


AnyRow = TypeVar("AnyRow", bound=Named)


@dataclass(frozen=True, slots=True)
class TableLine(Generic[AnyRow]):
    """One line of a table.

    ``row``: the ranking whose figures are shown. ``alike``: later rows whose rankings order the rows alike. ``titles``:
    what else orders the rows so, in running text: the titles of ``alike``, and whatever is no row of this table.
    """

    row: AnyRow
    alike: tuple[AnyRow, ...]
    titles: tuple[str, ...]

    @property
    def title(self) -> str:
        """The ranking as the first cell of the line, with whatever orders the rows alike."""
        if not self.titles:
            return self.row.title
        return f"{self.row.title}, and {and_list(self.titles)}, which {self._verb} these rows alike"

    @property
    def note(self) -> str:
        """Whatever orders the rows alike, as a clause at the end of the line; empty where nothing does."""
        return f"{and_list(self.titles)} {self._verb} these rows alike" if self.titles else ""

    @property
    def _verb(self) -> str:
        return "orders" if len(self.titles) == 1 else "order"


def table_lines(
    rows: Iterable[AnyRow], first_alike: Mapping[str, str], *, outside: Mapping[str, str] | None = None
) -> tuple[TableLine[AnyRow], ...]:
    """Return the lines of a table: of rows whose rankings order the rows alike, the first keeps the line.

    ``first_alike``: by name of a ranking, the first ranking that orders the rows alike, where there is an earlier one.
    ``outside``: by name, titles in running text of rankings that are no row of the table and are named all the same.
    """
    groups: dict[str, list[AnyRow]] = {}
    for row in rows:
        groups.setdefault(first_alike.get(row.name, row.name), []).append(row)
    lines = []
    for first, (row, *alike) in groups.items():
        named = (outside or {}).get(first)
        titles = [in_running_text(other.title) for other in alike]
        lines.append(TableLine(row, tuple(alike), (*titles, *(() if named is None else (named,)))))
    return tuple(lines)


def in_running_text(title: str) -> str:
    """Return a title as it is written within a sentence.

    >>> in_running_text("Days since the last domestic incident")
    'days since the last domestic incident'
    """
    return f"{title[0].lower()}{title[1:]}"


def and_list(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> and_list(["recall"]), and_list(["recall", "mean recall", "AUC"])
    ('recall', 'recall, mean recall and AUC')
    """
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else words[0]
