"""The model card, and the state of the audit log."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from serving.audit import log as audit_log
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may
from threat.charts import Point, points_with_intervals
from threat.errors import IntegrityFailure

router = APIRouter(include_in_schema=False)


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
def audit_state(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("see_log_state"))]) -> Response:
    """Show whether the audit log is whole. Its entries are read with the force's own tools, not here."""
    broken = ""
    verified = audit_log.Verified(0, "", 0, 0)
    with signed_in.logged("access", "verify audit log"):
        try:
            verified = audit_log.verify(signed_in.desk.engine)
        except IntegrityFailure as error:
            broken = str(error.value)
    return page_of(request, "governance/log.html", verified=verified, broken=broken)
