"""What waits for a second person: the list, and the page of one proposal with its three answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.casework.act import Conflict
from serving.casework.case import NotAllowed
from serving.casework.clocks import due_in_words
from serving.casework.decide import confirm, return_proposal
from serving.casework.decision import problems
from serving.casework.decision_read import read_decision, standing_of
from serving.casework.proposal import SAID, Proposal, proposal_now, proposals, waiting_for, why_not
from serving.casework.transitions import Allowed, transitions
from serving.casework.words import title
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, conflict_page, forget_begun, refused
from serving.desk.decision_words import (
    decision_said,
    errors_of,
    proposal_said,
    voices_said,
    who_confirms,
    without_texts,
)
from serving.desk.form import Form
from serving.desk.open_case import OpenCase, open_case
from serving.desk.problems import Denied
from serving.desk.reason_form import FieldError
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.storage import reading
from threat.errors import UsageError

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]

_ANSWERS = [
    ("confirmed", "Confirm it", "It takes effect as it is, from now."),
    ("returned", "Return it with a message", "It does not take effect."),
]


@dataclass(frozen=True)
class ProposalRow:
    """A proposal in a list: its reference, its case, and in a sentence what it is and where it stands."""

    id: str
    case_id: str
    sentence: str


@router.get("/proposals")
def waiting(request: Request, signed_in: Reader) -> Response:
    """List what waits for the reader, and what the reader proposed; each is answered on a page of its own."""
    with signed_in.logged("consultation", "view proposals"), reading(signed_in.desk.engine) as connection:
        everything = proposals(connection, signed_in.at)
        mine = [each for each in everything if each.by == signed_in.session.person.id]
        for_me = waiting_for(connection, signed_in.session.person, signed_in.at)
        zone = signed_in.desk.view().zone
        lists = [
            ("for-you", "Waits for you", [row_of(each, signed_in.at, zone) for each in for_me]),
            ("yours", "Proposed by you", [row_of(each, signed_in.at, zone) for each in reversed(mine)][:20]),
        ]
    return page_of(request, "deciding/proposals.html", lists=lists)


def row_of(proposal: Proposal, at: int, zone: str) -> ProposalRow:
    """Return a proposal as a line of a list. ``at``: UTC seconds."""
    due = f", {due_in_words(proposal.expires_at, at, zone)}" if proposal.is_open else ""
    said = f"{title('proposal_kind', proposal.kind)}, by {proposal.who}{due}. {SAID[proposal.standing]}"
    return ProposalRow(proposal.id, proposal.case_id, said)


@router.get("/proposals/{reference}")
def proposal_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """Show what is proposed, why, whether its rules are met now, and who may answer."""
    return _page(request, signed_in, _proposal(signed_in, reference), None)


@router.post("/proposals/{reference}")
def answer(
    request: Request, reference: Reference, signed_in: Reader, posted: Annotated[Form, Depends(posted_form)]
) -> Response:
    """Confirm a proposal, or return it with a message."""
    signed_in.require_form(posted.value("token"), "answer a proposal")
    proposal = _proposal(signed_in, reference)
    result, message = posted.value("answer"), posted.text("message")
    form = ActForm(posted, posted.act_id(), posted.version())
    errors: tuple[FieldError, ...] = ()
    if result not in {code for code, _, _ in _ANSWERS}:
        errors = (FieldError("Choose an answer.", "answer"),)
    elif result == "returned" and not message:
        errors = (FieldError("Write the message that goes back with it.", "message"),)
    if errors:
        return _page(request, signed_in, proposal, ActForm(posted, form.act_id, form.version, errors))
    within = transitions().act(proposal.act).authenticated_within
    if within:
        signed_in.require_recent(within, "answer a proposal")
    casework, act, version = signed_in.desk.casework, act_of(signed_in, posted), posted.version()
    try:
        if result == "confirmed":
            confirm(casework, act, proposal.id, version)
        else:
            return_proposal(casework, act, proposal.id, version, message)
    except Conflict as conflict:
        opened = open_case(signed_in, proposal.case_id)
        yours = [("Answer", title("proposal_result", result)), ("Message", message or "None")]
        zone = opened.view.zone
        return conflict_page(
            request, opened.head, conflict, action=request.url.path, form=posted, yours=yours, zone=zone
        )
    except NotAllowed as error:
        denied = Denied(error.problem, status=403, value=proposal.id, way_out=error.way_out)
        signed_in.refuse(denied, "answer a proposal")
    except UsageError as error:
        return _page(request, signed_in, _proposal(signed_in, reference), refused(form, error))
    forget_begun(signed_in, request.url.path)
    return RedirectResponse(f"/cases/{proposal.case_id}", status_code=303)


def _proposal(signed_in: SignedInRequest, reference: str) -> Proposal:
    with reading(signed_in.desk.engine) as connection:
        return proposal_now(connection, reference, signed_in.at)


def _page(request: Request, signed_in: SignedInRequest, proposal: Proposal, form: ActForm | None) -> Response:
    opened = open_case(signed_in, proposal.case_id)
    zone, clocks = opened.view.zone, signed_in.desk.casework.clocks
    typed = signed_in.session.may("see_names")
    form = form or begun_form(signed_in, request.url.path, zone, version=opened.case.version)
    with signed_in.logged("consultation", "view proposal") as draft:
        draft.subject = opened.case.id
        draft.detail = {"proposal": proposal.id}
        with reading(signed_in.desk.engine) as connection:
            voices = voices_said(connection, opened.case.id, signed_in.at, zone, typed=typed)
            given = read_decision(connection, proposal.proposed)
            said = proposal_said(connection, proposal, signed_in.at, zone, typed=typed)
            missing = problems(given, standing_of(connection, opened.case.id, clocks, signed_in.at))
            refused_because = why_not(proposal, signed_in.session.person)
    return page_of(
        request,
        "deciding/proposal.html",
        status=422 if form.errors else 200,
        head=opened.head,
        facts=opened.facts,
        proposal=proposal,
        said=said,
        decision=decision_said(given if typed else without_texts(given), voices, zone),
        missing=[error.text for error in errors_of(missing)] if proposal.is_open else [],
        who=who_confirms(proposal.act),
        why_not=refused_because.reason if refused_because else "",
        may_change=_may_change(opened, proposal),
        answers=_ANSWERS,
        form=form,
    )


def _may_change(opened: OpenCase, proposal: Proposal) -> bool:
    """Tell whether this person could decide otherwise in place of it, by themselves."""
    person, state = opened.signed_in.session.person, opened.case.state
    answers = (transitions().allowed(act, state, person) for act in ("decide_plan", "decide_watch"))  # type: ignore[arg-type]
    return proposal.is_open and any(isinstance(answer, Allowed) and answer.alone for answer in answers)
