"""The page of a decision: written, kept for later, checked, saved or proposed; and taking a decision back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from serving.casework.act import Conflict
from serving.casework.case import NotAllowed
from serving.casework.decide import decide, take_back
from serving.casework.decided import InEffect, decided
from serving.casework.decision import Decision, lowers, problems
from serving.casework.decision_read import read_decision, standing_of
from serving.casework.drafts import ToKeep, keep_draft
from serving.casework.proposal import Proposal, proposal_now
from serving.casework.transitions import transitions
from serving.casework.words import vocabulary
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, conflict_page, forget_begun, refused
from serving.desk.deciding.decision_form import (
    decision_of,
    decisions_offered,
    options_offered,
    powers_offered,
)
from serving.desk.decision_words import (
    VoiceSaid,
    decision_said,
    errors_of,
    levels_said,
    proposal_said,
    voices_said,
)
from serving.desk.form import Form
from serving.desk.open_case import OpenCase, open_case
from serving.desk.people.names import names_on
from serving.desk.problems import Denied
from serving.desk.reason_form import FieldError
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.storage import reading
from threat.errors import UsageError

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
Changing = Annotated[str, Query(max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]
Posted = Annotated[Form, Depends(posted_form)]


@dataclass(frozen=True)
class Basis:
    """What a decision of a case is made on: the views that count, the decision before, and the proposal it changes."""

    voices: list[VoiceSaid]
    before: InEffect | None
    before_said: list[tuple[str, str]]
    changing: Proposal | None
    changing_said: list[tuple[str, str]]

    @property
    def voice_id(self) -> str:
        """Return the views that count; empty where there are none."""
        return self.voices[0].id if self.voices else ""

    @property
    def before_id(self) -> str:
        """Return the decision before; empty for none."""
        return self.before.id if self.before else ""


@router.get("/cases/{reference}/decide")
def decide_page(request: Request, reference: Reference, signed_in: Reader, changing: Changing = "") -> Response:
    """The records and gaps of a case, and the form of a decision as its writer left it."""
    opened = open_case(signed_in, reference)
    _require(opened)
    form = begun_form(signed_in, request.url.path, opened.view.zone, version=opened.case.version)
    return _form(request, opened, _basis(opened, changing or _changing(opened, form)), form)


def _changing(opened: OpenCase, begun: ActForm) -> str:
    """Return the proposal that a form was begun to change, while it waits for an answer; else empty."""
    changing = begun.value("changing")
    if not changing:
        return ""
    with reading(opened.signed_in.desk.engine) as connection:
        proposal = proposal_now(connection, changing, opened.signed_in.at)
    return changing if proposal.is_open and proposal.case_id == opened.case.id else ""


@router.post("/cases/{reference}/decide")
def save_decision(request: Request, reference: Reference, signed_in: Reader, posted: Posted) -> Response:
    """Keep a decision for later, show what it says, or save it: by the button that was pressed."""
    signed_in.require_form(posted.value("token"), "decide")
    opened = open_case(signed_in, reference)
    _require_or_repeat(opened, posted)
    do, basis = posted.value("do"), _basis(opened, posted.value("changing"))
    form = ActForm(posted, posted.act_id(), posted.version())
    if do == "keep":
        _keep(signed_in, request.url.path, opened, posted)
        return RedirectResponse(f"/cases/{reference}", status_code=303)
    if do == "edit":
        return _form(request, opened, basis, replace(form, version=opened.case.version))
    given = decision_of(posted, opened.case.id, posted.value("voice") or basis.voice_id, opened.view.zone)
    if do != "save":
        return _checked(request, opened, basis, form, given)
    return _save(request, opened, basis, form, given)


def _save(request: Request, opened: OpenCase, basis: Basis, form: ActForm, given: Decision) -> Response:
    signed_in, zone = opened.signed_in, opened.view.zone
    if basis.changing is not None:
        seconds = transitions().act(basis.changing.act).authenticated_within
        if seconds:
            signed_in.require_recent(seconds, "change a proposal")
    changing = "" if basis.changing is None else basis.changing.id
    try:
        done = decide(
            signed_in.desk.casework,
            act_of(signed_in, form.fields),
            given,
            changing=changing,
            message=form.fields.text("message"),
        )
    except Conflict as conflict:
        yours = decision_said(given, basis.voices, zone)
        now = open_case(signed_in, opened.case.id)
        fields = Form(tuple((name, "edit" if name == "do" else value) for name, value in form.fields.fields))
        return conflict_page(request, now.head, conflict, action=request.url.path, form=fields, yours=yours, zone=zone)
    except NotAllowed as error:
        signed_in.refuse(Denied(error.problem, status=403, value=opened.case.id, way_out=error.way_out), "decide")
    except UsageError as error:
        return _form(request, opened, basis, refused(form, error))
    forget_begun(signed_in, request.url.path)
    onward = f"/proposals/{done.result}" if done.result.startswith("PR-") else f"/cases/{opened.case.id}"
    return RedirectResponse(onward, status_code=303)


def _checked(request: Request, opened: OpenCase, basis: Basis, form: ActForm, given: Decision) -> Response:
    """Return the page on which a whole decision is read once more, or the form with everything that it lacks."""
    signed_in, clocks, zone = opened.signed_in, opened.signed_in.desk.casework.clocks, opened.view.zone
    with reading(signed_in.desk.engine) as connection:
        now = standing_of(connection, opened.case.id, clocks, signed_in.at)
    offered = {name: said for name, _, said in decisions_offered(opened.case, signed_in.session.person)}
    errors = errors_of(problems(given, now))
    if form.value("decision") not in offered:
        errors = (FieldError("Choose a decision.", "decision"), *errors)
    if basis.changing is not None and not form.value("message").strip():
        errors = (*errors, FieldError("Say why it is changed.", "message"))
    two = lowers(given, now.earlier) or not offered.get(given.act, "").startswith("Takes effect")
    if two and basis.changing is None and not given.why and not any(error.field == "why" for error in errors):
        errors = (*errors, FieldError("Say why you propose it: another person has to confirm it.", "why"))
    if errors:
        return _form(request, opened, basis, replace(form, errors=errors))
    with signed_in.logged("consultation", "check a decision before it is saved") as draft:
        draft.subject = opened.case.id
    said = decision_said(given, basis.voices, zone)
    said += [("Why it is changed", form.value("message").strip())] if basis.changing else []
    two = two and basis.changing is None
    return page_of(
        request,
        "deciding/check.html",
        head=opened.head,
        said=said,
        two=two,
        lowers=lowers(given, now.earlier),
        button=("Propose it: " if two else "") + transitions().act(given.act).title,
        form=form,
        sent=[(name, value) for name, value in form.fields.fields if name not in ("token", "act_id", "version", "do")],
    )


def _form(request: Request, opened: OpenCase, basis: Basis, form: ActForm) -> Response:
    signed_in, view = opened.signed_in, opened.view
    with signed_in.logged("consultation", "view case to decide") as draft:
        draft.subject = opened.case.id
        draft.detail = {"relationship": opened.reference, "list": view.listed.id, "score_visible": False}
        facts = opened.facts
    parties = opened.file.parties
    names = names_on(signed_in, view, opened.reference, {"subject": parties.subject, "person_at_risk": parties.at_risk})
    likely, others = options_offered({fact.code for fact in facts.relied_on})
    carried = {"supersedes": basis.before_id, "voice": basis.voice_id}
    carried |= {"changing": basis.changing.id} if basis.changing else {}
    return page_of(
        request,
        "deciding/decide.html",
        status=422 if form.errors else 200,
        head=opened.head,
        facts=facts,
        names=names or {},
        earlier=opened.earlier,
        open_cases=opened.others,
        basis=basis,
        voices=basis.voices,
        form=replace(form, carried=carried),
        decisions=decisions_offered(opened.case, signed_in.session.person),
        levels=[
            (each.code, each.title, each.meaning)
            for each in levels_said(signed_in.desk.casework.clocks, signed_in.at, view.zone)
        ],
        confidences=_choices("confidence"),
        strategies=_choices("strategy"),
        powers=powers_offered(),
        power_choices=_choices("power"),
        others_open=any(form.value(f"option.{each.option}") or form.error(f"option.{each.option}") for each in others),
        likely=likely,
        others=others,
    )


def _choices(name: str) -> list[tuple[str, str, str]]:
    codes = vocabulary(name).in_use()  # type: ignore[arg-type]
    return [(key, code.title, code.meaning) for key, code in codes.items()]


def _basis(opened: OpenCase, changing: str) -> Basis:
    signed_in, zone = opened.signed_in, opened.view.zone
    with reading(signed_in.desk.engine) as connection:
        voices = voices_said(connection, opened.case.id, signed_in.at, zone)
        before = decided(connection, opened.case.id)
        said = [] if before is None else decision_said(read_decision(connection, before.id), voices, zone)
        proposal = proposal_now(connection, changing, signed_in.at) if changing else None
        if proposal is not None and proposal.case_id != opened.case.id:
            raise UsageError("The proposal is of another case.", value=changing, way_out="open the proposal again")
        proposed = [] if proposal is None else proposal_said(connection, proposal, signed_in.at, zone)
    return Basis(voices, before, said, proposal, proposed)


def _require(opened: OpenCase) -> None:
    """Raise Denied where this person may make or propose no decision in this case."""
    if not decisions_offered(opened.case, opened.signed_in.session.person):
        opened.require("decide_plan")


def _require_or_repeat(opened: OpenCase, posted: Form) -> None:
    # A second click on the button comes when the first has moved the case: the act knows it, and answers the same.
    if posted.value("do") != "save":
        _require(opened)


def _keep(signed_in: SignedInRequest, path: str, opened: OpenCase, posted: Form) -> None:
    kept = {name: values for name, values in posted.kept().items() if name != "do"}
    with signed_in.logged_change("alteration", "keep a draft of a decision") as (connection, draft):
        draft.subject = opened.case.id
        form = ToKeep(path, kept, opened.case.id, posted.version())
        keep_draft(connection, signed_in.session.person.id, form, signed_in.at)


@router.get("/cases/{reference}/take-back")
def take_back_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """The form that takes a decision to plan back."""
    opened = open_case(signed_in, reference)
    opened.require("decide_back")
    form = begun_form(signed_in, request.url.path, opened.view.zone, version=opened.case.version)
    return _take_back(request, opened, form)


@router.post("/cases/{reference}/take-back")
def save_take_back(request: Request, reference: Reference, signed_in: Reader, posted: Posted) -> Response:
    """Take the decision to plan back, with why: the case waits for a decision again."""
    signed_in.require_form(posted.value("token"), "take a decision back")
    opened = open_case(signed_in, reference)
    form = ActForm(posted, posted.act_id(), posted.version())
    try:
        take_back(
            signed_in.desk.casework, act_of(signed_in, posted), opened.case.id, posted.version(), posted.text("why")
        )
    except Conflict as conflict:
        yours = [("Why", posted.text("why"))]
        zone = opened.view.zone
        return conflict_page(
            request, opened.head, conflict, action=request.url.path, form=posted, yours=yours, zone=zone
        )
    except NotAllowed as error:
        signed_in.refuse(Denied(error.problem, status=403, value=reference, way_out=error.way_out), "take back")
    except UsageError as error:
        return _take_back(request, opened, refused(form, error))
    forget_begun(signed_in, request.url.path)
    return RedirectResponse(f"/cases/{reference}", status_code=303)


def _take_back(request: Request, opened: OpenCase, form: ActForm) -> Response:
    basis = _basis(opened, "")
    with opened.signed_in.logged("consultation", "view decision to take back") as draft:
        draft.subject = opened.case.id
    return page_of(
        request,
        "deciding/take_back.html",
        status=422 if form.errors else 200,
        head=opened.head,
        basis=basis,
        form=form,
    )
