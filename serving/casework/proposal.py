"""What one person proposes and another confirms, returns or changes: one table for every act that needs two.

Nobody answers their own proposal, in whatever role. It is of one version of the case: whatever happens to the case in
between overtakes it, and it has to be proposed again by somebody who knows of that. There is no answering in bulk.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, select

from serving.casework.act import Work
from serving.casework.case import NotAllowed
from serving.casework.clocks import Clocks, overdue
from serving.casework.decision_tables import PROPOSAL_ANSWERS, PROPOSALS
from serving.casework.tables import ACTS, CASES
from serving.casework.transitions import Actor, Refused, transitions
from serving.casework.words import code_to_write
from threat.errors import UsageError

Standing = Literal["open", "expired", "overtaken", "confirmed", "returned", "changed"]

SAID: dict[Standing, str] = {
    "open": "It waits for somebody other than who proposed it.",
    "expired": "Its time is over: nobody answered it, and it can only be proposed again.",
    "overtaken": "Something happened on the case since it was proposed, so it can only be proposed again.",
    "confirmed": "It was confirmed and took effect.",
    "returned": "It was returned with a message and did not take effect.",
    "changed": "It was changed: another decision took effect in its place.",
}
"""Where a proposal stands, in a sentence."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal with where it stands. Times: UTC seconds.

    ``act``: what happens once it is confirmed; ``proposed``: reference of what is proposed. ``by`` and ``who``: who
    proposed it. ``answered_by``, ``answered_at``: None while nobody has. ``why``, ``message``: ids of texts.
    ``state``: of the case now.
    """

    id: str
    case_id: str
    kind: str
    act: str
    proposed: str
    standing: Standing
    by: str
    who: str
    at: int
    expires_at: int
    why: str
    answered_by: str | None
    answered_at: int | None
    message: str | None
    state: str

    @property
    def is_open(self) -> bool:
        """Tell whether it can be answered."""
        return self.standing == "open"


def propose(work: Work, clocks: Clocks, kind: str, act: str, proposed: str, case: tuple[str, int]) -> str:
    """Write a proposal in an act, and return its reference. ``case``: its id, and its version after this act.

    ``act``: what happens once it is confirmed. The text of why is that of the field ``why``.
    """
    case_id, version = case
    code_to_write("proposal_kind", kind)
    why = work.text_id("why")
    if why is None:
        raise UsageError("It is not said why this is proposed.", where="why")
    due = clocks.due("answer_proposal", work.act.at)
    proposal_id = f"PR-{secrets.token_hex(8)}"
    work.keep(
        PROPOSALS,
        id=proposal_id,
        case_id=case_id,
        kind=kind,
        proposed_act=act,
        proposed=proposed,
        case_version=version,
        text_id=why,
        expires_at=due.at,
        expires_rule=due.rule,
    )
    work.detail |= {"proposal": proposal_id}
    return proposal_id


def keep_answer(work: Work, proposal_id: str, result: str) -> None:
    """Write in an act what the other person said; their text is that of the field ``message``."""
    code = code_to_write("proposal_result", result)
    text_id = work.text_id("message")
    if code.requires and text_id is None:
        raise UsageError("The message is missing: say why it is not confirmed as it is.", where="message")
    work.keep(PROPOSAL_ANSWERS, proposal_id=proposal_id, result=result, text_id=text_id)
    work.detail |= {"proposal": proposal_id, "answer": result}


def may_answer(work: Work, proposal: Proposal) -> None:
    """Raise UsageError where a proposal can't be answered any more, and NotAllowed where this person may not.

    An act that asks for it in the table needs a person who proved who they are just now.
    """
    if not proposal.is_open:
        raise UsageError(SAID[proposal.standing], value=proposal.id, way_out="open the case: it says what was done")
    row = transitions().act(proposal.act)
    answer = why_not(proposal, work.act.actor)
    if answer is not None:
        raise NotAllowed(answer.reason, value=proposal.id, where=proposal.act, way_out=answer.way_out)
    if row.authenticated_within and work.act.authenticated_at <= work.act.at - row.authenticated_within:
        raise NotAllowed(
            "This needs a person who has just proved who they are.",
            value=proposal.id,
            where=proposal.act,
            way_out="sign in again and send it then",
        )


def proposal_now(connection: Connection, proposal_id: str, at: int) -> Proposal:
    """Return a proposal as it stands at ``at`` (UTC seconds). Raises UsageError where there is none."""
    row = connection.execute(_query().where(PROPOSALS.c.id == proposal_id)).first()
    if row is None:
        raise UsageError("There is no proposal of this reference.", value=proposal_id, way_out="start from Today")
    return _proposal(row, at)


def proposals(connection: Connection, at: int, case_id: str | None = None) -> tuple[Proposal, ...]:
    """Return every proposal, of one case or of all, the earliest first. ``at``: UTC seconds."""
    query = _query() if case_id is None else _query().where(PROPOSALS.c.case_id == case_id)
    return tuple(_proposal(row, at) for row in connection.execute(query))


def why_not(proposal: Proposal, person: Actor) -> Refused | None:
    """Return why a person may not answer a proposal, by the table of acts; None where they may."""
    state = proposal.state
    answer = transitions().may_confirm(proposal.act, state, person, proposal.by)  # type: ignore[arg-type]
    return answer if isinstance(answer, Refused) else None


def waiting_for(connection: Connection, person: Actor, at: int) -> tuple[Proposal, ...]:
    """Return the open proposals that a person may answer, the earliest first. ``at``: UTC seconds."""
    return tuple(each for each in proposals(connection, at) if each.is_open and why_not(each, person) is None)


def _query() -> Select[Any]:
    answered = ACTS.alias("answered")
    return (
        select(
            PROPOSALS,
            ACTS.c.at,
            ACTS.c.by,
            ACTS.c.who,
            CASES.c.version,
            CASES.c.state,
            PROPOSAL_ANSWERS.c.result,
            PROPOSAL_ANSWERS.c.text_id.label("message"),
            answered.c.at.label("answered_at"),
            answered.c.who.label("answered_by"),
        )
        .join(ACTS, ACTS.c.act_id == PROPOSALS.c.act_id)
        .join(CASES, CASES.c.id == PROPOSALS.c.case_id)
        .outerjoin(PROPOSAL_ANSWERS, PROPOSAL_ANSWERS.c.proposal_id == PROPOSALS.c.id)
        .outerjoin(answered, answered.c.act_id == PROPOSAL_ANSWERS.c.act_id)
        .order_by(ACTS.c.audit)
    )


def _proposal(row: Row[Any], at: int) -> Proposal:
    standing: Standing = "open"
    if row.result is not None:
        standing = row.result
    elif row.version != row.case_version:
        standing = "overtaken"
    elif overdue(row.expires_at, at):
        standing = "expired"
    return Proposal(
        row.id,
        row.case_id,
        row.kind,
        row.proposed_act,
        row.proposed,
        standing,
        row.by,
        row.who,
        row.at,
        row.expires_at,
        row.text_id,
        row.answered_by,
        row.answered_at,
        row.message,
        row.state,
    )
