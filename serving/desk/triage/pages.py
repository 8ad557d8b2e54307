"""The pages of a sitting: its start, the next case, a person's own grade, and the order with a second look."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.casework.act import Conflict
from serving.casework.correction import Reason, correct_grade
from serving.casework.grade import Grading, grade
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, conflict_page, forget_begun, refused
from serving.desk.back import kept
from serving.desk.form import Form
from serving.desk.open_case import OpenCase, open_case
from serving.desk.people.names import names_on
from serving.desk.reason_form import ReasonForm
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.desk.sitting import NAMES_FORM, open_sitting, sitting_of
from serving.desk.triage import grade_form
from serving.desk.triage.prompt import prompt_for
from serving.desk.triage.said import start_said, summary_of, waits_for_decision
from serving.desk.triage.sitting import sitting_now
from serving.storage import reading
from threat.errors import UsageError

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]


@router.get("/triage")
def start(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_names"))]) -> Response:
    """The start of a sitting: why, who else is sitting, how many wait."""
    begun = begun_form(signed_in, request.url.path, signed_in.desk.view().zone)
    # Not as if it had been sent: nothing of it is to mend before its writer has looked at it.
    form = replace(NAMES_FORM.filled_in(begun.fields), sent=False)
    return _start(request, signed_in, form, begun.kept_until)


@router.post("/triage")
def begin(
    request: Request,
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Open the names for the sitting, with the reason, and go on to its first case."""
    signed_in.require_form(posted.value("token"), "start a sitting")
    form = NAMES_FORM.filled_in(posted)
    if form.error:
        return _start(request, signed_in, form)
    open_sitting(signed_in, form)
    forget_begun(signed_in, request.url.path)
    return RedirectResponse("/triage/next", status_code=303)


def _start(request: Request, signed_in: SignedInRequest, form: ReasonForm, kept_until: str = "") -> Response:
    with signed_in.logged("consultation", "view start of a sitting") as draft:
        view = signed_in.desk.view()
        draft.subject = view.listed.id
        with reading(signed_in.desk.engine) as connection:
            said = start_said(connection, signed_in, sitting_now(connection, signed_in, view))
    return page_of(
        request,
        "triage/start.html",
        status=422 if form.error else 200,
        form=form,
        error=form.error,
        said=said,
        kept_until=kept_until,
    )


@router.get("/triage/next")
def next_case(request: Request, signed_in: Reader) -> Response:
    """Go on to the next case of the sitting, or say that there is none, or that it was enough."""
    with signed_in.logged("consultation", "go on to the next case") as draft:
        view = signed_in.desk.view()
        draft.subject = view.listed.id
        with reading(signed_in.desk.engine) as connection:
            sitting = sitting_now(connection, signed_in, view)
            waits = waits_for_decision(connection, sitting, signed_in.at, view.zone)
    if sitting.waiting and not sitting.is_full:
        return RedirectResponse(f"/cases/{sitting.waiting[0].id}/grade", status_code=303)
    return page_of(request, "triage/done.html", waits=waits, done=summary_of(sitting, view.zone))


@router.get("/cases/{reference}/grade")
def grade_page(request: Request, reference: Reference, signed_in: Reader, correct: str = "") -> Response:
    """The records of a case and the form of a person's own grade; nothing of the order is read for it."""
    opened = open_case(signed_in, reference)
    correcting = correct == "yes"
    opened.require("correct_grade" if correcting else "grade")
    elsewhere = _elsewhere(opened, correcting=correcting)
    if elsewhere:
        return RedirectResponse(elsewhere, status_code=303)
    form = begun_form(
        signed_in,
        request.url.path,
        opened.view.zone,
        version=opened.case.version,
        carried={"opened": _stamp(opened)},
    )
    return _grade_page(request, opened, form, correcting=correcting)


def _elsewhere(opened: OpenCase, *, correcting: bool) -> str:
    """Return where a grade is not written on this page: a must-see record first, or the order after a grade."""
    step, case = opened.head.step, opened.case
    if correcting:
        return "" if opened.may_be_corrected else f"/cases/{case.id}"
    if step is not None and step.address.startswith("/must-see/"):
        return step.address
    if case.closed_because == "ungraded" and case.referrals:
        return ""
    return step.address if step is not None else f"/cases/{case.id}"


@router.post("/cases/{reference}/grade")
def save_grade(
    request: Request,
    reference: Reference,
    signed_in: Reader,
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Save a person's own grade, or a correction of it; then the order, or where it is sealed the next case."""
    signed_in.require_form(posted.value("token"), "grade")
    opened = open_case(signed_in, reference)
    correcting = bool(posted.value("correcting"))
    opened.require("correct_grade" if correcting else "grade")
    form = ActForm(posted, posted.act_id(), posted.version(), carried=_carried(posted))
    view, zone = opened.view, opened.view.zone
    offered = grade_form.grades(opened.case.state, correcting=correcting)
    errors = grade_form.errors_of(posted, opened.facts, offered, signed_in.at, zone, correcting=correcting)
    if errors:
        form = replace(form, errors=errors)
        return _grade_page(request, opened, form, correcting=correcting)
    given = _given(opened, posted)
    recorded = {fact.code for fact in opened.facts.relied_on}
    act, casework = act_of(signed_in, posted), signed_in.desk.casework
    try:
        if correcting:
            reason = Reason(posted.value("why"), posted.text("reason"))
            correct_grade(casework, act, given, reason, recorded=recorded)
        else:
            grade(casework, act, given, recorded=recorded)
    except Conflict as conflict:
        yours = grade_form.in_words(posted, opened.facts)
        now = open_case(signed_in, reference)
        return conflict_page(request, now.head, conflict, action=request.url.path, form=posted, yours=yours, zone=zone)
    except UsageError as error:
        return _grade_page(request, opened, refused(form, error), correcting=correcting)
    forget_begun(signed_in, request.url.path)
    after = open_case(signed_in, reference)
    if not after.case.closed_because and view.is_ranked(after.case.relationship):
        return RedirectResponse(kept(request, f"/cases/{reference}/order"), status_code=303)
    return RedirectResponse(onward(signed_in, reference), status_code=303)


def onward(signed_in: SignedInRequest, reference: str) -> str:
    """Return where a person goes on to after a case: to the next one of their sitting, or back to the case."""
    sitting = sitting_of(signed_in.desk, signed_in.session, signed_in.at)
    return "/triage/next" if sitting is not None else f"/cases/{reference}"


def _given(opened: OpenCase, posted: Form) -> Grading:
    cannot = posted.value("grade") == grade_form.CANNOT_YET
    fact = posted.value("fact")
    return Grading(
        opened.case.id,
        posted.version(),
        posted.value("grade"),
        facts=(fact,) if fact else (),
        note=posted.text("note"),
        missing=posted.all("missing") if cannot else (),
        due=grade_form.due_of(posted, opened.view.zone) if cannot else None,
        seconds=_seconds(opened, posted.value("opened")),
    )


def _stamp(opened: OpenCase) -> str:
    """Return when the page was made, signed: what the desk measures the time on a case from."""
    at, signer = opened.signed_in.at, opened.signed_in.desk.signer
    return f"{at}.{signer.sign('opened', f'{opened.signed_in.session.id} {opened.case.id} {at}')}"


def _seconds(opened: OpenCase, stamp: str) -> int | None:
    """Return the seconds since a page was made; None for a stamp that is not of this case and session."""
    said, _, signature = stamp.partition(".")
    text = f"{opened.signed_in.session.id} {opened.case.id} {said}"
    if not said.isascii() or not said.isdigit() or not opened.signed_in.desk.signer.fits(signature, "opened", text):
        return None
    return opened.signed_in.at - int(said)


def _carried(posted: Form) -> dict[str, str]:
    return {name: posted.value(name) for name in ("opened", "correcting") if posted.value(name)}


def _grade_page(request: Request, opened: OpenCase, form: ActForm, *, correcting: bool) -> Response:
    signed_in, view = opened.signed_in, opened.view
    with signed_in.logged("consultation", "view case to grade") as draft:
        draft.subject = opened.case.id
        draft.detail = {"relationship": opened.reference, "list": view.listed.id, "score_visible": False}
        facts = opened.facts
        with reading(signed_in.desk.engine) as connection:
            sitting = sitting_now(connection, signed_in, view)
            waits = waits_for_decision(connection, sitting, signed_in.at, view.zone)
            prompt = prompt_for(connection, view, opened.case.relationship, signed_in.at)
    parties = opened.file.parties
    names = names_on(signed_in, view, opened.reference, {"subject": parties.subject, "person_at_risk": parties.at_risk})
    if correcting:
        form = replace(form, carried={**form.carried, "correcting": "yes"})
    return page_of(
        request,
        "triage/grade.html",
        status=422 if form.errors else 200,
        head=opened.head,
        facts=facts,
        names=names or {},
        earlier=opened.earlier,
        open_cases=opened.others,
        prompt="" if correcting else prompt,
        waits=waits,
        sitting=sitting.sentence if names is not None else "",
        form=form,
        correcting=correcting,
        grades=grade_form.grades(opened.case.state, correcting=correcting),
        relied_on=grade_form.relied_on(facts),
        missing=grade_form.choices("missing"),
        reasons=grade_form.choices("grade_reason"),
        last_five=grade_form.last_five(sitting.graded, opened.case.id, view.zone),
    )
