"""Names that are closed again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from serving.desk.people.sitting import close_sitting
from serving.desk.request import SignedInRequest, may, posted_form

router = APIRouter(include_in_schema=False)

_BACK = re.compile(r"/(?:(?:relationships/R|people/P)-[0-9a-f]{16})?")
"""Pages that the button to close the names may lead back to; another address in its form leads to the review list."""


@router.post("/names/close")
def close_names(
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """Close the names of the sitting and go back to the page that the button was on."""
    signed_in.require_form(posted.get("token", ""), "close the names")
    close_sitting(signed_in)
    back = posted.get("back", "")
    return RedirectResponse(back if _BACK.fullmatch(back) else "/", status_code=303)
