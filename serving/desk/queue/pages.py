"""Today: the first page of who sees cases."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from serving.desk.problems import NotFound, problem
from serving.desk.queue.choice import LATEST, SORTS, choice_of
from serving.desk.queue.rows import queue_of
from serving.desk.queue.shown import facts_of, shown_rows
from serving.desk.queue.today import today_of
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, signed_in_request
from serving.desk.reveal import places_of, places_to_reveal
from serving.storage import reading
from threat.errors import IntegrityFailure

router = APIRouter(include_in_schema=False)


@router.get("/")
def queue(request: Request, signed_in: Annotated[SignedInRequest, Depends(signed_in_request)]) -> Response:
    """Today; roles that see no cases are taken to what they do see."""
    if not signed_in.session.may("see_cases"):
        return RedirectResponse(
            "/governance" if signed_in.session.may("see_governance") else "/audit-log", status_code=303
        )
    try:
        with signed_in.logged("consultation", "view queue") as draft:
            view = signed_in.desk.view()
            places = places_of(signed_in, view)
            rows = shown_rows(facts_of(places), choice_of(request.query_params.multi_items()))
            positions = places.positions()
            answer = queue_of(places, [positions[at] for at in rows.positions])
            draft.subject = answer.listing.id
            draft.detail = {"rows": len(answer.rows)}
            draft.detail["score_visible"] = bool(answer.rows)
            draft.detail["shown"] = rows.choice.address()
            with reading(signed_in.desk.engine) as connection:
                today = today_of(connection, signed_in, places_to_reveal(signed_in, view))
    except NotFound as error:
        return page_of(request, "queue/no_list.html", error=error)
    except IntegrityFailure as error:
        said = problem(error)
        return page_of(request, "queue/list_refused.html", status=said.status, problem=said)
    return page_of(
        request,
        "queue/page.html",
        answer=answer,
        today=today,
        shown=rows,
        options={"latest": LATEST, "sort": SORTS, "marker": rows.marker_options, "relation": rows.relation_options},
    )
