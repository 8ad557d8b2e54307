"""The first page on one sheet: lists and tables that run on are cut, and say in which section the rest is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from model_cards.outline import outline
from model_cards.words import number
from threat.release.documents.card import Summary, Table, Value


@dataclass(frozen=True, slots=True)
class Room:
    """What a part of the first page has room for: ``lines`` of a list or rows of a table, ``characters`` of a text.

    ``sections``: where all of it is; none: in each. ``in_a_row``: names, which go into one line.
    """

    lines: int
    characters: int
    sections: tuple[str, ...]
    in_a_row: bool = False

    @property
    def elsewhere(self) -> str:
        """The sections that hold the rest, in words."""
        titles = [section.title for section in outline().sections if section.id in self.sections]
        return f"see {' and '.join(titles) or 'each section'}"


_ROOM: Final = {
    "Gravest limits": Room(3, 300, ("limits",)),
    "No figure here shows": Room(4, 260, ("limits",)),
    "Against the other rankings": Room(8, 90, ("performance",)),
    "The planned comparison": Room(1, 360, ("performance",)),
    "Who is treated worst": Room(1, 400, ("fairness",)),
    "Fails and alerts": Room(3, 200, ("fairness",)),
    "Found unasked": Room(2, 160, ("fairness",)),
    "What could be tested": Room(5, 200, ("fairness",)),
    "Verdicts of the gate": Room(5, 260, ("sign_off",)),
    "Conditions": Room(3, 200, ("monitoring", "sign_off")),
    "Signed by": Room(5, 90, ("sign_off",), in_a_row=True),
    "Dissent": Room(3, 200, ("sign_off",)),
    "Mandatory and empty": Room(5, 120, (), in_a_row=True),
}
"""By title. What is not named here is a sentence or two, or a table of six figures."""


def by_answer(answers: Table | None) -> tuple[str, ...]:
    """Return a line for each pair of answers that rows of a table have in common, with the rows' names, in order.

    A page has room for a dozen lines and not for two dozen rows; the whole table is in the card's JSON.

    >>> table = Table(columns=("Check", "Verdict", "For live"), rows=(
    ...     ("Leaks", "Pass", "required"), ("Fairness", "Fail", "required"), ("Target", "Pass", "required")))
    >>> by_answer(table)
    ('Pass, required: Leaks; Target', 'Fail, required: Fairness')
    """
    names: dict[str, list[str]] = {}
    for name, *answer in () if answers is None else answers.rows:
        names.setdefault(", ".join([answer[0], *(part.lower() for part in answer[1:])]), []).append(name)
    return tuple(f"{answer}: {'; '.join(of)}" for answer, of in names.items())


def first_page_parts(summary: Summary) -> list[tuple[str, list[tuple[str, Value]]]]:
    """Return the first page as headings with their titled values, whole, in the order in which they are read.

    The web page and the PDF both draw ``on_one_page`` of it, so neither can leave out what the other says.
    """
    expires = None if summary.expires is None else summary.expires.isoformat()
    none = "None on record" if summary.for_whom else "Not audited"
    within = "not known" if summary.horizon_days is None else f"{summary.horizon_days} days"
    return [
        (
            "What it is for",
            [
                ("It helps decide", summary.does),
                ("It must not be used", summary.does_not),
                ("Who decides", summary.decides),
                ("Who is ranked", summary.population),
                ("Outcome", summary.outcome),
                ("Within", within),
            ],
        ),
        (
            "What it cannot see",
            [
                ("Gravest limits", summary.limits),
                ("No figure here shows", tuple(line for line in summary.cannot_see if line not in summary.limits)),
            ],
        ),
        (
            "How good it is",
            [
                ("Figures", summary.quality or "Not measured"),
                ("Coverage times recall", summary.reach),
                ("Against the best that records allow", summary.ceiling),
                ("Against the other rankings", summary.comparators or "None was measured"),
                ("The planned comparison", summary.compared or "Not compared by a plan"),
            ],
        ),
        (
            "For whom",
            [
                ("Who is treated worst", summary.worst_served),
                ("Fails and alerts", summary.alerts or none),
                ("Found unasked", summary.faults or none),
                ("How often such an audit errs", summary.own_errors),
                ("What could be tested", by_answer(summary.for_whom) or "Not audited"),
            ],
        ),
        (
            "Verdicts, signatures, expiry",
            [
                ("Status", summary.status.capitalize()),
                ("Verdicts of the gate", by_answer(summary.verdicts) or "The gate has not been asked"),
                ("Conditions", summary.conditions or "None"),
                ("Signed by", summary.signed or "Nobody"),
                ("Dissent", summary.dissent or "None is on record with the statements that the gate read"),
                ("Mandatory and empty", summary.missing or "Nothing"),
                ("Version", summary.version),
                ("Expires", expires or "No date: nothing was accepted for a time only, or it is not released"),
            ],
        ),
    ]


def on_one_page(summary: Summary) -> list[tuple[str, list[tuple[str, Value]]]]:
    """Return the parts of the first page as ``first_page_parts`` does, cut to what a sheet of A4 has room for.

    Every part and every title stays. What is cut is whole in a section behind, which the last line names.
    """
    return [
        (heading, [(title, _cut(value, _ROOM[title]) if title in _ROOM else value) for title, value in values])
        for heading, values in first_page_parts(summary)
    ]


def _cut(value: Value, room: Room) -> Value:
    if isinstance(value, str):
        return _short(value, room)
    if isinstance(value, Table):
        return _rows(value, room)
    lines = tuple(_short(line, room) for line in value[: room.lines])
    more = len(value) - len(lines)
    lines = (*lines, f"and {number(more)} more: {room.elsewhere}") if more else lines
    return "; ".join(lines) if room.in_a_row else lines


def _short(text: str, room: Room) -> str:
    """Return a text, or as many of its words as there is room for.

    >>> _short("word " * 20, Room(1, 26, ("limits",)))
    'word word word word word ... (see Limitations and risks)'
    """
    if len(text) <= room.characters:
        return text
    return f"{text[: room.characters].rpartition(' ')[0]} ... ({room.elsewhere})"


def _rows(table: Table, room: Room) -> Table:
    """Return as many rows as there is room for: those of the planned comparison first, in the order of the table."""
    if len(table.rows) <= room.lines:
        return table
    planned = sorted(range(len(table.rows)), key=lambda place: table.rows[place][-1] == "not planned")
    kept = [table.rows[place] for place in sorted(planned[: room.lines])]
    rest = (f"and {number(len(table.rows) - room.lines)} more: {room.elsewhere}", *[""] * (len(table.columns) - 1))
    return Table(columns=table.columns, rows=(*kept, rest))
