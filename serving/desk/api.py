"""The API, version 1. Every read of a case or a card is one audit entry, committed before the answer leaves."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

import threat
from serving.desk.case.filters import Choice
from serving.desk.case.view import relationship_of
from serving.desk.list_view import reference_of
from serving.desk.people.person import person_of, recorded_person
from serving.desk.problems import MEDIA_TYPE
from serving.desk.queue.rows import queue_of
from serving.desk.request import SignedInRequest, desk_of, may
from serving.desk.responses.answer import Health, Problem
from serving.desk.responses.case import Relationship
from serving.desk.responses.governance import Card
from serving.desk.responses.people import Person
from serving.desk.responses.queue import Queue
from serving.desk.reveal import places_of
from serving.desk.service import Desk
from threat.ids import parse_id, show_id

router = APIRouter()

_PROBLEM = {"model": Problem, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    words = {
        401: "Not signed in",
        403: "Not this role",
        404: "Nothing there",
        422: "A value is not right",
        503: "Integrity",
    }
    return {status: {**_PROBLEM, "description": words[status]} for status in statuses}


@router.get("/health", response_model=Health, tags=["service"])
@router.get("/api/v1/health", response_model=Health, tags=["service"])
def health(desk: Annotated[Desk, Depends(desk_of)]) -> Health:
    """Say whether the desk can answer. No case data, so no sign-in and no audit entry."""
    return Health(status="ok", version=threat.__version__, list_published=bool(desk.published().list))


@router.get("/api/v1/queue", response_model=Queue, responses=_problems(401, 403, 404, 503), tags=["cases"])
def queue(signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))]) -> Queue:
    """The review list: must-see items, and the graded relationships in rank order with reasons; no ungraded one."""
    with signed_in.logged("consultation", "view queue") as draft:
        answer = queue_of(places_of(signed_in, signed_in.desk.view()))
        draft.subject = answer.listing.id
        draft.detail = {"rows": len(answer.rows), "must_see": len(answer.must_see), "score_visible": bool(answer.rows)}
    return answer


@router.get(
    "/api/v1/relationships/{reference}",
    response_model=Relationship,
    responses=_problems(401, 403, 404, 422, 503),
    tags=["cases"],
)
def relationship(
    reference: Annotated[str, Path(max_length=40, examples=["R-0123456789abcdef"])],
    choice: Annotated[Choice, Query()],
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
) -> Relationship:
    """A relationship as it stood at the published list's as-of: standing, reasons, incidents, what is not known."""
    with signed_in.logged("consultation", "view relationship") as draft:
        view = signed_in.desk.view()
        draft.subject = reference_of(reference)
        answer = relationship_of(places_of(signed_in, view), reference, choice)
        draft.detail = {"list": answer.listing.id, "score_visible": answer.standing.kind == "ranked"}
    return answer


@router.get(
    "/api/v1/people/{reference}", response_model=Person, responses=_problems(401, 403, 404, 422, 503), tags=["cases"]
)
def person(
    reference: Annotated[str, Path(max_length=40, examples=["P-0123456789abcdef"])],
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
) -> Person:
    """A person as known at the published list's as-of: every relationship, as subject and as person at risk."""
    with signed_in.logged("consultation", "view person") as draft:
        view = signed_in.desk.view()
        draft.subject = show_id("P", parse_id(reference, "P"))
        answer = person_of(places_of(signed_in, view), recorded_person(view, reference))
        draft.detail = {"list": answer.listing.id, "person": answer.person}
    return answer


@router.get(
    "/api/v1/models/current/card", response_model=Card, responses=_problems(401, 403, 404, 503), tags=["models"]
)
def card(signed_in: Annotated[SignedInRequest, Depends(may("see_card"))]) -> Card:
    """The model card of the bundle in service. 404 while a rule ranks."""
    with signed_in.logged("consultation", "view model card") as draft:
        answer = signed_in.desk.card()
        draft.subject = answer.run
    return answer
