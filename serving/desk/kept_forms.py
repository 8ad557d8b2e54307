"""A form that met a session which had ended: kept for whoever wrote it, and shown again once they have signed in.

It is shown and never sent again by itself: whoever signs in reads it and saves it, in a session of theirs.
"""

from __future__ import annotations

import re

from fastapi import Request
from sqlalchemy import select

from serving.casework.drafts import ToKeep, keep_draft
from serving.desk import cookies
from serving.desk.form import Form
from serving.desk.problems import Denied
from serving.desk.request import desk_of, posted_form
from serving.desk.returning import form_address, page_to_return_to
from serving.identity.tables import PEOPLE, SESSIONS
from serving.storage import writing
from threat.errors import UsageError

_NEVER_KEPT = "/safe-contact"
"""End of the addresses whose forms are kept nowhere but where they are saved."""

_CASE = re.compile(r"C-[0-9a-f]{16}", re.ASCII)


async def form_sent(request: Request) -> Form | None:
    """Return the form that a refused request sent; None where it sent none, or what is no form."""
    if request.method != "POST" or request.url.path.startswith("/api/"):
        return None
    try:
        form: Form = request.state.form if hasattr(request.state, "form") else await posted_form(request)
    except Denied:
        return None
    return form


def keep_for_after_sign_in(request: Request, form: Form) -> bool:
    """Keep a form for the person whose session has ended, or who has to prove again who they are; tell whether it was.

    Kept is a form of a page of this desk alone, sent with the token of that very session: another site knows none.
    """
    desk, path = desk_of(request), request.url.path
    session_id = desk.signer.session_id(cookies.kept(request, cookies.SESSION))
    try:
        is_own = bool(session_id) and desk.signer.token_fits(form.value("token"), str(session_id))
        version = form.version() if form.value("version") else None
    except UsageError:
        return False  # a field of one value that was sent twice: no page sends such a form
    if not is_own or path.endswith(_NEVER_KEPT) or page_to_return_to(request.app, path) in ("", "/"):
        return False
    address = form_address(request)
    case = _CASE.search(address)
    to_keep = ToKeep(address, form.kept(), case[0] if case else None, version)
    query = select(PEOPLE.c.id).join_from(SESSIONS, PEOPLE).where(SESSIONS.c.session_id == session_id, PEOPLE.c.active)
    with writing(desk.engine) as connection:
        person = connection.execute(query).scalar()
        if person is None:
            return False
        keep_draft(connection, person, to_keep, desk.clock())
    return True
