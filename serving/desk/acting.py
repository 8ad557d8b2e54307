"""How pages write: who acts in which act, what a refused act says on its form, and two who wrote at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fastapi import Request
from starlette.responses import Response

from serving.casework.act import Act, Conflict
from serving.casework.drafts import draft_of, drop_draft
from serving.casework.transitions import transitions
from serving.desk.act_form import ActForm
from serving.desk.case_head import CaseHead
from serving.desk.form import Form
from serving.desk.reason_form import FieldError
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest
from serving.storage import reading, writing
from threat.dates import moment
from threat.errors import UsageError

_NONE: Mapping[str, str] = MappingProxyType({})

Said = Sequence[tuple[str, str]]
"""What somebody wrote, in words: titles and what is under each."""


def act_of(signed_in: SignedInRequest, form: Form) -> Act:
    """Return the act that a form asks for. Raises UsageError for a form that does not say which act it is."""
    policy = signed_in.desk.casework.clocks.policy.version
    return Act.of(signed_in.session, form.act_id(), signed_in.at, policy)


def begun_form(
    signed_in: SignedInRequest, path: str, zone: str, *, version: int | None = None, carried: Mapping[str, str] = _NONE
) -> ActForm:
    """Return the form of a page: as its reader left it when their session ended, else with nothing chosen.

    ``path``: of the page, by which what was written is kept. ``zone``: in which it is said until when.
    """
    with reading(signed_in.desk.engine) as connection:
        draft = draft_of(connection, signed_in.session.person.id, path, signed_in.at)
    if draft is None:
        return ActForm(version=version, carried=carried)
    fields = Form.from_kept({name: list(values) for name, values in draft.fields.items()})
    return ActForm(fields, version=version, carried=carried, kept_until=moment(draft.expires_at, zone))


def forget_begun(signed_in: SignedInRequest, path: str) -> None:
    """Delete what somebody had begun at a page: it is saved now."""
    person = signed_in.session.person.id
    with reading(signed_in.desk.engine) as connection:
        begun = draft_of(connection, person, path, signed_in.at) is not None
    if begun:  # most forms are saved in the session they were opened in, and need no second write
        with writing(signed_in.desk.engine) as connection:
            drop_draft(connection, person, path)


def refused(form: ActForm, error: UsageError) -> ActForm:
    """Return a form with what an act refused, at its field where the act named one that the form has."""
    text = error.problem if not error.way_out else f"{error.problem} {error.way_out[:1].upper()}{error.way_out[1:]}."
    return ActForm(form.fields, form.act_id, form.version, (FieldError(text, error.where or "form"),), form.carried)


def conflict_page(
    request: Request, head: CaseHead, conflict: Conflict, *, action: str, form: Form, yours: Said, zone: str
) -> Response:
    """Return the page on which both texts are: what others wrote since the page was made, and what was sent.

    ``action``: where the form was sent, and is sent again as a new version. No word is lost: every field goes with it.
    """
    written_since = [
        (
            f"{since.who}, {moment(since.at, zone)}",
            "; ".join([transitions().act(since.act).title, *filter(None, since.texts.values())]),
        )
        for since in conflict.since
    ]
    sent = [(name, value) for name, value in form.fields if name not in ("token", "act_id", "version")]
    return page_of(
        request,
        "cases/conflict.html",
        status=409,
        head=head,
        said=conflict.problem,
        theirs=written_since or [("Somebody", "acted on the case")],
        yours=[*yours],
        form=ActForm(version=conflict.version),
        sent=sent,
        action=action,
        edit=action,
    )
