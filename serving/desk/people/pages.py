"""Names that are closed again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from serving.desk.back import back_of
from serving.desk.people.sitting import close_sitting
from serving.desk.request import SignedInRequest, may, posted_form

router = APIRouter(include_in_schema=False)


@router.post("/names/close")
def close_names(
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """Close the names of the sitting and go back to the page that the button was on."""
    signed_in.require_form(posted.get("token", ""), "close the names")
    close_sitting(signed_in)
    return RedirectResponse(back_of(posted.get("back", "")).href, status_code=303)
