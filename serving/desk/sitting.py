"""Names for the sitting: one justification opens them in one session, for an hour or until they are closed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from serving.desk.form import Form
from serving.desk.reason_form import ReasonForm
from serving.desk.request import SignedInRequest
from serving.desk.service import Desk
from serving.identity.sessions import Session
from serving.identity.tables import OPEN_NAMES
from serving.storage import reading

SECONDS = 3600
"""An hour: a sitting over the day's list, or a case conference; a desk that is left shows no names after lunch."""

JUSTIFICATIONS = {
    "daily_review": "Daily review by the unit",
    "supervisor_check": "Supervisor's quality check",
    "multi_agency": "Preparing for a multi-agency meeting",
    "disclosure_scheme": "Disclosure scheme request",
    "data_quality": "Correcting a record",
    "demonstration": "Demonstration or system test, synthetic records only",
}
"""Why names are opened. With free text next to it; both are logged at every page that then shows a name."""

NAMES_FORM = ReasonForm(JUSTIFICATIONS, "the names")
"""The form for names, not filled in."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session in which names are open: why, and until when (UTC seconds)."""

    form: ReasonForm
    ends_at: int

    def minutes_left(self, at: int) -> int:
        """Return the minutes until the names close, rounded up.

        >>> Sitting(NAMES_FORM, 3600).minutes_left(10), Sitting(NAMES_FORM, 3600).minutes_left(3540)
        (60, 1)
        """
        return -(-(self.ends_at - at) // 60)


def open_sitting(signed_in: SignedInRequest, form: ReasonForm) -> None:
    """Open names in this session, with the entry of it; names that are open already go on under the new reason."""
    session, at, table = signed_in.session, signed_in.at, OPEN_NAMES
    ends_at = min(at + SECONDS, session.ends_at)
    with signed_in.logged_change("access", "open names for the sitting") as (connection, draft):
        draft.detail = form.detail | {"minutes": (ends_at - at) // 60}
        # What is over goes with it, so that no reason is kept here for longer than it opens anything.
        connection.execute(delete(table).where((table.c.ends_at <= at) | (table.c.session_id == session.id)))
        connection.execute(
            insert(table).values(
                session_id=session.id, justification=form.justification, reason=form.reason, ends_at=ends_at
            )
        )


def close_sitting(signed_in: SignedInRequest) -> None:
    """Close the names of this session, with the entry of it."""
    with signed_in.logged_change("access", "close the names") as (connection, _):
        connection.execute(delete(OPEN_NAMES).where(OPEN_NAMES.c.session_id == signed_in.session.id))


def sitting_of(desk: Desk, session: Session, at: int) -> Sitting | None:
    """Return the sitting of a session at a time (UTC seconds); None where its names are closed.

    The role is asked at every page: a row in the database alone opens nothing.
    """
    if not session.may("see_names"):
        return None
    with reading(desk.engine) as connection:
        query = select(OPEN_NAMES).where(OPEN_NAMES.c.session_id == session.id, OPEN_NAMES.c.ends_at > at)
        row = connection.execute(query).first()
    if row is None:
        return None
    return Sitting(
        NAMES_FORM.filled_in(Form.of({"justification": row.justification, "reason": row.reason})), row.ends_at
    )
