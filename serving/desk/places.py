"""Places on the list in view as one reader may be shown them: of what a person has graded on it, and of nothing else.

Rank, band, score, change of place, reasons and panel of a relationship come through here alone. Whoever reads a place
before grading grades the order and not the records, so the server does not send it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from serving.desk.list_view import ListView
from serving.desk.responses.answer import BandOrNone

Closed = Literal["ungraded", "sealed"]


@dataclass(frozen=True, slots=True)
class Places:
    """The list in view, and the relationships whose places on it may be shown.

    ``graded``: relationships with a person's own grade on this list. ``sealed``: those of which nothing of the order
    is ever shown, whether graded or not; which ones are sealed is itself not shown before their grade.
    """

    view: ListView
    graded: frozenset[int] = frozenset()
    sealed: frozenset[int] = frozenset()

    def closed_because(self, relationship_id: int) -> Closed | None:
        """Return why the place of a ranked relationship may not be shown; None where it may."""
        if relationship_id not in self.graded:
            return "ungraded"
        return "sealed" if relationship_id in self.sealed else None

    def row(self, relationship_id: int) -> dict[str, Any] | None:
        """Return the row of a relationship on the list; None where it is not ranked, or may not be shown."""
        return None if self.closed_because(relationship_id) else self.view.listed.row(relationship_id)

    def band(self, relationship_id: int) -> BandOrNone:
        """Return the band of a relationship, or why none is shown.

        Every ranked relationship without a grade reads alike, at whatever place it is.
        """
        if not self.view.is_ranked(relationship_id):
            return "safeguarding" if self.view.is_safeguarded(relationship_id) else "not_ranked"
        row = self.row(relationship_id)
        return row["band"] if row else self.closed_because(relationship_id) or "ungraded"

    def rank(self, relationship_id: int) -> int:
        """Return the rank of a relationship; 0 where it has none, or may not be shown."""
        row = self.row(relationship_id)
        return row["rank"] if row else 0

    def positions(self) -> tuple[int, ...]:
        """Return the positions on the list, best placed first, of every relationship whose place may be shown."""
        positions = (self.view.listed.position(relationship_id) for relationship_id in self.graded - self.sealed)
        return tuple(sorted(position for position in positions if position is not None))
