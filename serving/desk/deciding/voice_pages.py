"""The page of the views of the person at risk, and the page of safe contact, which has a permission of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.casework import safe_contact as contacts
from serving.casework.options import options
from serving.casework.safe_contact import SafeContact, open_safe_contacts, record_safe_contact
from serving.casework.texts import keep_texts
from serving.casework.voice import Views, problems, record_voice
from serving.casework.words import title, vocabulary
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, forget_begun, refused
from serving.desk.deciding.days import begin_of, end_of
from serving.desk.decision_words import errors_of, voices_said
from serving.desk.form import Form, new_act_id
from serving.desk.open_case import OpenCase, open_case
from serving.desk.people.contact import CONTACT_FORM, safe_contact_of
from serving.desk.people.references import references_of
from serving.desk.problems import NotFound
from serving.desk.reason_form import ReasonForm
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.storage import reading
from threat.dates import moment
from threat.errors import UsageError
from threat.history.sightings import NO_PERSON

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]
MayContact = Annotated[SignedInRequest, Depends(may("see_safe_contact"))]
Posted = Annotated[Form, Depends(posted_form)]

_SAID = {"how": "How", "when": "When", "code_word": "Code word", "why": "Why"}


@dataclass(frozen=True)
class ContactShown:
    """One safe contact in words: ``source`` says where it was recorded."""

    source: str
    state: str
    lines: list[tuple[str, str]]


@router.get("/cases/{reference}/voice")
def voice_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """The views of the person at risk: what they want, or why they were not asked; those of before below."""
    opened = open_case(signed_in, reference)
    opened.require("record_voice")
    return _voice(request, opened, begun_form(signed_in, request.url.path, opened.view.zone))


@router.post("/cases/{reference}/voice")
def save_voice(request: Request, reference: Reference, signed_in: Reader, posted: Posted) -> Response:
    """Save the views of the person at risk next to those of before."""
    signed_in.require_form(posted.value("token"), "record views of the person at risk")
    opened = open_case(signed_in, reference)
    opened.require("record_voice")
    act, zone = act_of(signed_in, posted), opened.view.zone
    views = _views(opened.case.id, posted, zone)
    form = ActForm(posted, act.act_id, errors=errors_of(_problems(opened, views)))
    if form.errors:
        return _voice(request, opened, form)
    try:
        record_voice(signed_in.desk.casework, act, views)
    except UsageError as error:
        return _voice(request, opened, refused(form, error))
    forget_begun(signed_in, request.url.path)
    return RedirectResponse(f"/cases/{reference}", status_code=303)


def _problems(opened: OpenCase, views: Views) -> list[UsageError]:
    signed_in = opened.signed_in
    wrong = problems(views, signed_in.at, signed_in.desk.casework.clocks)
    return [problem for problem in wrong if isinstance(problem, UsageError)]


def _views(case_id: str, posted: Form, zone: str) -> Views:
    asked = posted.value("state") in ("told_us", "disagrees")
    return Views(
        case_id,
        posted.value("state"),
        posted.text("what"),
        posted.text("why"),
        end_of(posted.text("by_when"), zone),
        # Who asked, and when, are of views that somebody heard: a browser sends the choice of agency with any state.
        posted.value("agency") if asked else "",
        posted.text("asked_by") if asked else "",
        begin_of(posted.text("asked_at"), zone),
    )


def _voice(request: Request, opened: OpenCase, form: ActForm) -> Response:
    signed_in, zone = opened.signed_in, opened.view.zone
    with signed_in.logged("consultation", "view views of the person at risk") as draft:
        draft.subject = opened.case.id
        with reading(signed_in.desk.engine) as connection:
            voices = voices_said(connection, opened.case.id, signed_in.at, zone)
    return page_of(
        request,
        "deciding/voice.html",
        status=422 if form.errors else 200,
        head=opened.head,
        voices=voices,
        form=form,
        states=[(name, code.title, code.meaning) for name, code in vocabulary("voice").in_use().items()],
        agencies=list(options().owners.items()),
    )


@router.get("/cases/{reference}/safe-contact")
def safe_contact_page(request: Request, reference: Reference, signed_in: MayContact) -> Response:
    """The form that opens the safe contact of the person at risk, with a reason, and the one that records it."""
    opened = open_case(signed_in, reference)
    _at_risk(opened)
    return _contact(request, opened, ActForm(), CONTACT_FORM)


@router.post("/cases/{reference}/safe-contact")
def save_safe_contact(request: Request, reference: Reference, signed_in: MayContact, posted: Posted) -> Response:
    """Record how the person at risk can be reached. What is typed is never kept as a draft."""
    signed_in.require_form(posted.value("token"), "record safe contact")
    opened = open_case(signed_in, reference)
    opened.require("record_safe_contact")
    act = act_of(signed_in, posted)
    texts = {field: posted.text(field) for field in contacts.FIELDS}
    given = SafeContact(opened.case.id, _at_risk(opened), posted.value("state"), **texts)
    wrong = [each for each in contacts.problems(given) if isinstance(each, UsageError)]
    form = ActForm(posted, act.act_id, errors=errors_of(wrong))
    if form.errors:
        return _contact(request, opened, form, CONTACT_FORM)
    try:
        record_safe_contact(signed_in.desk.casework, act, given)
    except UsageError as error:
        return _contact(request, opened, refused(form, error), CONTACT_FORM)
    return RedirectResponse(f"/cases/{reference}/voice", status_code=303)


@router.post("/cases/{reference}/safe-contact/open")
def open_contact(request: Request, reference: Reference, signed_in: MayContact, posted: Posted) -> Response:
    """Show every safe contact of the person at risk, on this answer alone, each with where it was recorded."""
    signed_in.require_form(posted.value("token"), "open safe contact")
    opened = open_case(signed_in, reference)
    person = _at_risk(opened)
    reason = CONTACT_FORM.filled_in(posted)
    if reason.error:
        return _contact(request, opened, ActForm(), reason)
    # Committed before anything is read, as for names.
    with signed_in.logged_change("consultation", "open safe contact") as (connection, draft):
        # The words are kept where they can be erased; the chain holds their id alone.
        kept = keep_texts(connection, new_act_id(), {"reason": reason.reason})
        draft.subject = opened.case.id
        draft.detail = {"justification": reason.justification, "reason": kept["reason"]}
    return _contact(request, opened, ActForm(), reason, shown=_contacts(opened, person, reason))


def _at_risk(opened: OpenCase) -> int:
    """Return the person at risk of a case: of nobody else is a safe contact read or written here (R3)."""
    person = opened.file.parties.at_risk
    if person == NO_PERSON:
        raise NotFound("No person at risk is on record for this case.", value=opened.case.id)
    return person


def _contacts(opened: OpenCase, person: int, reason: ReasonForm) -> list[ContactShown]:
    """Return what people recorded here of the person at risk, the latest first, and after it what the records say."""
    signed_in, view = opened.signed_in, opened.view
    persons = references_of(view.snapshot, person, view.as_of)
    with reading(signed_in.desk.engine) as connection:
        contacts_here = open_safe_contacts(connection, persons)
    shown = [
        ContactShown(
            f"Recorded in {'this case' if each.case_id == opened.case.id else each.case_id} by {each.who}, "
            f"{moment(each.at, view.zone)}{'' if place else ': the latest'}",
            title("safe_contact", each.state),
            [(_SAID[field], body) for field, body in each.texts.items()] or [("Text", "erased")],
        )
        for place, each in enumerate(contacts_here)
    ]
    recorded = safe_contact_of(signed_in, view, person, reason)
    lines = [
        ("Safe contact", recorded.safe_contact or "none on record; another number may be known to the subject"),
        ("Interpreter", recorded.interpreter or "not recorded, so it is not known whether one is needed"),
    ]
    return [*shown, ContactShown("From the force's records, as of the list in view", "", lines)]


def _contact(
    request: Request, opened: OpenCase, form: ActForm, reason: ReasonForm, shown: list[ContactShown] | None = None
) -> Response:
    with opened.signed_in.logged("access", "view form of safe contact") as draft:
        draft.subject = opened.case.id
    return page_of(
        request,
        "deciding/safe_contact.html",
        status=422 if form.errors or reason.error else 200,
        head=opened.head,
        form=form if not shown else replace(form, fields=Form()),
        reason=reason,
        error=reason.error,
        contacts=shown,
        states=[(name, code.title, code.meaning) for name, code in vocabulary("safe_contact").in_use().items()],
    )
