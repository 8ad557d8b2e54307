"""The search by reference: a form in the header of every page of cases, and a page that says what was not found."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from serving.desk.back import leading_back, own_address
from serving.desk.form import Form
from serving.desk.problems import NotFound, problem
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.desk.search.addresses import address_of, reference_in
from threat.errors import ThreatError, UsageError

router = APIRouter(include_in_schema=False)


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
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Lead to what a reference names, or say plainly that it is not there. Each search is one audit entry."""
    signed_in.require_form(posted.value("token"), "search by reference")
    typed = posted.value("reference")
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
    return page_of(request, "search/page.html", status=status, typed=typed, error=said)
