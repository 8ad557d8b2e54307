"""A page of the audit log as it is shown: its entries, how many there are, and the way to the other pages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from serving.audit.reading import EntriesRead, LoggedEntry
from serving.desk.governance.log_choice import ENTRIES_A_PAGE, LogChoice
from serving.desk.pagination import pagination


@dataclass(frozen=True, slots=True)
class LogShown:
    """Entries of one page. ``choice``: what was chosen, on the page that is shown and up to the entry in view."""

    choice: LogChoice
    entries: tuple[LoggedEntry, ...]
    matching: int
    pages: int

    @property
    def sentence(self) -> str:
        """Say which entries are shown, of how many."""
        if self.choice.errors:
            return "No entry is shown until the filter is mended."
        if not self.matching:
            return "No entry matches." if self.choice.fields else "The log has no entry yet."
        first = (self.choice.page - 1) * ENTRIES_A_PAGE + 1
        entries = "entry" if self.matching == 1 else "entries"
        matching = " that match" if self.choice.fields and self.matching > 1 else ""
        matching = " that matches" if self.choice.fields and self.matching == 1 else matching
        span = f"{first:,} to {first + len(self.entries) - 1:,} of " if self.pages > 1 else ""
        return f"{span}{self.matching:,} {entries}{matching}, latest first, up to entry {self.choice.last:,}."

    def pagination(self) -> dict[str, Any]:
        """Return the parameters of the component that leads from page to page."""
        return pagination(self.choice.page, self.pages, self.choice.page_address, "Pages of the audit log")


def log_shown(choice: LogChoice, read: EntriesRead) -> LogShown:
    """Return a page of the log; its links keep the entry that was the latest when the log was opened."""
    return LogShown(
        choice=replace(choice, page=read.page, last=read.last),
        # With a filter left out because of its error, entries would be shown that nobody asked for.
        entries=() if choice.errors else read.entries,
        matching=read.matching,
        pages=1 if choice.errors else max(1, -(-read.matching // ENTRIES_A_PAGE)),
    )
