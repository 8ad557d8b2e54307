"""The page of a person, and names that are opened from it and closed again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.desk.back import back_of, kept
from serving.desk.form import Form
from serving.desk.people.names import names_on
from serving.desk.people.person import person_of, recorded_person
from serving.desk.reason_form import ReasonForm
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.desk.reveal import places_of
from serving.desk.sitting import NAMES_FORM, close_sitting, open_sitting
from threat.ids import parse_id, show_id

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]


@router.get("/people/{reference}")
def person(
    request: Request,
    reference: Reference,
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
) -> Response:
    """Show every relationship of a person, read together; a merged reference leads to the person it is now."""
    return _person(request, signed_in, reference, NAMES_FORM)


@router.post("/people/{reference}/names")
def names(
    request: Request,
    reference: Reference,
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Open names for the sitting and go back to the page, which then shows this person's."""
    signed_in.require_form(posted.value("token"), "open names for the sitting")
    form = NAMES_FORM.filled_in(posted)
    if form.error:
        return _person(request, signed_in, reference, form)
    page = f"/people/{show_id('P', parse_id(reference, 'P'))}"  # first: a reference that is none opens nothing
    open_sitting(signed_in, form)
    return RedirectResponse(kept(request, page), status_code=303)


@router.post("/names/close")
def close_names(
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Close the names of the sitting and go back to the page that the button was on."""
    signed_in.require_form(posted.value("token"), "close the names")
    close_sitting(signed_in)
    return RedirectResponse(back_of(posted.value("back")).href, status_code=303)


def _person(request: Request, signed_in: SignedInRequest, reference: str, form: ReasonForm) -> Response:
    with signed_in.logged("consultation", "view person") as draft:
        view = signed_in.desk.view()
        draft.subject = show_id("P", parse_id(reference, "P"))
        person_id = recorded_person(view, reference)
        now = show_id("P", person_id)
        draft.detail = {"list": view.listed.id, "person": now}
        answer = person_of(places_of(signed_in, view), person_id) if now == draft.subject else None
    if answer is None:
        return RedirectResponse(kept(request, f"/people/{now}"), status_code=303)
    names = names_on(signed_in, view, now, {"person": person_id})
    return page_of(
        request,
        "people/page.html",
        status=422 if form.error else 200,
        answer=answer,
        opened=names is not None,
        names=names or {},
        names_form=form,
        error=form.error,
    )
