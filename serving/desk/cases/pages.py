"""The page of a case, its history, and the form by which somebody of the force puts a relationship before the unit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.casework import views
from serving.casework.refer import Asked, refer
from serving.casework.transitions import NO_CASE, Refused, allowed
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, forget_begun, refused
from serving.desk.cases.history import history_shown
from serving.desk.cases.leaving_pages import leaving_links
from serving.desk.cases.place import place_of
from serving.desk.decision_words import decided_said
from serving.desk.form import Form
from serving.desk.open_case import OpenCase, open_case
from serving.desk.people.names import names_on
from serving.desk.problems import Denied, NotFound
from serving.desk.reason_form import FieldError
from serving.desk.referral_words import event_sentences, referral_in_words
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.desk.reveal import places_of
from serving.storage import reading
from threat.errors import UsageError

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]


@router.get("/cases/new")
def new_case(request: Request, signed_in: Reader, relationship: str = "") -> Response:
    """The form that puts a relationship before the unit, whatever its place in the order."""
    _require_refer(signed_in)
    form = begun_form(signed_in, request.url.path, signed_in.desk.view().zone)
    if not form.kept_until:
        form = ActForm(Form.of({"relationship": relationship[:40]}))
    return _new(request, signed_in, form)


@router.post("/cases/new")
def save_case(request: Request, signed_in: Reader, posted: Annotated[Form, Depends(posted_form)]) -> Response:
    """Put a relationship before the unit, with why; its case waits for a grade like every other."""
    signed_in.require_form(posted.value("token"), "refer")
    _require_refer(signed_in)
    act = act_of(signed_in, posted)
    form = ActForm(posted, act.act_id)
    errors, relationship_id = _errors(signed_in, posted)
    if errors:
        return _new(request, signed_in, ActForm(posted, act.act_id, None, errors))
    try:
        refer(signed_in.desk.casework, act, Asked(relationship_id, "officer", posted.text("why")))
    except UsageError as error:
        return _new(request, signed_in, refused(form, error))
    forget_begun(signed_in, request.url.path)
    with reading(signed_in.desk.engine) as connection:
        ref = views.cases_of(connection, [relationship_id])[relationship_id]
    return RedirectResponse(f"/cases/{ref}", status_code=303)


def _errors(signed_in: SignedInRequest, posted: Form) -> tuple[tuple[FieldError, ...], int]:
    errors, relationship_id = [], 0
    try:
        relationship_id = signed_in.desk.view().recorded(posted.value("relationship"))
    except (UsageError, NotFound) as error:
        errors.append(FieldError(error.problem, "relationship"))
    if not posted.text("why"):
        errors.append(FieldError("Say why the unit should look.", "why"))
    return tuple(errors), relationship_id


def _require_refer(signed_in: SignedInRequest) -> None:
    answer = allowed("refer", NO_CASE, signed_in.session.person)
    if isinstance(answer, Refused):
        raise Denied(answer.reason, status=403, value=signed_in.session.role, way_out=answer.way_out)


def _new(request: Request, signed_in: SignedInRequest, form: ActForm) -> Response:
    with signed_in.logged("access", "view form of a referral"):
        pass
    return page_of(request, "cases/new.html", status=422 if form.errors else 200, form=form)


@router.get("/cases/{reference}")
def case_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """Show a case: who is who, state and next step, why it is here, the records; its place only after a grade."""
    opened = open_case(signed_in, reference)
    view, typed = opened.view, signed_in.session.may("see_names")
    with signed_in.logged("consultation", "view case") as draft:
        draft.subject = opened.case.id
        places = places_of(signed_in, view)
        shown = places.row(opened.case.relationship) is not None
        draft.detail = {"relationship": opened.reference, "list": view.listed.id, "score_visible": shown}
        facts = opened.facts
        place = place_of(places, opened.case.relationship)
        with reading(signed_in.desk.engine) as connection:
            deciding = decided_said(connection, opened.case.id, signed_in.at, view.zone, typed=typed)
    parties = opened.file.parties
    names = names_on(signed_in, view, opened.reference, {"subject": parties.subject, "person_at_risk": parties.at_risk})
    return page_of(
        request,
        "cases/page.html",
        head=opened.head,
        facts=facts,
        names=names or {},
        referrals=[
            (referral_in_words(referral, view.days, signed_in.at), event_sentences(referral.events, view.days))
            for referral in opened.case.referrals
        ],
        earlier=opened.earlier,
        open_cases=opened.others,
        place=place,
        decided=deciding,
        may_take_back=_may(opened, "decide_back"),
        may_record=_may(opened, "record_voice"),
        leaving=leaving_links(opened, lambda act: _may(opened, act)),
    )


def _may(opened: OpenCase, act: str) -> bool:
    answer = allowed(act, opened.case.state, opened.signed_in.session.person)  # type: ignore[arg-type]
    return not isinstance(answer, Refused)


@router.get("/cases/{reference}/history")
def history_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """Show every act on a case: when, who, what, from which state to which."""
    opened = open_case(signed_in, reference)
    with signed_in.logged("consultation", "view history of a case") as draft:
        draft.subject = opened.case.id
        with reading(signed_in.desk.engine) as connection:
            acts = history_shown(
                connection,
                opened.case.id,
                opened.view.zone,
                signed_in.at,
                typed=signed_in.session.may("see_names"),
                before_grade=opened.case.closed_because == "ungraded",
            )
    return page_of(request, "cases/history.html", head=opened.head, acts=acts)
