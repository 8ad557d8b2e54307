"""The pages by which a case leaves and is opened again: letting go, a second person who reads it, opening again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.casework.act import Act, Conflict, Done
from serving.casework.case import NotAllowed
from serving.casework.judged import reading_waits
from serving.casework.letting_go import OnRecord, agree_to_let_go, blocks, let_go, reopen
from serving.casework.night import batches_of_lists, on_record
from serving.casework.sealing import Sealer
from serving.casework.transitions import transitions
from serving.casework.watched import watched
from serving.desk.act_form import ActForm
from serving.desk.acting import act_of, begun_form, conflict_page, forget_begun, refused
from serving.desk.form import Form
from serving.desk.open_case import OpenCase, open_case
from serving.desk.problems import Denied
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form
from serving.storage import reading
from threat.errors import ThreatError, UsageError

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
Reader = Annotated[SignedInRequest, Depends(may("see_cases"))]
Posted = Annotated[Form, Depends(posted_form)]


@dataclass(frozen=True)
class Leaving:
    """A page of one act. ``field``: what is typed, empty for nothing; ``further``: address and words of another way."""

    act: str
    path: str
    lead: str
    field: str = ""
    label: str = ""
    hint: str = ""
    further: tuple[str, str] = ("", "")


LET_GO = Leaving(
    "let_go",
    "let-go",
    "Nobody works on the case afterwards. A new record or a referral opens it again at once. Some of the cases that "
    "are let go are drawn by chance and read by a second person.",
    "note",
    "Anything to add",
    "Not needed. Don't write names here.",
)
REOPEN = Leaving(
    "reopen",
    "reopen",
    "The case waits for a grade again.",
    "why",
    "Why it is opened again",
    "Needed. Don't write names here.",
)
READ_AGAIN = Leaving(
    "agree_to_let_go",
    "read-again",
    "This case was let go and drawn by chance for a second person. Read its page first: is it right that nobody works "
    "on it?",
    further=("reopen", "Look again: open the case again"),
)


@router.get("/cases/{reference}/let-go")
def let_go_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """Show what keeps a case from being let go, or the form that lets it go."""
    return _get(request, reference, signed_in, LET_GO)


@router.post("/cases/{reference}/let-go")
def save_let_go(request: Request, reference: Reference, signed_in: Reader, posted: Posted) -> Response:
    """Let a case go; one in so many is drawn for a second person."""

    def act_on(opened: OpenCase, act: Act) -> Done:
        desk = signed_in.desk
        drawing = Sealer(desk.sealer.key, desk.casework.clocks.policy.section.second_reader_one_in)
        ref, version, note = opened.case.id, posted.version(), posted.text("note")
        return let_go(desk.casework, act, ref, version, note, history=_on_record(opened), drawing=drawing)

    return _post(request, reference, signed_in, posted, LET_GO, act_on)


@router.get("/cases/{reference}/reopen")
def reopen_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """The form that opens a case again on which nobody works."""
    return _get(request, reference, signed_in, REOPEN)


@router.post("/cases/{reference}/reopen")
def save_reopen(request: Request, reference: Reference, signed_in: Reader, posted: Posted) -> Response:
    """Open a case again, with why: it waits for a grade."""

    def act_on(opened: OpenCase, act: Act) -> Done:
        return reopen(signed_in.desk.casework, act, opened.case.id, posted.version(), posted.text("why"))

    return _post(request, reference, signed_in, posted, REOPEN, act_on)


@router.get("/cases/{reference}/read-again")
def read_again_page(request: Request, reference: Reference, signed_in: Reader) -> Response:
    """The form by which a second person agrees that a case was let go, or goes on to open it again."""
    return _get(request, reference, signed_in, READ_AGAIN)


@router.post("/cases/{reference}/read-again")
def save_read_again(request: Request, reference: Reference, signed_in: Reader, posted: Posted) -> Response:
    """Agree that a case was let go."""

    def act_on(opened: OpenCase, act: Act) -> Done:
        return agree_to_let_go(signed_in.desk.casework, act, opened.case.id, posted.version())

    return _post(request, reference, signed_in, posted, READ_AGAIN, act_on)


def leaving_links(opened: OpenCase, may_do: Callable[[str], bool]) -> list[tuple[str, str]]:
    """Return the pages of leaving and opening again that a reader of a case may go to: address and words of each."""
    links = []
    with reading(opened.signed_in.desk.engine) as connection:
        waits = reading_waits(connection, opened.case.id) if opened.case.state == "closed" else None
    if may_do("let_go") and not opened.case.referrals:
        links.append((f"/cases/{opened.case.id}/let-go", "Let the case go"))
    if waits is not None and waits.by != opened.signed_in.session.person.id and may_do("agree_to_let_go"):
        links.append((f"/cases/{opened.case.id}/read-again", "Read it as the second person"))
    if may_do("reopen"):
        links.append((f"/cases/{opened.case.id}/reopen", "Open the case again"))
    return links


def _on_record(opened: OpenCase) -> OnRecord:
    desk = opened.signed_in.desk
    with reading(desk.engine) as connection:
        lists = {case.look.list_id for case in watched(connection, opened.case.id)} - {""}
    seen = batches_of_lists(lists, desk.store, desk.var)
    return on_record(desk.casework, opened.view.snapshot, seen, opened.case.id, opened.signed_in.at)


def _blocks(opened: OpenCase) -> Sequence[ThreatError]:
    desk = opened.signed_in.desk
    history = _on_record(opened)
    with reading(desk.engine) as connection:
        [case] = watched(connection, opened.case.id)
        return blocks(connection, desk.casework.clocks, case, history, opened.signed_in.at)


def _get(request: Request, reference: str, signed_in: SignedInRequest, leaving: Leaving) -> Response:
    opened = open_case(signed_in, reference)
    opened.require(leaving.act)
    blocking = _blocks(opened) if leaving is LET_GO else ()
    form = begun_form(signed_in, request.url.path, opened.view.zone, version=opened.case.version)
    return _show(request, opened, leaving, form, blocking)


def _post(
    request: Request,
    reference: str,
    signed_in: SignedInRequest,
    posted: Form,
    leaving: Leaving,
    act_on: Callable[[OpenCase, Act], Done],
) -> Response:
    signed_in.require_form(posted.value("token"), leaving.act.replace("_", " "))
    opened = open_case(signed_in, reference)
    form = ActForm(posted, posted.act_id(), posted.version())
    try:
        act_on(opened, act_of(signed_in, posted))
    except Conflict as conflict:
        yours = [(leaving.label, posted.text(leaving.field))] if leaving.field else []
        zone = opened.view.zone
        return conflict_page(
            request, opened.head, conflict, action=request.url.path, form=posted, yours=yours, zone=zone
        )
    except NotAllowed as error:
        signed_in.refuse(Denied(error.problem, status=403, value=reference, way_out=error.way_out), leaving.act)
    except UsageError as error:
        blocking = _blocks(opened) if leaving is LET_GO and opened.case.state == "watching" else ()
        return _show(request, opened, leaving, refused(form, error), blocking)
    forget_begun(signed_in, request.url.path)
    return RedirectResponse(f"/cases/{reference}", status_code=303)


def _show(
    request: Request, opened: OpenCase, leaving: Leaving, form: ActForm, blocking: Sequence[ThreatError]
) -> Response:
    row = transitions().act(leaving.act)
    with opened.signed_in.logged("consultation", f"view form to {leaving.act.replace('_', ' ')}") as draft:
        draft.subject = opened.case.id
    return page_of(
        request,
        "cases/leaving.html",
        status=422 if form.errors else 200,
        head=opened.head,
        leaving=leaving,
        title=row.title,
        button=row.button,
        blocking=[
            (error.problem, ": ".join(part for part in (str(error.value or ""), error.way_out or "") if part))
            for error in blocking
        ],
        earlier=opened.earlier,
        open_cases=opened.others,
        form=form,
    )
