"""People: added, changed, ended; each change is kept, and nobody changes themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, delete, update
from sqlalchemy.exc import DatabaseError

from serving.identity import people
from serving.identity.people import Account, Standing, Why
from serving.identity.person import Person
from serving.identity.tables import PEOPLE_CHANGES
from serving.storage import reading, writing
from threat.errors import UsageError

ANN = Account("https://login.example", "ann-1")
REVIEWER = Standing("Ann Made-up", frozenset({"reviewer"}), unit="Threat assessment")
JOINED, MOVED = Why("command line", "joined"), Why("U-00000000000000aa", "moved")


def added(engine: Engine, account: Account = ANN, standing: Standing = REVIEWER, why: Why = JOINED) -> Person:
    with writing(engine) as connection:
        return people.add(connection, account, standing, why, 100)


def changed(engine: Engine, person: Person, standing: Standing, why: Why = MOVED, at: int = 200) -> tuple[str, ...]:
    with writing(engine) as connection:
        return people.change(connection, person.id, person.version, standing, why, at)[1]


def test_a_person_who_was_added_is_found_by_account_and_by_reference(engine: Engine) -> None:
    person = added(engine)
    assert re.fullmatch("U-[0-9a-f]{16}", person.id)
    assert people.standing_of(person) == REVIEWER
    with reading(engine) as connection:
        assert people.of_account(connection, ANN) == people.of_id(connection, person.id) == person
        assert people.of_account(connection, Account("https://other.example", "ann-1")) is None
        assert people.everybody(connection, ANN.issuer) == (person,)


def test_who_had_which_role_when_can_be_answered(engine: Engine) -> None:
    person = added(engine)
    supervisor = replace(REVIEWER, roles=frozenset({"supervisor", "analyst"}), authority="inspector")
    assert changed(engine, person, supervisor) == ("roles", "authority")
    left = replace(supervisor, active=False)
    assert changed(engine, replace(person, version=2), left, Why("U-00000000000000aa", "left"), 300) == ("active",)
    with reading(engine) as connection:
        stood = [people.standing_at(connection, person.id, at) for at in (99, 100, 199, 200, 300)]
        kept = [
            (change.version, change.at, change.by, change.justification)
            for change in people.changes_of(connection, person.id)
        ]
        assert people.of_id(connection, person.id) == replace(
            person, roles=supervisor.roles, authority="inspector", active=False, version=3
        )
    assert stood == [None, REVIEWER, REVIEWER, supervisor, left]
    assert kept == [
        (3, 300, "U-00000000000000aa", "left"),
        (2, 200, "U-00000000000000aa", "moved"),
        (1, 100, "command line", "joined"),
    ]


def test_training_has_a_last_day(engine: Engine) -> None:
    person = added(engine)
    changed(engine, person, replace(REVIEWER, trained_until=date(2027, 3, 31)), Why("U-00000000000000aa", "training"))
    with reading(engine) as connection:
        assert people.of_id(connection, person.id).trained_until == date(2027, 3, 31)


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ("twice", "This person is in the table already."),
        ("myself", "Nobody changes their own roles, authority or training."),
        ("stale", "Somebody changed this person since the page was opened."),
        ("same", "Nothing is changed"),
        ("reason", "This is no reason to change a person."),
        ("nobody", "There is no person of this reference."),
        ("nameless", "The person has no name to show."),
        ("control", "The name cannot be shown"),
        ("subject", "This is no subject that an identity provider gives"),
    ],
)
def test_what_is_refused_changes_nothing(engine: Engine, case: str, says: str) -> None:
    person = added(engine)
    analyst = replace(REVIEWER, roles=frozenset({"analyst"}))
    attempts = {
        "twice": lambda: added(engine),
        "myself": lambda: changed(engine, person, analyst, Why(person.id, "moved")),
        "stale": lambda: changed(engine, replace(person, version=7), analyst),
        "same": lambda: changed(engine, person, REVIEWER),
        "reason": lambda: changed(engine, person, analyst, Why("command line", "because")),
        "nobody": lambda: changed(engine, replace(person, id="U-0000000000000000"), analyst),
        "nameless": lambda: changed(engine, person, replace(REVIEWER, shown="")),
        "control": lambda: changed(engine, person, replace(REVIEWER, shown="Ann\x1b[2J")),
        "subject": lambda: added(engine, Account("https://login.example", "änn")),
    }
    with pytest.raises(UsageError, match=re.escape(says)):
        attempts[case]()
    with reading(engine) as connection:
        assert people.everybody(connection, ANN.issuer) == (person,)
        assert len(people.changes_of(connection, person.id)) == 1


@pytest.mark.parametrize("statement", [update(PEOPLE_CHANGES).values(roles="admin"), delete(PEOPLE_CHANGES)])
def test_what_was_said_of_a_person_is_never_changed(engine: Engine, statement: object) -> None:
    added(engine)
    with pytest.raises(DatabaseError, match="people_changes is append-only"), writing(engine) as connection:
        connection.execute(statement)  # type: ignore[call-overload]
