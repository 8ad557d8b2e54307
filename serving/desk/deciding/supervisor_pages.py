"""The page of a supervisor: what is late, what waits for a second person, what was returned, and a sample to read."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from serving.casework.clocks import due_in_words
from serving.casework.supervision import LEAST, Supervision, Unseen, supervision
from serving.casework.words import title
from serving.desk.capacity import capacity_said
from serving.desk.case_head import must_see_address
from serving.desk.deciding.proposal_pages import ProposalRow, row_of
from serving.desk.list_view import ListView
from serving.desk.rendering import page_of
from serving.desk.request import SignedInRequest, may
from serving.desk.words import counted
from serving.storage import reading
from threat.asof import DAY
from threat.dates import moment
from threat.ids import show_id

router = APIRouter(include_in_schema=False)

_SAMPLE_DAYS = 28

Line = tuple[str, str, str]
"""Text of a link, its address, and the rest of the sentence."""


@router.get("/supervisor")
def supervisor(request: Request, signed_in: Annotated[SignedInRequest, Depends(may("supervise"))]) -> Response:
    """Show what a supervisor answers for, each line with a link to where something can be done about it."""
    view = signed_in.desk.view()
    one_in = signed_in.desk.casework.clocks.policy.section.second_reader_one_in
    with signed_in.logged("consultation", "view what a supervisor answers for") as draft:
        draft.subject = view.listed.id
        with reading(signed_in.desk.engine) as connection:
            now = supervision(connection, signed_in.at, signed_in.at - _SAMPLE_DAYS * DAY, one_in)
            capacity = capacity_said(connection, view, signed_in.at)
    return page_of(
        request,
        "deciding/supervisor.html",
        capacity=capacity,
        sections=_sections(now, view, signed_in.at, one_in),
        spread=_spread(now),
        owners=f"{now.without_owner:,} of {counted(now.open_cases, 'open case')} without an owner: the unit's.",
    )


def _sections(now: Supervision, view: ListView, at: int, one_in: int) -> list[tuple[str, str, list[Line]]]:
    zone = view.zone
    kept = f"Sample to read: one in {one_in} of the grades that were kept, and every sealed one"
    return [
        ("must-see", "Must see, not seen yet", [_unseen(each, at, zone) for each in now.unseen]),
        ("triage", "Past its time for a grade", [_case(each.id, each.due_at, at, zone) for each in now.late_triage]),
        (
            "decisions",
            "Past its time for a decision",
            [_case(each.id, each.due_at, at, zone) for each in now.late_decisions],
        ),
        ("plans", "Past its time for a plan", [_case(case, due, at, zone) for case, due in now.late_plans]),
        ("confirm", "Waits for a second person", [_of(row_of(each, at, zone)) for each in now.to_confirm]),
        ("returned", "Returned, and nothing proposed since", [_of(row_of(each, at, zone)) for each in now.returned]),
        (
            "views",
            "Person at risk not asked by the day that was set",
            [
                (
                    case,
                    f"/cases/{case}/voice",
                    f"{title('voice', voice.state)}, {due_in_words(voice.by_when or 0, at, zone)}",
                )
                for case, voice in now.not_asked
            ],
        ),
        (
            "refused",
            "Refused on cases in the last 7 days",
            [(each.case_id, f"/cases/{each.case_id}", f"{each.who}, {each.action}") for each in now.refusals],
        ),
        (
            "sample",
            kept,
            [
                (
                    each.case_id,
                    f"/cases/{each.case_id}",
                    f"{title('grade', each.first)}{', sealed' if each.sealed else ''}, {moment(each.at, zone)}",
                )
                for each in now.sample
            ],
        ),
        (
            "changed",
            "Grades changed after the order was shown, 28 days",
            [
                (
                    each.case_id,
                    f"/cases/{each.case_id}",
                    f"{title('grade', each.first)} to {title('grade', each.grade)}: "
                    f"{title('grade_reason', each.look_why or 'cannot_say').lower()}",
                )
                for each in now.changed
            ],
        ),
    ]


def _unseen(each: Unseen, at: int, zone: str) -> Line:
    referral = each.referral
    case = str(referral.case_id)
    event = show_id("E", referral.events[0].event) if referral.events else ""
    last = f"last opened by {each.opened_by}" if each.opened_by else "nobody has opened it"
    return case, must_see_address(event, case), f"{due_in_words(referral.due_at, at, zone)}; {last}"


def _case(case: str, due: int, at: int, zone: str) -> Line:
    return case, f"/cases/{case}", due_in_words(due, at, zone)


def _of(row: ProposalRow) -> Line:
    return row.case_id, f"/proposals/{row.id}", row.sentence


def _spread(now: Supervision) -> str:
    spread = now.spread
    if spread.quarters is None:
        return f"Time on a case is shown from {LEAST} cases on; there are {spread.count:,} in 28 days."
    first, middle, third = spread.quarters
    return (
        f"Time on a case in 28 days, of {counted(spread.count, 'case')} of the unit: half took {first:,} to {third:,} "
        f"seconds, the middle one {middle:,}."
    )
