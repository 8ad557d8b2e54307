"""Random decisions, proposals and answers among all other acts: D1 to D3, R3, and that no decision lacks its views."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from fixtures.casework_decisions import ACCEPT, DAY, IAN, NOT_ASKED, PAT, PLAN, TOLD, WATCH, DecidingUnit
from fixtures.drawn import limits
from fixtures.random_acts import PEOPLE, RELATIONSHIPS, WORD, Acts
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from serving.casework.decided import LEVELS
from serving.casework.decision import Decision
from serving.casework.decision_tables import (
    DECISIONS,
    DECISIONS_IN_EFFECT,
    PROPOSAL_ANSWERS,
    PROPOSALS,
    SAFE_CONTACT_TEXTS,
    VOICES,
)
from serving.casework.proposal import proposals
from serving.casework.tables import ACTS, TEXTS
from serving.casework.views import cases_of
from serving.storage import reading

CHOSEN = st.sampled_from(
    [
        *(replace(PLAN, level=level) for level in ("immediate", "serious", "present")),
        *(replace(WATCH, level=level) for level in ("present", "not_shown")),
        *(replace(ACCEPT, level=level) for level in ("serious", "present")),
    ]
)
DECIDERS = st.one_of(PEOPLE, st.sampled_from([PAT, IAN]))
ANSWERED = st.lists(st.tuples(st.booleans(), DECIDERS), max_size=3)


class Decisions(Acts):
    """The same unit, which decides too."""

    KIND = DecidingUnit
    unit: DecidingUnit

    def proposed(self) -> list[str]:
        """The open proposals; where there is none, every other, to be refused."""
        with reading(self.engine) as connection:
            every = proposals(connection, self.unit.at)
        return [each.id for each in every if each.is_open] or [each.id for each in every]

    @rule(relationship=RELATIONSHIPS, chosen=CHOSEN, person=DECIDERS, answers=ANSWERED)
    def from_nothing_to_an_answer(
        self, relationship: int, chosen: Decision, person: object, answers: list[tuple[bool, object]]
    ) -> None:
        """Everything that a decision needs, and answers to what was proposed, so that most examples come to some."""
        self.attempt(lambda: self.unit.refer(relationship))
        with reading(self.engine) as connection:
            case_id = cases_of(connection, [relationship]).get(relationship)
        if case_id is None:
            return
        for referral in self.unit.case(case_id).referrals:
            self.attempt(lambda referral=referral: self.unit.see(referral.id))
        self.attempt(lambda: self.unit.grade(case_id, "act_today"))
        self.attempt(lambda: self.unit.voice(case_id, replace(TOLD, what=f"{WORD} he said.")))
        given = replace(chosen, threat=f"{WORD} again.", review_at=self.unit.at + DAY)
        self.attempt(lambda: self.unit.decide(case_id, given, person))
        for confirm, other in answers if self.proposed() else ():
            last, act = self.proposed()[-1], self.unit.confirm if confirm else self.unit.give_back
            self.attempt(lambda act=act, last=last, other=other: act(last, other))

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), asked=st.booleans(), person=PEOPLE)
    def voice(self, data: st.DataObject, asked: bool, person: object) -> None:
        views = replace(TOLD, what=f"{WORD} he said.") if asked else replace(NOT_ASKED, by_when=self.unit.at + 3 * DAY)
        case_id = data.draw(st.sampled_from(self.cases()))
        self.attempt(lambda: self.unit.voice(case_id, views, person))

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), chosen=CHOSEN, person=DECIDERS)
    def decide(self, data: st.DataObject, chosen: Decision, person: object) -> None:
        case_id = data.draw(st.sampled_from(self.cases()))
        changing = data.draw(st.sampled_from(["", *self.proposed()]))
        given = replace(chosen, threat=f"{WORD} again.", review_at=self.unit.at + DAY)
        more = {"changing": changing, "message": f"{WORD} no more."} if changing else {}
        self.attempt(lambda: self.unit.decide(case_id, given, person, **more))

    @precondition(lambda self: self.proposed())
    @rule(data=st.data(), confirm=st.booleans(), person=DECIDERS)
    def answer(self, data: st.DataObject, confirm: bool, person: object) -> None:
        proposal = data.draw(st.sampled_from(self.proposed()))
        act = self.unit.confirm if confirm else self.unit.give_back
        self.attempt(lambda: act(proposal, person))

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), person=DECIDERS)
    def take_back(self, data: st.DataObject, person: object) -> None:
        case_id = data.draw(st.sampled_from(self.cases()))
        self.attempt(lambda: self.unit.take_back(case_id, person))

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), person=st.integers(1, 3))
    def safe_contact(self, data: st.DataObject, person: int) -> None:
        case_id = data.draw(st.sampled_from(self.cases()))
        self.attempt(lambda: self.unit.safe_contact(case_id, person, how=f"{WORD} secretly", when="At six."))

    @invariant()
    def two_people(self) -> None:
        """D1, D2, D3: what two people have to do, two did, and an inspector where one is asked for."""
        if not hasattr(self, "engine"):
            return
        proposer, answerer = ACTS.alias("proposer"), ACTS.alias("answerer")
        query = (
            select(
                PROPOSALS.c.proposed,
                PROPOSALS.c.proposed_act,
                PROPOSAL_ANSWERS.c.result,
                answerer.c.by,
                answerer.c.act_id,
            )
            .add_columns(proposer.c.by.label("proposed_by"))
            .join(PROPOSAL_ANSWERS, PROPOSAL_ANSWERS.c.proposal_id == PROPOSALS.c.id)
            .join(proposer, proposer.c.act_id == PROPOSALS.c.act_id)
            .join(answerer, answerer.c.act_id == PROPOSAL_ANSWERS.c.act_id)
        )
        effects = (
            select(DECISIONS, DECISIONS_IN_EFFECT.c.act_id.label("effect"))
            .join(DECISIONS_IN_EFFECT, DECISIONS_IN_EFFECT.c.decision_id == DECISIONS.c.id)
            .join(ACTS, ACTS.c.act_id == DECISIONS_IN_EFFECT.c.act_id)
            .order_by(DECISIONS.c.case_id, ACTS.c.audit)
        )
        with reading(self.engine) as connection:
            answers = connection.execute(query).all()
            decisions = connection.execute(effects).all()
        assert all(row.by != row.proposed_by for row in answers)
        by_two = {row.act_id: row for row in answers if row.result != "returned"}
        for row in decisions:
            if row.decision == "decide_accept":
                assert by_two[row.effect].by == IAN.id
        for before, after in pairwise(decisions):
            if before.case_id == after.case_id and LEVELS.index(after.level) < LEVELS.index(before.level):
                assert after.effect in by_two

    @invariant()
    def views_and_safe_contact(self) -> None:
        """No decision without views of its case; R3: what is typed of a safe contact is in its own table alone."""
        if not hasattr(self, "engine"):
            return
        views = select(DECISIONS.c.case_id, VOICES.c.case_id.label("of")).outerjoin(
            VOICES, VOICES.c.id == DECISIONS.c.voice_id
        )
        with reading(self.engine) as connection:
            assert all(row.case_id == row.of for row in connection.execute(views))
            assert "secretly" not in repr(connection.execute(select(TEXTS.c.body)).all())
            kept = set(connection.execute(select(SAFE_CONTACT_TEXTS.c.body)).scalars())
            opened = {body for each in self.unit.opened(1, 2, 3) for body in each.texts.values()}
        assert opened == kept
        assert self.unit.opened(4) == ()


@pytest.mark.slow
@pytest.mark.drawn
def test_whatever_is_decided_two_people_did_what_takes_two() -> None:
    run_state_machine_as_test(Decisions, settings=limits(60, steps=20))
