"""Random acts of several people and lists, against everything that must hold whatever they do.

By the letters of ``docs/casework.md``: A1 and A2 (all of an act, heads as facts say), A4 (no text in the log), A5
(repeats), G3 and G4 (sealed cases, first grades), M1 and M2 (must-see records), R1 (one open case), T1 (due times stay)
and V1 to V3 (versions). That a grade reads no order (G1) is a contract of imports, and ``test_no_order.py``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from fixtures.casework_unit import ANN, BEN, HOUR, RECORDED, SAM, Unit, event
from fixtures.drawn import limits
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from serving.audit.log import verify
from serving.audit.tables import AUDIT_ENTRIES
from serving.casework import views
from serving.casework.act import Conflict, Done
from serving.casework.checks import compare
from serving.casework.tables import ACTS, ANSWERS, CASES, GRADES, REFERRAL_EVENTS, REFERRALS, SECOND_LOOKS
from serving.storage import connect, reading
from serving.storage.address import address_of
from threat.errors import UsageError

PEOPLE = st.sampled_from([ANN, BEN, SAM])
RELATIONSHIPS = st.integers(1, 4)
EVENTS = st.dictionaries(st.integers(0, 4), st.lists(st.integers(1, 9), max_size=3, unique=True), max_size=3)
GRADES_GIVEN = st.sampled_from(["act_today", "look_closer", "keep_in_view", "cannot_yet"])
WORD = "Zanzibar"


@cache
def empty_database() -> Path:
    """A file at the newest revision, made once: each example begins with a copy."""
    path = Path(tempfile.mkdtemp(prefix="threat-acts-")) / "desk.sqlite"
    connect(address_of(path.parent)).dispose()
    return path


class Acts(RuleBasedStateMachine):
    """A unit at work, and what a reader of the rules alone expects of it."""

    @initialize(sealed_one_in=st.sampled_from([1, 2, 10**9]))
    def begin(self, sealed_one_in: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="threat-acts-"))
        shutil.copy(empty_database(), self.folder / "desk.sqlite")
        self.engine = connect(address_of(self.folder))
        self.unit = Unit(self.engine, sealed_one_in=sealed_one_in)
        self.lists = 0
        self.records: set[tuple[int, int]] = set()
        self.kept: dict[str, tuple[object, ...]] = {}
        self.again: Callable[[], Done] | None = None

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            assert verify(self.engine).entries == self.unit.rows()[1]
            self.engine.dispose()
            shutil.rmtree(self.folder)

    def attempt(self, act: Callable[[], Done], *, same_id: bool = False) -> None:
        """Do an act; one that is refused writes nothing (V1). ``same_id``: asked again it is the same act."""
        before = self.unit.rows()
        try:
            done = act()
        except (UsageError, Conflict):
            assert self.unit.rows() == before
            return
        assert self.unit.rows() == (before[0] + (not done.repeated), before[1] + (not done.repeated))
        self.again = act if same_id else None

    def cases(self) -> list[str]:
        with reading(self.engine) as connection:
            return list(connection.execute(select(CASES.c.id).order_by(CASES.c.relationship)).scalars())

    @rule(must_see=EVENTS, for_review=st.sets(RELATIONSHIPS, max_size=3))
    def publish(self, must_see: dict[int, list[int]], for_review: set[int]) -> None:
        self.lists += 1
        events = {relationship: [event(number) for number in numbers] for relationship, numbers in must_see.items()}
        opened = self.unit.publish(f"L-{self.lists}", must_see=events, for_review=sorted(for_review))
        assert opened is not None
        assert self.unit.publish(f"L-{self.lists}", must_see=events, for_review=sorted(for_review)) is None
        self.records |= {(number, key) for key, numbers in must_see.items() if key for number in numbers}

    @rule(hours=st.integers(1, 400))
    def wait(self, hours: int) -> None:
        self.unit.at += hours * HOUR

    @rule(relationship=RELATIONSHIPS, person=PEOPLE)
    def refer(self, relationship: int, person: object) -> None:
        self.attempt(lambda: self.unit.refer(relationship, why=f"{WORD} waits.", person=person))

    @rule(data=st.data(), result=st.sampled_from(["grade_now", "duplicate", "covered_by_plan"]), person=PEOPLE)
    def see(self, data: st.DataObject, result: str, person: object) -> None:
        with reading(self.engine) as connection:
            waiting = [row.id for row in views.must_see_waiting(connection)]
        referral = data.draw(st.sampled_from([*waiting, "F-0000000000000000"]))
        self.attempt(lambda: self.unit.see(referral, result, f"{WORD} again.", person=person))

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), chosen=GRADES_GIVEN, person=PEOPLE, stale=st.booleans(), fact=st.sampled_from(RECORDED))
    def grade(self, data: st.DataObject, chosen: str, person: object, stale: bool, fact: str) -> None:
        case_id = data.draw(st.sampled_from(self.cases()))
        version, act_id = self.unit.case(case_id).version - stale, self.unit.act().act_id
        cannot = {"missing": ("agency",), "due": self.unit.at + HOUR} if chosen == "cannot_yet" else {"facts": (fact,)}
        given = {"person": person, "act_id": act_id, "version": version, "note": f"{WORD} has a key.", **cannot}
        self.attempt(lambda: self.unit.grade(case_id, chosen, **dict(given)), same_id=True)

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), chosen=GRADES_GIVEN)
    def correct(self, data: st.DataObject, chosen: str) -> None:
        case_id = data.draw(st.sampled_from(self.cases()))
        self.attempt(lambda: self.unit.correct(case_id, chosen))

    @precondition(lambda self: self.cases())
    @rule(data=st.data(), person=PEOPLE, outcome=st.sampled_from(["kept", "changed"]), after=GRADES_GIVEN)
    def reveal_and_look(self, data: st.DataObject, person: object, outcome: str, after: str) -> None:
        case_id = data.draw(st.sampled_from(self.cases()))
        before = self.unit.case(case_id)
        self.attempt(lambda: self.unit.reveal(case_id, person=person))
        if before.closed_because:  # G2: nothing of the order before the grade, and nothing of a sealed case after it
            with reading(self.engine) as connection:
                assert views.places(connection).closed_because(before.relationship) == before.closed_because
        self.attempt(lambda: self.unit.look(case_id, outcome, after if outcome == "changed" else "", person=person))

    @precondition(lambda self: self.again is not None)
    @rule()
    def send_it_again(self) -> None:
        """A5: whatever was done since, the same act again is its first answer, and writes nothing."""
        assert self.again is not None
        before = self.unit.rows()
        assert self.again().repeated
        assert self.unit.rows() == before

    @invariant()
    def heads_are_as_their_facts_say(self) -> None:
        """A2, R1, V2: computed again from the facts."""
        if hasattr(self, "engine"):
            with reading(self.engine) as connection:
                assert compare(connection).incidents == ()

    @invariant()
    def each_act_has_its_entry(self) -> None:
        """A1, A4."""
        if not hasattr(self, "engine"):
            return
        acts, entries = self.unit.rows()
        assert acts == entries
        with reading(self.engine) as connection:
            assert WORD not in repr(connection.execute(select(AUDIT_ENTRIES.c.detail)).all())

    @invariant()
    def must_see_records_are_there_once_and_wait_until_they_are_seen(self) -> None:
        """M1, M2."""
        if not hasattr(self, "engine"):
            return
        with reading(self.engine) as connection:
            rows = connection.execute(select(REFERRAL_EVENTS).where(REFERRAL_EVENTS.c.relationship != 0)).all()
            answered = set(connection.execute(select(ANSWERS.c.referral_id)).scalars())
            unseen = {row.id for row in views.must_see_waiting(connection)}
            sights = connection.execute(select(ACTS).where(ACTS.c.act == "see")).all()
        assert {(row.event, row.relationship) for row in rows} == self.records
        assert len(rows) == len(self.records)
        of_relationship = {row.referral_id: row.relationship for row in rows}
        assert len(of_relationship.keys() - answered - unseen) <= len(sights)
        assert unseen.isdisjoint(answered)

    @invariant()
    def what_is_written_stays(self) -> None:
        """G3, G4, T1: grades, due times and the sealed share stay, and a sealed case has no second look."""
        if not hasattr(self, "engine"):
            return
        with reading(self.engine) as connection:
            rows = [*connection.execute(select(GRADES)), *connection.execute(select(REFERRALS))]
            looked = select(GRADES.c.sealed).join(SECOND_LOOKS, SECOND_LOOKS.c.grade_id == GRADES.c.id)
            assert not any(connection.execute(looked).scalars())
        now = {row.id: tuple(row) for row in rows}
        assert self.kept.items() <= now.items()
        self.kept = now


@pytest.mark.drawn
def test_whatever_people_do_it_holds() -> None:
    run_state_machine_as_test(Acts, settings=limits(80, steps=25))
