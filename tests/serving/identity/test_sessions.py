"""Sessions: when they end, what they cost, and that a person is asked for at every request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, event, select

from serving.identity import people, sessions
from serving.identity.people import Account, Standing, Why
from serving.identity.person import Person
from serving.identity.sessions import Found, Limits, Session
from serving.identity.tables import SESSIONS
from serving.storage import reading, writing

ISSUER = "https://login.example"
LIMITS = Limits(idle_seconds=600, longest_seconds=3600)
NOW = 1_000_000


@pytest.fixture
def person(engine: Engine) -> Person:
    with writing(engine) as connection:
        standing = Standing("Ann Made-up", frozenset({"reviewer"}))
        return people.add(connection, Account(ISSUER, "ann"), standing, Why("command line", "joined"), NOW)


@pytest.fixture
def session(engine: Engine, person: Person) -> Session:
    with writing(engine) as connection:
        return sessions.start(connection, person, NOW, LIMITS, NOW - 5)


def found(engine: Engine, session: Session, at: int, issuer: str = ISSUER) -> Found:
    return sessions.find(engine, session.id, at, LIMITS, issuer)


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """What is executed from now on."""
    executed: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        executed.append(statement.split(maxsplit=1)[0])

    event.listen(engine, "before_cursor_execute", note)
    yield executed
    event.remove(engine, "before_cursor_execute", note)


def test_a_session_is_its_person_s_with_when_they_proved_who_they_are(engine, person, session) -> None:
    assert found(engine, session, NOW).session == session
    assert (session.person, session.authenticated_at, session.ends_at) == (person, NOW - 5, NOW + 3600)
    assert (session.who, session.role, session.may("see_cases")) == (person.who, "reviewer", True)


def test_left_alone_it_ends_and_used_it_goes_on_to_its_last_second(engine, session) -> None:
    for at in range(NOW, NOW + 3600, 599):
        assert found(engine, session, at).session == session
    assert found(engine, session, NOW + 3599).session == session
    assert found(engine, session, NOW + 3600) == Found(why="unknown or over")


def test_left_idle_it_ends(engine, session) -> None:
    assert found(engine, session, NOW + 599).session == session
    assert found(engine, session, NOW + 599 + 600) == Found(why="left idle")


def test_a_request_costs_one_read_and_one_write_a_minute(engine, session, statements) -> None:
    for at in (NOW, NOW + 59, NOW + 60, NOW + 61, NOW + 119, NOW + 120):
        found(engine, session, at)
    assert [statement for statement in statements if statement in {"SELECT", "UPDATE"}] == [
        *("SELECT", "SELECT"),
        *("SELECT", "UPDATE"),
        *("SELECT", "SELECT"),
        *("SELECT", "UPDATE"),
    ]


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(engine, person, session) -> None:
    standing = replace(people.standing_of(person), roles=frozenset({"analyst"}))
    with writing(engine) as connection:
        people.change(connection, person.id, 1, standing, Why("U-0", "moved"), NOW)
    now = found(engine, session, NOW + 1).session
    assert now is not None
    assert (now.role, now.may("see_names")) == ("analyst", False)


def test_somebody_whose_access_has_ended_has_no_session(engine, person, session) -> None:
    with writing(engine) as connection:
        ended = replace(people.standing_of(person), active=False)
        people.change(connection, person.id, 1, ended, Why("U-0", "left"), NOW)
    assert found(engine, session, NOW + 1) == Found(why="no longer active")


def test_a_session_of_another_sign_in_opens_nothing(engine, session) -> None:
    assert found(engine, session, NOW + 1, "https://other.example") == Found(why="of another sign-in")


def test_signed_out_of_it_stays_so(engine, session) -> None:
    with writing(engine) as connection:
        sessions.end(connection, session, NOW + 1)
    assert found(engine, session, NOW + 2) == Found(why="signed out")


def test_who_proves_again_who_they_are_keeps_the_session(engine, session) -> None:
    with writing(engine) as connection:
        again = sessions.authenticate_again(connection, session, NOW + 30)
    assert again == replace(session, authenticated_at=NOW + 30) == found(engine, session, NOW + 31).session


def test_sessions_that_are_over_go_a_day_later_at_the_next_sign_in(engine, person, session) -> None:
    day_later = session.ends_at + 24 * 3600
    with writing(engine) as connection:
        kept = sessions.start(connection, person, day_later - 1, LIMITS, 0)
    with reading(engine) as connection:
        assert set(connection.execute(select(SESSIONS.c.session_id)).scalars()) == {session.id, kept.id}
    with writing(engine) as connection:
        later = sessions.start(connection, person, kept.ends_at + 24 * 3600, LIMITS, 0)
    with reading(engine) as connection:
        assert connection.execute(select(SESSIONS.c.session_id)).scalars().all() == [later.id]
