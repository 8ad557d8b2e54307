"""What ranks now, fairness in counts, the model card, and the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from serving.audit.checkpoints import verify_log
from serving.audit.log import Verified
from serving.audit.reading import read_entries
from serving.desk.governance.fairness_shown import fairness_shown
from serving.desk.governance.log_choice import ENTRIES_A_PAGE, OPERATIONS, OUTCOMES, ROLES_LOGGED, log_choice_of
from serving.desk.governance.log_shown import log_shown
from serving.desk.governance.promotions_shown import steps
from serving.desk.governance.standing import what_ranks
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may
from threat.charts import Point, points_with_intervals
from threat.errors import IntegrityFailure

router = APIRouter(include_in_schema=False)


@router.get("/governance")
def ranks(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_governance"))]) -> Response:
    """Show what ranks now and until when, what the release depends on, what its checks found, and every promotion."""
    with signed_in.logged("consultation", "view what ranks") as draft:
        answer = what_ranks(signed_in.desk)
        promoted = steps(signed_in.desk)
        draft.subject = answer.run
    return page_of(request, "governance/ranks.html", answer=answer, promoted=promoted)


@router.get("/fairness")
def fairness(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_governance"))]) -> Response:
    """The fairness report of the model in service, in counts. It holds small counts: for governance alone."""
    with signed_in.logged("consultation", "view fairness") as draft:
        answer = fairness_shown(signed_in.desk)
        draft.subject = answer.run
    return page_of(request, "governance/fairness.html", answer=answer)


@router.get("/model-card")
def model_card(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_card"))]) -> Response:
    """The model card of the bundle in service, or, while a rule ranks, what that rule is and why."""
    with signed_in.logged("consultation", "view model card") as draft:
        answer = signed_in.desk.card_page()
        draft.subject = answer.run
    charts: dict[str, list[Markup]] = {}
    for chart in answer.card.get("charts", []):
        points = [Point(**point) for point in chart["points"]]
        drawn = points_with_intervals(chart["title"], chart["sentence"], points)
        charts.setdefault(chart["section"], []).append(Markup(drawn))  # noqa: S704 (every label is escaped there)
    return page_of(request, "governance/card.html", answer=answer, charts=charts)


@router.get("/audit-log")
def log(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_log"))]) -> Response:
    """The entries of the audit log, some at a time, without what people typed; and whether the log is whole.

    Reading the whole chain again takes a second for each 50,000 entries or so, so it is read once, on the first page,
    and not for every filter and page.
    """
    choice = log_choice_of(request.query_params)
    verified: Verified | None = None
    broken = ""
    with signed_in.logged("consultation", "view audit log") as draft:
        read = read_entries(signed_in.desk.engine, choice.wanted(), page=choice.page, size=ENTRIES_A_PAGE)
        # A reference that no entry has may be anything that somebody typed, a name too: the log never holds a name.
        chosen = choice.right() if read.matching else choice.right() | {"reference": ""}
        draft.detail = {"page": read.page, **chosen}
        if choice.is_plain():
            try:
                verified = verify_log(signed_in.desk.engine, signed_in.desk.trust)
            except IntegrityFailure as error:
                broken = error.problem if error.value is None else str(error.value)
            draft.detail["whole"] = not broken
    return page_of(
        request,
        "governance/log.html",
        status=422 if choice.errors else 200,
        verified=verified,
        broken=broken,
        shown=log_shown(choice, read),
        options={"role": ROLES_LOGGED, "operation": OPERATIONS, "outcome": OUTCOMES},
    )
