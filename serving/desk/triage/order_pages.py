"""After the grade, and only then: where the order had the case and why, and the second look."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from serving.casework.act import Act, Conflict
from serving.casework.reveal import reveal
from serving.casework.second_look import Look, Shown, look_again
from serving.casework.transitions import Allowed, allowed
from serving.casework.words import title
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, conflict_page, forget_begun, refused
from serving.desk.case.filters import Choice
from serving.desk.case.links import CardLinks
from serving.desk.case.view import relationship_of_file
from serving.desk.form import Form, new_act_id
from serving.desk.open_case import OpenCase, open_case
from serving.desk.reason_form import FieldError
from serving.desk.rendering import page_of
from serving.desk.request import posted_form
from serving.desk.reveal import places_of, places_to_reveal
from serving.desk.sitting import sitting_of
from serving.desk.triage import grade_form
from serving.desk.triage.pages import Reader, Reference, onward
from threat.errors import UsageError

router = APIRouter(include_in_schema=False)


@router.get("/cases/{reference}/order")
def order_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """Show where the order had a case, to whoever graded it and has not looked again; write first that it was shown."""
    opened = open_case(signed_in, reference)
    elsewhere = _elsewhere(opened)
    if elsewhere:
        return RedirectResponse(elsewhere, status_code=303)
    form = begun_form(signed_in, request.url.path, opened.view.zone, version=opened.case.version)
    return _order_page(request, opened, form)


@router.post("/cases/{reference}/order")
def save_second_look(
    request: Request,
    reference: Reference,
    signed_in: Reader,
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Save whether the grade is kept or changed, with the reason, and go on."""
    signed_in.require_form(posted.value("token"), "second look")
    opened = open_case(signed_in, reference)
    opened.require("second_look")
    form = ActForm(posted, posted.act_id(), posted.version())
    errors = _errors(posted)
    # What is not whole repeats no act, and for it nothing of the order is shown but to whoever may see this page.
    elsewhere = _elsewhere(opened) if errors else ""
    if elsewhere:
        return RedirectResponse(elsewhere, status_code=303)
    if errors:
        return _order_page(request, opened, ActForm(posted, form.act_id, form.version, errors))
    graded, after, view = opened.own_grade, posted.value("grade_after"), opened.view
    if graded is None:
        return RedirectResponse(f"/cases/{reference}", status_code=303)
    look = Look(
        opened.case.id,
        posted.version(),
        "kept" if after == graded.first else "changed",
        posted.value("reason"),
        grade_after=after,
        note=posted.text("note"),
    )
    rank = places_of(signed_in, view).rank(opened.case.relationship)
    shown = Shown(view.listed.id, view.listed.basis.ranking_id, rank or None)
    try:
        look_again(signed_in.desk.casework, act_of(signed_in, posted), look, shown)
    except Conflict as conflict:
        now = open_case(signed_in, reference)
        yours = [
            ("Your grade now", title("grade", after)),
            ("Why", title("grade_reason", look.why)),
            ("In a line", look.note or "Nothing"),
        ]
        return conflict_page(
            request, now.head, conflict, action=request.url.path, form=posted, yours=yours, zone=view.zone
        )
    except UsageError as error:
        if _elsewhere(opened):
            raise
        return _order_page(request, opened, refused(form, error))
    forget_begun(signed_in, request.url.path)
    return RedirectResponse(onward(signed_in, reference), status_code=303)


def _elsewhere(opened: OpenCase) -> str:
    """Return where nothing of the order is shown on this page; empty where it is."""
    case = opened.case
    if case.closed_because == "ungraded":
        return f"/cases/{case.id}/grade"
    mine = case.graded_by == opened.signed_in.session.person.id
    # Of a list that was published since the grade nothing is shown: the grade was given before another order.
    shown = places_to_reveal(opened.signed_in, opened.view).row(case.relationship) is not None
    # A decision ends the time for a second look, and the page of the case has the place then.
    person = opened.signed_in.session.person
    in_time = isinstance(allowed("second_look", case.state, person), Allowed)  # type: ignore[arg-type]
    still_open = mine and shown and in_time and not (case.closed_because or case.looked_again or case.decided_since)
    return "" if still_open else f"/cases/{case.id}"


def _errors(posted: Form) -> tuple[FieldError, ...]:
    errors = []
    if posted.value("grade_after") not in {code for code, _, _ in grade_form.keep_or_change("act_today")}:
        errors.append(FieldError("Choose whether you keep your grade.", "grade_after"))
    if posted.value("reason") not in {code for code, _, _ in grade_form.choices("grade_reason")}:
        errors.append(FieldError("Choose why.", "reason"))
    return tuple(errors)


def _order_page(request: Request, opened: OpenCase, form: ActForm) -> Response:
    signed_in, view, graded = opened.signed_in, opened.view, opened.own_grade
    casework = signed_in.desk.casework
    act = Act.of(signed_in.session, new_act_id(), signed_in.at, casework.clocks.policy.version)
    # Written before anything of the order is read: an order that was seen without its row could not be taken back.
    reveal(casework, act, opened.case.id, view.listed.id)
    with signed_in.logged("consultation", "view order after grade") as draft:
        draft.subject = opened.case.id
        draft.detail = {"relationship": opened.reference, "list": view.listed.id, "score_visible": True}
        answer = relationship_of_file(places_of(signed_in, view), opened.reference, opened.file, Choice())
    in_sitting = sitting_of(signed_in.desk, signed_in.session, signed_in.at) is not None
    return page_of(
        request,
        "triage/order.html",
        status=422 if form.errors else 200,
        head=opened.head,
        answer=answer,
        cards=CardLinks(opened.reference, opened.file),
        own_grade=title("grade", graded.first) if graded else "",
        relied_on=opened.relied_on[0],
        not_on_record=opened.relied_on[1],
        choices=grade_form.keep_or_change(graded.first if graded else ""),
        reasons=grade_form.choices("grade_reason"),
        sitting=in_sitting,
        form=form,
    )
