"""The page of a relationship, and what is opened on it: names for the sitting, safe contact for one answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from serving.casework.transitions import NO_CASE, Allowed, allowed
from serving.casework.views import cases_of
from serving.desk import words
from serving.desk.back import kept, own_address
from serving.desk.case.filters import Choice
from serving.desk.case.links import CaseLinks
from serving.desk.case.view import file_of, relationship_of_file
from serving.desk.form import Form
from serving.desk.list_view import reference_of
from serving.desk.parties import parties_of
from serving.desk.people.contact import CONTACT_FORM, SafeContact, safe_contact_of
from serving.desk.people.names import names_on
from serving.desk.problems import NotFound
from serving.desk.reason_form import ReasonForm
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.desk.reveal import places_of
from serving.desk.sitting import NAMES_FORM, open_sitting
from serving.lists.whole_sum import whole_sum
from serving.storage import reading
from threat.history.sightings import NO_PERSON

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]


@dataclass(frozen=True)
class Opened:
    """The forms of the page that open something, as they were sent, and the safe contact that was opened by one."""

    names: ReasonForm = NAMES_FORM
    contact: ReasonForm = CONTACT_FORM
    safe_contact: SafeContact | None = None


@router.get("/relationships/{reference}")
def relationship(
    request: Request,
    reference: Reference,
    choice: Annotated[Choice, Query()],
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
) -> Response:
    """Show one relationship: standing and reasons, what changed, its incidents in every lane, what is not known."""
    return _relationship(request, signed_in, reference, Opened(), choice)


@router.get("/relationships/{reference}/sum")
def whole_sum_page(
    request: Request,
    reference: Reference,
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
) -> Response:
    """Show the arithmetic behind one place: every part of the sum and every figure in it."""
    with signed_in.logged("consultation", "view whole sum") as draft:
        view = signed_in.desk.view()
        draft.subject = reference_of(reference)
        relationship_id, places = view.recorded(reference), places_of(signed_in, view)
        closed = places.closed_because(relationship_id)
        if view.is_ranked(relationship_id) and closed is not None:
            raise NotFound(words.NOT_SHOWN[closed], value=draft.subject, way_out="open its page and read the records")
        row = places.row(relationship_id)
        if row is None:
            raise NotFound(
                "This relationship was not ranked, so there is no sum.",
                value=draft.subject,
                way_out="open its page: it says why it was not ranked",
            )
        whole = whole_sum(view.snapshot, row["relationship_id"], view.as_of, view.ranking, expected=row["score"])
    return page_of(
        request, "case/sum.html", reference=draft.subject, whole=whole, by_model=view.ranking.kind == "model"
    )


@router.post("/relationships/{reference}/names")
def names(
    request: Request,
    reference: Reference,
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Open names for the sitting and go back to the page, which then shows them."""
    signed_in.require_form(posted.value("token"), "open names for the sitting")
    form = NAMES_FORM.filled_in(posted)
    if form.error:
        return _relationship(request, signed_in, reference, Opened(names=form))
    page = f"/relationships/{reference_of(reference)}"  # first: a reference that is none opens nothing
    open_sitting(signed_in, form)
    return RedirectResponse(kept(request, page), status_code=303)


@router.post("/relationships/{reference}/safe-contact")
def safe_contact(
    request: Request,
    reference: Reference,
    signed_in: Annotated[SignedInRequest, Depends(may("see_safe_contact"))],
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Show the page with the safe contact of the person at risk, on this answer alone."""
    signed_in.require_form(posted.value("token"), "open safe contact")
    form = CONTACT_FORM.filled_in(posted)
    if form.error:
        return _relationship(request, signed_in, reference, Opened(contact=form))
    view = signed_in.desk.view()
    # Committed before anything is read, as for names.
    with signed_in.logged("consultation", "open safe contact") as draft:
        draft.subject = reference_of(reference)
        draft.detail = form.detail
        person = parties_of(view.snapshot, view.recorded(reference), view.as_of).at_risk
        if person == NO_PERSON:
            raise NotFound("No person at risk is on record for this relationship.", value=draft.subject)
    opened = safe_contact_of(signed_in, view, person, form)
    return _relationship(request, signed_in, reference, Opened(contact=form, safe_contact=opened))


def _relationship(
    request: Request, signed_in: SignedInRequest, reference: str, opened: Opened, choice: Choice | None = None
) -> HTMLResponse:
    choice = choice or Choice()
    with signed_in.logged("consultation", "view relationship") as draft:
        view = signed_in.desk.view()
        draft.subject = reference_of(reference)
        file = file_of(view, reference)
        answer = relationship_of_file(places_of(signed_in, view), reference, file, choice)
        draft.detail = {"list": answer.listing.id, "score_visible": answer.standing.kind == "ranked"}
    with reading(signed_in.desk.engine) as connection:
        case = cases_of(connection, [view.recorded(reference)]).get(view.recorded(reference), "")
    may_refer = isinstance(allowed("refer", NO_CASE, signed_in.session.person), Allowed)
    named = {"subject": file.parties.subject, "person_at_risk": file.parties.at_risk}
    names = names_on(signed_in, view, draft.subject, named)
    back = own_address(request.query_params.get("back", ""))
    error = opened.names.error or opened.contact.error
    return page_of(
        request,
        "case/page.html",
        status=422 if error else 200,
        answer=answer,
        case=case,
        may_refer=may_refer,
        cards=CaseLinks(draft.subject, file, choice, answer.incidents, back),
        opened=names is not None,
        names=names or {},
        names_form=opened.names,
        contact_form=opened.contact,
        safe_contact=opened.safe_contact,
        error=error,
    )
