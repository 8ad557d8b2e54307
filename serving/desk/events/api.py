"""``POST /api/v1/events``: a system of the force sends records as they happen."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from pydantic import ValidationError

from serving.audit.log import Entry
from serving.desk.events.delivery import Delivery
from serving.desk.events.received import Receiver
from serving.desk.events.services import Service, of_secret
from serving.desk.problems import MEDIA_TYPE, Denied
from serving.desk.request import NOBODY, desk_of
from serving.desk.responses.answer import Problem
from serving.desk.responses.events import Received
from serving.storage import reading
from threat import untrusted
from threat.errors import UsageError

router = APIRouter()

LARGEST_BODY = 2 * 1024 * 1024
"""Bytes: a thousand rows at two kilobytes each."""

_WHY = {
    401: "No system that is let in",
    413: "Too long",
    422: "A value is not right",
    503: "This desk takes no records, or not at this moment",
}
_PROBLEM = {"model": Problem, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {status: {**_PROBLEM, "description": _WHY[status]} for status in _WHY}


def sender(request: Request) -> Service:
    """Return the system that sends. Raises Denied (401) for a secret that is of none, and logs it without the secret.

    The secret is looked at before the body is read: a stranger's body is never parsed.
    """
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    desk = desk_of(request)
    with reading(desk.engine) as connection:
        service = of_secret(connection, secret.strip()) if scheme.lower() == "bearer" else None
    if service is not None:
        return service
    entry = Entry(NOBODY, "system", "access", "send records", outcome="refused", detail={"status": 401})
    desk.log(entry, desk.clock())
    denied = Denied(
        "No system that is let in sent this.",
        status=401,
        where="Authorization",
        way_out="send Authorization: Bearer and the secret that threat services let-in printed",
    )
    denied.logged = True
    raise denied


async def delivered(request: Request, _: Annotated[Service, Depends(sender)]) -> Delivery:
    """Return the body as a delivery. Raises Denied (413) and UsageError, with everything that is wrong at once."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Denied(
                "The delivery is longer than 2 MB: nothing was taken.", status=413, way_out="send fewer rows at once"
            )
    try:
        return Delivery.model_validate(untrusted.decode_object(body))
    except untrusted.MalformedError as error:
        raise _not_a_delivery(str(error)) from None
    except ValidationError as error:
        places = (".".join(map(str, said["loc"])) for said in error.errors())
        raise _not_a_delivery(
            "; ".join(f"{at}: {said['msg']}" for at, said in zip(places, error.errors(), strict=True))
        ) from None


def _not_a_delivery(what: str) -> UsageError:
    return UsageError(
        "The body is not a delivery: nothing was taken.",
        value=what,
        where="body",
        way_out='send {"files": {"events": [{...}]}}, each value a text or a number',
    )


_BODY = {"required": True, "content": {"application/json": {"schema": Delivery.model_json_schema()}}}


@router.post(
    "/api/v1/events",
    response_model=Received,
    responses=_PROBLEMS,
    tags=["records"],
    # Declared here, since the body is read by ``delivered``, after the secret: FastAPI would read it first.
    openapi_extra={"requestBody": _BODY, "security": [{"service": []}]},
)
def receive(
    request: Request,
    service: Annotated[Service, Depends(sender)],
    delivery: Annotated[Delivery, Depends(delivered)],
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=100,
            pattern=r"^[\x21-\x7e]+$",
            description="The sender's own key of this delivery: the same key again gets the same answer.",
        ),
    ],
) -> Received:
    """Take records into the history by the intake of files, and put what a person must see before the unit at once."""
    receiver: Receiver = request.app.state.receiver
    return receiver.receive(service, key, delivery, desk_of(request).clock())
