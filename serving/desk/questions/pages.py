"""The page of a question of identity: what was recorded, whom it names, the cases it is between, and the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.casework import views
from serving.casework.clocks import due_in_words
from serving.casework.question import Answer, answer_question
from serving.casework.transitions import Refused, allowed
from serving.casework.views import Referral
from serving.casework.words import vocabulary
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, forget_begun, refused
from serving.desk.form import Form
from serving.desk.list_view import ListView
from serving.desk.problems import Denied
from serving.desk.reason_form import FieldError
from serving.desk.referral_words import event_sentences
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.storage import reading
from threat.errors import UsageError
from threat.history.sightings import NO_PERSON
from threat.ids import show_id

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]
_REFERENCE = re.compile(r"F-[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True)
class Question:
    """What is asked: in sentences, the people that the record names, the cases it is between, and by when."""

    sentences: list[str]
    people: list[str]
    cases: list[str]
    due: str


@router.get("/questions/{reference}")
def question(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """Show a question of identity that waits; one that is answered leads back to Today."""
    referral, view = _asked(signed_in, reference), signed_in.desk.view()
    if referral is None:
        return RedirectResponse("/", status_code=303)
    return _page(request, signed_in, referral, begun_form(signed_in, request.url.path, view.zone))


@router.post("/questions/{reference}")
def save_answer(
    request: Request, reference: Reference, signed_in: Reader, posted: Annotated[Form, Depends(posted_form)]
) -> Response:
    """Save what a person found, and go back to Today."""
    signed_in.require_form(posted.value("token"), "answer a question of identity")
    referral, act = _asked(signed_in, reference), act_of(signed_in, posted)
    form = ActForm(posted, act.act_id)
    given = Answer(reference, posted.value("answer"), posted.text("note"))
    errors = _errors(given)
    if referral is not None and errors:
        return _page(request, signed_in, referral, replace(form, errors=errors))
    try:
        # Of a question that is answered, this is a repeat, or says so: the act knows.
        answer_question(signed_in.desk.casework, act, given)
    except UsageError as error:
        if referral is None:
            raise
        return _page(request, signed_in, referral, refused(form, error))
    forget_begun(signed_in, request.url.path)
    return RedirectResponse("/", status_code=303)


def _asked(signed_in: SignedInRequest, reference: str) -> Referral | None:
    """Return a question that waits; None where it is answered. Raises UsageError for no reference, Denied by role."""
    if not _REFERENCE.fullmatch(reference):
        raise UsageError(
            "Not a reference of a question: F- and 16 hexadecimal digits.",
            value=reference,
            way_out="start from Today: it leads to every question",
        )
    may_answer = allowed("answer_question", "waiting", signed_in.session.person)
    if isinstance(may_answer, Refused):
        raise Denied(may_answer.reason, status=403, value=reference, way_out=may_answer.way_out)
    with reading(signed_in.desk.engine) as connection:
        referral = views.referral_now(connection, reference)
    return referral if referral is not None and referral.kind == "link_question" else None


def _errors(given: Answer) -> tuple[FieldError, ...]:
    if given.answer not in vocabulary("question_answer").in_use():
        return (FieldError("Choose what you found.", "answer"),)
    return () if given.note else (FieldError("Say in a line what you found.", "note"),)


def _page(request: Request, signed_in: SignedInRequest, referral: Referral, form: ActForm) -> Response:
    with signed_in.logged("consultation", "view question of identity") as draft:
        view = signed_in.desk.view()
        asked = _question(view, referral, signed_in.at)
        draft.subject = referral.case_id or ""
        draft.detail = {"question": referral.id, "people": asked.people, "cases": asked.cases}
    return page_of(
        request,
        "questions/page.html",
        status=422 if form.errors else 200,
        reference=referral.id,
        asked=asked,
        form=form,
        answers=[(name, code.title, code.meaning) for name, code in vocabulary("question_answer").in_use().items()],
    )


def _question(view: ListView, referral: Referral, at: int) -> Question:
    cases = [] if referral.case_id is None else [referral.case_id, *referral.source.split(", ")]
    sentences = event_sentences(referral.events, view.days) or ["Two cases may be about the same two people"]
    people = sorted({person for each in referral.events for person in _people_of(view, each.event)})
    return Question(sentences, people, cases, due_in_words(referral.due_at, at, view.zone))


def _people_of(view: ListView, event: int) -> list[str]:
    """Return the people that an event names, by reference; none of a row that is in no record."""
    sightings = view.snapshot.sightings()
    rows = np.flatnonzero(sightings.event_id == event)
    ids = {*sightings.ids_of(sightings.owners(rows)).tolist(), *sightings.ids_of(sightings.counterpart[rows]).tolist()}
    return [show_id("P", person) for person in ids - {NO_PERSON}]
