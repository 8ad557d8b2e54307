"""The page of a must-see record in one case: what was recorded, the two, the last records, and what a person found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from serving.casework.referral import is_of_record
from serving.casework.sight import COVERED_IN, Seen, see
from serving.casework.views import Referral
from serving.casework.words import vocabulary
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, forget_begun, refused
from serving.desk.back import kept
from serving.desk.case_head import must_see_address
from serving.desk.form import Form
from serving.desk.open_case import OpenCase, open_case
from serving.desk.people.names import names_on
from serving.desk.reason_form import FieldError
from serving.desk.referral_words import event_sentences
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.desk.returning import form_address
from serving.storage import reading
from threat.errors import UsageError
from threat.ids import parse_id, show_id

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
CaseReference = Annotated[str, Query(alias="case", max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]

_PLAN = {
    "planning": "A plan is to be written in this case. Until it runs it covers no record.",
    "active": "A plan runs in this case.",
}
"""What is said of the plan of a case, by its state."""


@dataclass(frozen=True)
class Item:
    """What the page is about: the event in its address, and what was recorded, in sentences."""

    event: str
    sentences: list[str]
    plan: str


@router.get("/must-see/{reference}")
def must_see(request: Request, reference: Reference, case: CaseReference, signed_in: Reader) -> Response:
    """Show a must-see record of a case that nobody has seen yet; one that is seen leads to its case."""
    event, opened = show_id("E", parse_id(reference, "E")), open_case(signed_in, case)
    opened.require("see")
    referral = _unseen(opened, event)
    if referral is None:
        return RedirectResponse(kept(request, f"/cases/{opened.case.id}"), status_code=303)
    return _page(request, opened, event, referral, begun_form(signed_in, form_address(request), opened.view.zone))


@router.post("/must-see/{reference}")
def save_sight(
    request: Request,
    reference: Reference,
    case: CaseReference,
    signed_in: Reader,
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Save what a person found; *grade it now* goes on to the grade or decision, anything else back to Today."""
    signed_in.require_form(posted.value("token"), "see a must-see record")
    event, opened = show_id("E", parse_id(reference, "E")), open_case(signed_in, case)
    opened.require("see")
    _require_of_page(opened, event, posted.value("referral"))
    result, act = posted.value("result"), act_of(signed_in, posted)
    referral, form = _of_event(opened, event), ActForm(posted, act.act_id)
    errors = _errors(posted)
    if referral is not None and errors and not referral.seen:
        return _page(request, opened, event, referral, ActForm(posted, act.act_id, None, errors))
    try:
        # Of a referral that is answered, this is a repeat, or says so: the act knows.
        see(signed_in.desk.casework, act, Seen(posted.value("referral"), result, posted.text("note")))
    except UsageError as error:
        if referral is None or referral.seen:
            raise
        return _page(request, opened, event, referral, refused(form, error))
    forget_begun(signed_in, form_address(request))
    judged_by = "decide" if opened.case.state in ("planning", "active") else "grade"
    onward = f"/cases/{opened.case.id}/{judged_by}" if result == "grade_now" else "/"
    return RedirectResponse(kept(request, onward) if onward != "/" else "/", status_code=303)


def _require_of_page(opened: OpenCase, event: str, referral: str) -> None:
    """Raise UsageError for a form of another page: it would answer a record other than the one that was shown."""
    with reading(opened.signed_in.desk.engine) as connection:
        if is_of_record(connection, referral, opened.case.id, parse_id(event, "E")):
            return
    raise UsageError(
        f"The form is not of the record {event} in the case {opened.case.id}.",
        value=referral or None,
        where="referral",
        way_out="open the record from its case, and send the form from there",
    )


def _of_event(opened: OpenCase, event: str) -> Referral | None:
    number = parse_id(event, "E")
    for referral in opened.case.referrals:
        if referral.kind == "must_see" and any(each.event == number for each in referral.events):
            return referral
    return None


def _unseen(opened: OpenCase, event: str) -> Referral | None:
    referral = _of_event(opened, event)
    return None if referral is None or referral.seen else referral


def _errors(posted: Form) -> tuple[FieldError, ...]:
    codes = vocabulary("sight_result").in_use()
    result = codes.get(posted.value("result"))
    if result is None:
        return (FieldError("Choose what you found.", "result"),)
    if "note" in result.requires and not posted.text("note"):
        return (FieldError("Say in a line why.", "note"),)
    return ()


def _page(request: Request, opened: OpenCase, event: str, referral: Referral, form: ActForm) -> Response:
    signed_in, view = opened.signed_in, opened.view
    with signed_in.logged("consultation", "view must-see record") as draft:
        draft.subject = opened.case.id
        draft.detail = {"relationship": opened.reference, "event": event}
        facts = opened.facts
    parties = opened.file.parties
    names = names_on(signed_in, view, opened.reference, {"subject": parties.subject, "person_at_risk": parties.at_risk})
    results = [(name, code.title, code.meaning) for name, code in vocabulary("sight_result").in_use().items()]
    return page_of(
        request,
        "must_see/page.html",
        status=422 if form.errors else 200,
        head=opened.head,
        facts=facts,
        names=names or {},
        item=Item(
            event,
            event_sentences(referral.events, view.days),
            _PLAN.get(opened.case.state, "No plan is open in this case."),
        ),
        form=replace(form, carried={"referral": referral.id}),
        address=must_see_address(event, opened.case.id),
        # What a plan covers can be chosen only where one runs; the act refuses it elsewhere.
        results=[each for each in results if opened.case.state in COVERED_IN or each[0] != "covered_by_plan"],
    )
