"""Acts of deciding: decide or propose to, confirm, return with a message, change, and take a decision back.

Who does which alone is in the table of acts. A decision of a lower level than the one before is never made alone.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from serving.casework.act import Act, Casework, Conflict, Content, Done, Work, acting, acts_since
from serving.casework.case import NotAllowed, begin, head_of, move
from serving.casework.decided import LEVELS, decided, is_lower
from serving.casework.decision import Decision, keep_decision, lowers, next_step_due, problems
from serving.casework.decision_read import read_decision, standing_of
from serving.casework.decision_tables import DECISIONS, DECISIONS_IN_EFFECT, DECISIONS_TAKEN_BACK
from serving.casework.judged import DECIDES, in_force
from serving.casework.proposal import Proposal, keep_answer, may_answer, proposal_now, propose
from serving.casework.referral import answer, unanswered
from serving.casework.sight import seen_of
from serving.casework.transitions import Refused, allowed, transitions
from serving.storage import reading
from threat.errors import UsageError, raise_all


def decide(casework: Casework, act: Act, given: Decision, *, changing: str = "", message: str = "") -> Done:
    """Write a decision, which takes effect, or is proposed where it needs two; return the decision or the proposal.

    ``changing``: a proposal of another person that this decision is made in place of, with why (``message``). Raises
    Conflict for another version of the case, UsageError with everything that is missing.
    """
    with reading(casework.engine) as connection:
        # Of what is never changed alone, so that a repeat is the same act whatever happened since.
        needs_two = _needs_two(connection, act, given, changing)
    name = "propose" if needs_two else given.act
    codes = given.codes() | {"decision": given.act} | ({"changing": changing} if changing else {})
    content = Content(name, "alteration", given.case_id, codes, given.texts() | {"message": message})

    def write(work: Work) -> str:
        head = begin(work, name, given.case_id, given.version)
        _require(given.act, head, act)
        now = standing_of(work.connection, head.id, casework.clocks, act.at)
        raise_all(problems(given, now))
        if changing:
            _answer(work, head, proposal_now(work.connection, changing, act.at), "changed")
        decision_id = keep_decision(work, given)
        if not needs_two:
            _take_effect(casework, work, head, given, decision_id)
            return decision_id
        row = transitions().act(given.act)
        kind = "lower_level" if lowers(given, now.earlier) and row.proposal != "accept" else row.proposal
        proposal_id = propose(work, casework.clocks, kind, given.act, decision_id, (head.id, head.version + 1))
        move(work, head, head.state)
        return proposal_id

    return acting(casework, act, content, write)


def confirm(casework: Casework, act: Act, proposal_id: str, version: int) -> Done:
    """Make happen what another person proposed, judged again as it is now; return the decision.

    ``version``: of the case that the page showed. Raises Conflict for another, NotAllowed where this person may not,
    UsageError where it was answered, has expired, was overtaken or no longer holds.
    """
    proposal = _proposal(casework, act, proposal_id)
    content = Content(proposal.act, "alteration", proposal.case_id, {"confirms": proposal_id, "version": version})

    def write(work: Work) -> str:
        head = _seen(work, proposal.case_id, version)
        now = proposal_now(work.connection, proposal_id, act.at)
        _answer(work, head, now, "confirmed")
        given = read_decision(work.connection, now.proposed, version)
        raise_all(problems(given, standing_of(work.connection, head.id, casework.clocks, act.at)))
        _take_effect(casework, work, head, given, now.proposed)
        return now.proposed

    return acting(casework, act, content, write)


def return_proposal(casework: Casework, act: Act, proposal_id: str, version: int, message: str) -> Done:
    """Give a proposal back with a message: it does not take effect. Return the proposal. Raises as ``confirm``."""
    proposal = _proposal(casework, act, proposal_id)
    codes = {"returns": proposal_id, "version": version}
    content = Content("return_proposal", "alteration", proposal.case_id, codes, {"message": message})

    def write(work: Work) -> str:
        head = _seen(work, proposal.case_id, version)
        _answer(work, head, proposal_now(work.connection, proposal_id, act.at), "returned")
        move(work, head, head.state)
        return proposal_id

    return acting(casework, act, content, write)


def take_back(casework: Casework, act: Act, case_id: str, version: int, why: str) -> Done:
    """Take the decision to plan back, while no plan is active: the case waits for a decision again. Return it.

    The decision stays on record, and its level stays the one below which nobody decides alone.
    """
    content = Content("decide_back", "alteration", case_id, {"version": version}, {"why": why})

    def write(work: Work) -> str:
        head = begin(work, "decide_back", case_id, version)
        if not why:
            raise UsageError("The reason is missing: say why the decision is taken back.", where="why")
        before, judged = decided(work.connection, head.id), in_force(work.connection, head.id)
        assert before is not None  # a case comes to be planned by a decision,
        assert judged is not None  # which follows a grade
        due = casework.clocks.due(DECIDES.get(judged.grade, "decide_look_closer"), act.at)
        work.keep(
            DECISIONS_TAKEN_BACK,
            decision_id=before.id,
            case_id=head.id,
            text_id=work.text_id("why"),
            due_at=due.at,
            due_rule=due.rule,
            due_calendar=due.calendar,
        )
        move(work, head, transitions().after("decide_back", head.state, {}))
        return before.id

    return acting(casework, act, content, write)


def _proposal(casework: Casework, act: Act, proposal_id: str) -> Proposal:
    with reading(casework.engine) as connection:
        return proposal_now(connection, proposal_id, act.at)


def _seen(work: Work, case_id: str, version: int) -> Row[Any]:
    """Return the head of a case at the version that the page showed: what became of a proposal is said before who may.

    Raises Conflict for another version.
    """
    head = head_of(work.connection, case_id)
    if head.version != version:
        raise Conflict(case_id, acts_since(work.connection, case_id, version), head.version)
    return head


def _needs_two(connection: Connection, act: Act, given: Decision, changing: str) -> bool:
    """Tell whether a decision is only proposed: by who it is, or as it lowers the level of the decision before."""
    alone = bool(act.actor.roles & set(transitions().act(given.act).alone))
    two = not alone or _is_lower_than(connection, given, given.supersedes)
    if not changing:
        return two
    # Two people have agreed to a level that is no lower than was proposed.
    proposed = proposal_now(connection, changing, act.at).proposed
    if not alone or (two and _is_lower_than(connection, given, proposed)):
        raise UsageError(
            "This change needs a second person itself, so it can't be made in place of the proposal.",
            value=changing,
            where="decision",
            way_out="return the proposal with a message, and propose this",
        )
    return False


def _is_lower_than(connection: Connection, given: Decision, decision_id: str) -> bool:
    query = select(DECISIONS.c.level).where(DECISIONS.c.id == decision_id)
    level = connection.execute(query).scalar()
    return level is not None and given.level in LEVELS and is_lower(given.level, level)


def _require(name: str, head: Row[Any], act: Act) -> None:
    answer = allowed(name, head.state, act.actor)
    if isinstance(answer, Refused):
        raise NotAllowed(answer.reason, value=head.id, where=name, way_out=answer.way_out)


def _answer(work: Work, head: Row[Any], proposal: Proposal, result: str) -> None:
    if proposal.case_id != head.id:
        raise UsageError("The proposal is of another case.", value=proposal.id, way_out="open the proposal again")
    may_answer(work, proposal)
    keep_answer(work, proposal.id, result)


def _take_effect(casework: Casework, work: Work, head: Row[Any], given: Decision, decision_id: str) -> None:
    now = standing_of(work.connection, head.id, casework.clocks, work.act.at)
    due = next_step_due(given, now, running=head.state == "active")
    work.keep(
        DECISIONS_IN_EFFECT,
        decision_id=decision_id,
        case_id=head.id,
        due_at=due.at,
        due_rule=due.rule,
        due_calendar=due.calendar,
    )
    answer(work, _answered_by_it(work.connection, head.id), "decision", decision_id)
    move(work, head, transitions().after(given.act, head.state, {}))


def _answered_by_it(connection: Connection, case_id: str) -> list[str]:
    """Return the referrals that a decision answers: all that wait, except must-see records that nobody has seen."""
    waiting = [row for row in unanswered(connection, case_id) if row.kind != "link_question"]
    seen = seen_of(connection, [row.id for row in waiting])
    return [row.id for row in waiting if row.kind != "must_see" or row.id in seen]
