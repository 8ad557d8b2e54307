"""The page of a relationship, and its names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import HTMLResponse, Response

from serving.desk.case.view import relationship_of
from serving.desk.list_view import reference_of
from serving.desk.parties import parties_of
from serving.desk.people.names import open_names
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may, posted_form

router = APIRouter(include_in_schema=False)

JUSTIFICATIONS = {
    "daily_review": "Daily review by the unit",
    "supervisor_check": "Supervisor's quality check",
    "multi_agency": "Preparing for a multi-agency meeting",
    "disclosure_scheme": "Disclosure scheme request",
    "data_quality": "Correcting a record",
    "demonstration": "Demonstration or system test, synthetic records only",
}
"""Why a name is opened. With free text next to it; both are logged."""


@dataclass(frozen=True)
class NamesForm:
    """What the form for names was sent with, and what is wrong with it; empty for a form that nobody filled in."""

    justification: str = ""
    reason: str = ""

    @property
    def justified(self) -> bool:
        """True for one of the justifications that the form offers."""
        return self.justification in JUSTIFICATIONS

    @property
    def error(self) -> str:
        """First thing to mend, in words; empty when names may be opened for what the form says."""
        if not self.justified:
            return "Choose why you need the names."
        return "" if 5 <= len(self.reason) <= 500 else "Say why in 5 to 500 characters."


@router.get("/relationships/{reference}")
def relationship(
    request: Request,
    reference: Annotated[str, Path(max_length=40)],
    signed_in: Annotated[SignedInRequest, Depends(may("see_cases"))],
) -> Response:
    """Show one relationship: standing and reasons, what changed, the records in both directions, what is not known."""
    return _relationship(request, signed_in, reference, names=None, form=NamesForm())


@router.post("/relationships/{reference}/names")
def names(
    request: Request,
    reference: Annotated[str, Path(max_length=40)],
    signed_in: Annotated[SignedInRequest, Depends(may("see_names"))],
    posted: Annotated[Mapping[str, str], Depends(posted_form)],
) -> Response:
    """The same page with names, for this one answer. Needs a reason, which is logged before anything is read."""
    signed_in.require_form(posted.get("token", ""), "open names")
    form = NamesForm(posted.get("justification", ""), posted.get("reason", "").strip())
    if form.error:
        return _relationship(request, signed_in, reference, names=None, form=form, error=form.error)
    with signed_in.logged("consultation", "open names") as draft:
        view = signed_in.desk.view()
        draft.subject = reference_of(reference)
        draft.detail = {"justification": form.justification, "reason": form.reason}
        relationship_id = view.recorded(reference)
        parties = parties_of(view.snapshot, relationship_id, view.as_of)
        why = f"{JUSTIFICATIONS[form.justification]}: {form.reason}"
        opened = open_names(view.snapshot, parties, reason=why, by=signed_in.session.who)
    return _relationship(request, signed_in, reference, names=opened, form=form)


def _relationship(
    request: Request,
    signed_in: SignedInRequest,
    reference: str,
    *,
    names: Mapping[str, Mapping[str, str]] | None,
    form: NamesForm,
    error: str = "",
) -> HTMLResponse:
    with signed_in.logged("consultation", "view relationship") as draft:
        view = signed_in.desk.view()
        draft.subject = reference_of(reference)
        answer = relationship_of(view, reference)
        draft.detail = {"list": answer.listing.id, "score_visible": answer.standing.kind == "ranked"}
    return page_of(
        request,
        "case/page.html",
        status=422 if error else 200,
        answer=answer,
        opened=names is not None,
        names=names or {},
        justifications=JUSTIFICATIONS,
        form=form,
        error=error,
    )
