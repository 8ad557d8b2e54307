"""Who may sign in: the list, one person with every change of them, and the forms that add and change people."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import RedirectResponse, Response

from serving.casework.drafts import Draft, draft_of, drop_draft
from serving.desk.admin.person_form import NOBODY, PersonForm
from serving.desk.form import Form
from serving.desk.problems import Denied, NotFound
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, authenticated_within, may, posted_form
from serving.identity import people
from serving.identity.people import JUSTIFICATIONS, Change, Why
from serving.identity.person import AUTHORITIES, Person
from serving.identity.roles import ROLES
from serving.identity.sessions import RECENT_SECONDS
from serving.storage import reading
from threat.errors import UsageError

router = APIRouter(include_in_schema=False)

Reference = Annotated[str, Path(max_length=40)]
MaySee = Annotated[SignedInRequest, Depends(may("see_people"))]
MayChange = Annotated[SignedInRequest, Depends(may("change_people"))]

_TO_FILL_IN_SECONDS = 3 * RECENT_SECONDS
"""A form is shown to somebody who has just proved who they are, and may be sent somewhat later."""


@router.get("/admin/people")
def everybody(request: Request, signed_in: MaySee) -> Response:
    """List everybody who may sign in, or ever could."""
    desk = signed_in.desk
    with signed_in.logged("consultation", "view people"), reading(desk.engine) as connection:
        listed = people.everybody(connection, desk.sign_in.issuer)
    return page_of(request, "admin/people.html", listed=listed)


@router.get("/admin/people/add")
def new_person(
    request: Request,
    signed_in: MayChange,
    _recent: Annotated[None, Depends(authenticated_within(RECENT_SECONDS))],
) -> Response:
    """Show the form that adds a person."""
    _require_provider(signed_in)
    with signed_in.logged("access", "view the form that adds a person"):
        pass
    begun = _begun(signed_in, request.url.path)
    form = PersonForm.sent(Form.from_kept(begun.fields)) if begun else PersonForm.of(NOBODY)
    return _new_person_page(request, form, begun=begun is not None)


@router.post("/admin/people/add")
def add_person(
    request: Request,
    signed_in: MayChange,
    _recent: Annotated[None, Depends(authenticated_within(_TO_FILL_IN_SECONDS))],
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Add a person, who may sign in from now on."""
    signed_in.require_form(posted.value("token"), "add a person")
    _require_provider(signed_in)
    form = PersonForm.sent(posted)
    try:
        standing = form.standing()
        with signed_in.logged_change("collection", "add a person") as (connection, draft):
            why = Why(signed_in.session.person.id, form.fields["justification"])
            account = form.account(signed_in.desk.sign_in.issuer)
            person = people.add(connection, account, standing, why, signed_in.at)
            draft.subject = person.id
            draft.detail = {"justification": why.justification, **standing.as_detail()}
            drop_draft(connection, signed_in.session.person.id, request.url.path)
    except UsageError as error:
        return _new_person_page(request, form.with_error(error))
    return RedirectResponse(f"/admin/people/{person.id}", status_code=303)


@router.get("/admin/people/{reference}")
def person(request: Request, reference: Reference, signed_in: MaySee) -> Response:
    """Show a person and every change of them; to who may change them, and proved who they are, with the form."""
    return _person_page(request, signed_in, reference)


@router.post("/admin/people/{reference}")
def change_person(
    request: Request,
    reference: Reference,
    signed_in: MayChange,
    _recent: Annotated[None, Depends(authenticated_within(_TO_FILL_IN_SECONDS))],
    posted: Annotated[Form, Depends(posted_form)],
) -> Response:
    """Change what is said of a person; it holds from their next request on."""
    signed_in.require_form(posted.value("token"), "change a person")
    if reference == signed_in.session.person.id:
        signed_in.refuse(
            Denied(
                "Nobody changes their own roles, authority or training.",
                status=403,
                way_out="ask another administrator",
            ),
            "change a person",
        )
    form = PersonForm.sent(posted)
    try:
        standing, version = form.standing(), posted.version()
        with signed_in.logged_change("alteration", "change a person") as (connection, draft):
            why = Why(signed_in.session.person.id, form.fields["justification"])
            _, differing = people.change(connection, reference, version, standing, why, signed_in.at)
            draft.subject = reference
            draft.detail = {"justification": why.justification, "changed": list(differing), **standing.as_detail()}
            drop_draft(connection, signed_in.session.person.id, request.url.path)
    except UsageError as error:
        return _person_page(request, signed_in, reference, form.with_error(error))
    return RedirectResponse(f"/admin/people/{reference}", status_code=303)


def _person_page(
    request: Request, signed_in: SignedInRequest, reference: str, sent: PersonForm | None = None
) -> Response:
    with signed_in.logged("consultation", "view who may sign in") as draft:
        shown, changes, names = _person_of(signed_in, reference)
        draft.subject = shown.id
    may_change = signed_in.session.may("change_people") and shown.id != signed_in.session.person.id
    begun = _begun(signed_in, f"/admin/people/{shown.id}") if may_change and sent is None else None
    return page_of(
        request,
        "admin/person.html",
        status=422 if sent else 200,
        shown=shown,
        changes=changes,
        names=names,
        may_change=may_change,
        recent=signed_in.session.is_recent(RECENT_SECONDS if sent is None else _TO_FILL_IN_SECONDS, signed_in.at),
        form=sent
        or (begun and PersonForm.sent(Form.from_kept(begun.fields)))
        or PersonForm.of(people.standing_of(shown)),
        version=begun.seen_version if begun and begun.seen_version else shown.version,
        begun=begun is not None,
        choices=_CHOICES,
    )


def _begun(signed_in: SignedInRequest, path: str) -> Draft | None:
    """Return the form of a page that was sent too long after a proof, to be looked at and sent again."""
    with reading(signed_in.desk.engine) as connection:
        return draft_of(connection, signed_in.session.person.id, path, signed_in.at)


def _person_of(signed_in: SignedInRequest, reference: str) -> tuple[Person, tuple[Change, ...], dict[str, str]]:
    """Return a person, every change of them, and the names of who made the changes."""
    with reading(signed_in.desk.engine) as connection:
        listed = {person.id: person for person in people.everybody(connection, signed_in.desk.sign_in.issuer)}
        if reference not in listed:
            raise NotFound(
                "There is no person of this reference.", value=reference, way_out="start from the list of people"
            )
        changes = people.changes_of(connection, reference)
    return listed[reference], changes, {person.id: person.shown for person in listed.values()}


def _new_person_page(request: Request, form: PersonForm, *, begun: bool = False) -> Response:
    status = 422 if form.error else 200
    return page_of(request, "admin/add.html", status=status, form=form, choices=_CHOICES, begun=begun)


def _require_provider(signed_in: SignedInRequest) -> None:
    """Refuse to add somebody whom nobody could vouch for: the development sign-in has people of its own."""
    if signed_in.desk.sign_in.provider is None:
        signed_in.refuse(
            Denied(
                "People of the development sign-in come from its own file, and nobody is added to them.",
                status=403,
                way_out="set an identity provider, or change one of those who are there",
            ),
            "add a person",
        )


_CHOICES = {
    "roles": [(name, role.title, role.does) for name, role in ROLES.items()],
    "authorities": [(authority, authority.capitalize()) for authority in AUTHORITIES],
    "justifications": JUSTIFICATIONS,
}
