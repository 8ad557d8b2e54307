"""Safe contact of a person at risk: how to reach them, and whether an interpreter is needed, for one answer alone."""

from __future__ import annotations

from serving.desk.list_view import ListView
from serving.desk.parties import person_reference
from serving.desk.people.names import latest
from serving.desk.people.references import references_of
from serving.desk.reason_form import ReasonForm
from serving.desk.request import SignedInRequest
from serving.desk.responses.answer import Answer, PersonRef
from threat.history import identities

CONTACT_JUSTIFICATIONS = {
    "contact_now": "To contact the person at risk",
    "plan": "To plan with the person at risk how they can be reached",
    "agency": "For an agency that is about to contact the person at risk",
    "data_quality": "Correcting a record",
    "demonstration": "Demonstration or system test, synthetic records only",
}
"""Why a safe contact is opened. With free text next to it; both are logged. No review of a list needs it."""

CONTACT_FORM = ReasonForm(CONTACT_JUSTIFICATIONS, "the safe contact", prefix="contact-")
"""The form for safe contact, not filled in."""


class SafeContact(Answer):
    """How a person can be reached without the subject learning of it; each field empty where nothing is on record."""

    person: PersonRef
    safe_contact: str
    interpreter: str


def safe_contact_of(signed_in: SignedInRequest, view: ListView, person_id: int, form: ReasonForm) -> SafeContact:
    """Return the safe contact of a person, as recorded last.

    ``person_id``: as resolved at the list's date. ``form``: why, for the history's own access log, which is on disk
    before anything is read. The audit entry is the caller's.
    """
    references = references_of(view.snapshot, person_id, view.as_of)
    rows = identities.read(view.snapshot, references, reason=f"safe contact: {form.in_words}", by=signed_in.session.who)
    return SafeContact(
        person=person_reference(person_id),
        safe_contact=latest(rows, "safe_contact"),
        interpreter=latest(rows, "interpreter"),
    )
