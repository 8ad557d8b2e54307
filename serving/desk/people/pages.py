"""The page of a person, names that are opened from it and closed again, and the search by reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.desk.back import back_of, kept, leading_back, own_address
from serving.desk.people.names import names_on
from serving.desk.people.person import person_of, recorded_person
from serving.desk.people.reason_form import ReasonForm
from serving.desk.people.search import address_of, reference_in
from serving.desk.people.sitting import NAMES_FORM, close_sitting, open_sitting
from serving.desk.problems import NotFound, problem
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from threat.errors import ThreatError, UsageError
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
    posted: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """Open names for the sitting and go back to the page, which then shows this person's."""
    signed_in.require_form(posted.get("token", ""), "open names for the sitting")
    form = NAMES_FORM.filled_in(posted)
    if form.error:
        return _person(request, signed_in, reference, form)
    open_sitting(signed_in, form)
    page = f"/people/{show_id('P', parse_id(reference, 'P'))}"
    return RedirectResponse(kept(request, page), status_code=303)


@router.post("/names/close")
def close_names(
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """Close the names of the sitting and go back to the page that the button was on."""
    signed_in.require_form(posted.get("token", ""), "close the names")
    close_sitting(signed_in)
    return RedirectResponse(back_of(posted.get("back", "")).href, status_code=303)


@router.get("/search")
def search(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))]) -> Response:
    """Show the form of the search, for a browser that asks for its address."""
    with signed_in.logged("access", "view search"):
        pass
    return _search_page(request, typed="")


@router.post("/search")
def find(
    request: Request,
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
    posted: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """Lead to what a reference names, or say plainly that it is not there. Each search is one audit entry."""
    signed_in.require_form(posted.get("token", ""), "search by reference")
    typed = posted.get("reference", "")
    try:
        with signed_in.logged("consultation", "search by reference") as draft:
            draft.subject = reference_in(typed)
            view = signed_in.desk.view()
            address = address_of(view, draft.subject)
            draft.detail = {"list": view.listed.id}
    except (UsageError, NotFound) as error:
        return _search_page(request, typed=typed, error=error)
    carried = own_address(request.query_params.get("back", ""))
    return RedirectResponse(leading_back(address, carried), status_code=303)


def _search_page(request: Request, *, typed: str, error: ThreatError | None = None) -> Response:
    said = None if error is None else problem(error)
    status = 200 if said is None else said.status
    return page_of(request, "people/search.html", status=status, typed=typed, error=said)


def _person(request: Request, signed_in: SignedInRequest, reference: str, form: ReasonForm) -> Response:
    with signed_in.logged("consultation", "view person") as draft:
        view = signed_in.desk.view()
        draft.subject = show_id("P", parse_id(reference, "P"))
        person_id = recorded_person(view, reference)
        now = show_id("P", person_id)
        draft.detail = {"list": view.listed.id, "person": now}
        answer = person_of(view, person_id) if now == draft.subject else None
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
