"""The page of the review list."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from serving.desk.problems import NotFound, problem
from serving.desk.queue.choice import LATEST, SORTS, choice_of
from serving.desk.queue.rows import queue_of
from serving.desk.queue.shown import facts_of, shown_rows
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, signed_in_request
from threat.errors import IntegrityFailure

router = APIRouter(include_in_schema=False)


@router.get("/")
def queue(request: Request, signed_in: Annotated[SignedInRequest, Depends(signed_in_request)]) -> Response:
    """The review list; roles that see no cases are taken to what they do see."""
    if not signed_in.session.may("see_cases"):
        return RedirectResponse(
            "/governance" if signed_in.session.may("see_governance") else "/audit-log", status_code=303
        )
    try:
        with signed_in.logged("consultation", "view queue") as draft:
            view = signed_in.desk.view()
            rows = shown_rows(facts_of(view), choice_of(request.query_params.multi_items()))
            answer = queue_of(view, rows.positions)
            draft.subject = answer.listing.id
            draft.detail = {"rows": len(answer.rows), "must_see": len(answer.must_see), "score_visible": True}
            draft.detail["shown"] = rows.choice.address()
    except NotFound as error:
        return page_of(request, "queue/no_list.html", error=error)
    except IntegrityFailure as error:
        said = problem(error)
        return page_of(request, "queue/list_refused.html", status=said.status, problem=said)
    return page_of(
        request,
        "queue/page.html",
        answer=answer,
        shown=rows,
        options={"latest": LATEST, "sort": SORTS, "marker": rows.marker_options, "relation": rows.relation_options},
    )
