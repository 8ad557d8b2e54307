"""What a reader chose to see of the audit log: filters and a page, as the form of the page sends them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import get_args
from urllib.parse import urlencode

from serving.audit.log import Operation
from serving.audit.reading import Wanted
from serving.identity.roles import ROLES

ENTRIES_A_PAGE = 50
"""Entries on a page: two screens, and a day of a small unit."""

OPERATIONS = {operation: operation.capitalize() for operation in get_args(Operation)}
ROLES_LOGGED = {role: role.capitalize() for role in (*ROLES, "operator", "nobody")}
"""Roles of the desk, of whoever runs the commands, and of a request without a session."""

OUTCOMES = {"done": "Done", "refused": "Refused", "not found": "Not found", "failed": "Failed"}

_REFERENCE = re.compile(r"[A-Za-z0-9_.:-]{1,80}")
"""Letters of every reference that the log holds: of relationships, persons, events, lists, RUNs and bundles."""

_SESSION = re.compile(r"[0-9a-f]{16}", re.ASCII)
"""The mark of a session, as ``serving.audit.log.session_mark`` makes it."""

_SELECTS = {"role": ROLES_LOGGED, "operation": OPERATIONS, "outcome": OUTCOMES}
_TITLES = {
    "role": "Role",
    "operation": "Operation",
    "outcome": "Outcome",
    "reference": "Reference",
    "session": "Session",
    "since": "From",
    "until": "To",
}


@dataclass(frozen=True, slots=True)
class LogChoice:
    """Filters as they were typed, the page from 1, and the number of the latest entry in view (0: the latest there is).

    ``errors``: by field, what is wrong with what was typed; a field with an error chooses nothing.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    page: int = 1
    last: int = 0
    errors: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return what was typed or chosen in a field; empty for nothing."""
        return self.fields.get(name, "")

    def wanted(self) -> Wanted:
        """Return the entries that the choice asks for."""
        right = self.right()
        days = {name: date.fromisoformat(right[name]) for name in ("since", "until") if name in right}
        return Wanted(
            role=right.get("role", ""),
            operation=right.get("operation", ""),
            outcome=right.get("outcome", ""),
            subject=right.get("reference", ""),
            session=right.get("session", ""),
            since=days.get("since"),
            until=days.get("until"),
            last=self.last or None,
        )

    def address(self, **changes: object) -> str:
        """Return the address of the log by this choice, with changes.

        >>> LogChoice({"role": "admin"}, page=2, last=90).address(page=3)
        '/audit-log?role=admin&last=90&page=3'
        >>> LogChoice().address()
        '/audit-log'
        """
        choice = replace(self, **changes)  # type: ignore[arg-type]
        query = [(name, choice.fields[name]) for name in _TITLES if choice.fields.get(name)]
        query += [("last", str(choice.last))] if choice.last else []
        query += [("page", str(choice.page))] if choice.page != 1 else []
        return f"/audit-log?{urlencode(query)}" if query else "/audit-log"

    def page_address(self, page: int) -> str:
        """Return the address of a page of the entries, past what is above the entries."""
        return f"{self.address(page=page)}#entries"

    def chosen(self) -> list[tuple[str, str, str]]:
        """Return each filter as its category, the choice in words, and the address of the log without the filter."""
        out = []
        for name, title in _TITLES.items():
            if value := self.fields.get(name):
                others = {other: text for other, text in self.fields.items() if other != name}
                words = _SELECTS[name][value] if name in _SELECTS else value
                out.append((title, words, self.address(fields=others, page=1, last=0, errors={})))
        return out

    def right(self) -> dict[str, str]:
        """Return the fields in which nothing is wrong."""
        return {name: value for name, value in self.fields.items() if name not in self.errors}

    def is_plain(self) -> bool:
        """Tell whether the whole log was asked for from its latest entry: no filter and no further page."""
        return not self.fields and self.page == 1 and not self.last


def log_choice_of(query: Mapping[str, str]) -> LogChoice:
    """Read a choice from the query of an address. What the form cannot send is left out; what was typed wrong is said.

    >>> choice = log_choice_of({"role": "admin", "operation": "spying", "since": "28/11/2026", "page": "2"})
    >>> sorted(choice.fields), choice.page, choice.errors
    (['role', 'since'], 2, {'since': 'Write the day as a year, a month and a day, such as 2026-11-28.'})
    """
    fields = {name: query.get(name, "").strip() for name in _TITLES}
    fields = {
        name: value for name, value in fields.items() if value and (name not in _SELECTS or value in _SELECTS[name])
    }
    errors: dict[str, str] = {
        name: "Write the day as a year, a month and a day, such as 2026-11-28."
        for name in ("since", "until")
        if name in fields and not _is_day(fields[name])
    }
    if "reference" in fields and not _REFERENCE.fullmatch(fields["reference"]):
        errors["reference"] = "A reference has letters, digits, dots, colons and dashes, such as R-0123456789abcdef."
    if "session" in fields and not _SESSION.fullmatch(fields["session"]):
        errors["session"] = "The mark of a session has 16 digits and letters from a to f, as an entry shows it."
    if not errors and fields.get("since", "") > fields.get("until", "9999-12-31"):
        errors["until"] = "The last day is before the first."
    return LogChoice(fields, max(1, _number(query.get("page", ""))), _number(query.get("last", "")), errors)


def _is_day(text: str) -> bool:
    # The pattern first: fromisoformat also reads weeks, and years alone without dashes.
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return False
    try:
        # The day after it is asked for too, which the last day of the calendar does not have.
        return date.fromisoformat(text) < date.max
    except ValueError:
        return False


def _number(text: str) -> int:
    """Return a number of few ASCII digits; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else 0
