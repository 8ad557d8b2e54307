"""An act on either database: whole or never when its process is killed, and one of several that come at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from fixtures.casework_unit import ANN, BEN, Unit, count
from fixtures.kills import killed_between_writes
from fixtures.written_acts import one_grade

from serving.audit.log import verify
from serving.audit.tables import AUDIT_ENTRIES
from serving.casework.act import Conflict
from serving.casework.tables import ACTS, ANSWERS, GRADE_FACTS, GRADES, TEXTS
from serving.storage import connect, reading
from serving.storage.address import Address

TABLES = (ACTS, AUDIT_ENTRIES, GRADES, GRADE_FACTS, ANSWERS, TEXTS)


@contextmanager
def opened(database: Address) -> Iterator[Unit]:
    engine = connect(database)
    try:
        yield Unit(engine)
    finally:
        engine.dispose()


def found(database: Address, case_id: str) -> tuple[object, ...]:
    """The head of the case, and how many rows each table has; the chain verifies."""
    with opened(database) as unit:
        case = unit.case(case_id)
        assert verify(unit.engine).entries == unit.rows()[1]
        with reading(unit.engine) as connection:
            rows = [count(connection, table) for table in TABLES]
    return case.state, case.version, *rows


def test_a_grade_killed_at_every_point_is_whole_or_was_never(database: Address) -> None:
    with opened(database) as unit:
        case_id = unit.waiting_case()
    before = found(database, case_id)
    act = partial(one_grade, case_id=case_id, act_id=str(uuid.uuid4()))
    states = [found(database, case_id) for _ in killed_between_writes(database, act)]
    changes = [1, 1, 1, 2, 1, 1]  # an act, an entry, a grade of two facts, an answer, a text
    graded = ("graded", 2, *(rows + more for rows, more in zip(before[2:], changes, strict=True)))
    assert before[:2] == ("waiting", 1)
    # Killed after the commit it is there, and the run that lives, the same act again, writes nothing more.
    assert states == [before] * (len(states) - 1) + [graded]
    assert len(states) == len(TABLES) + 3  # a statement a table, the head, before and after the commit
    assert found(database, case_id) == graded


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """What each of several threads got: what the act returned, or the exception."""
    start, answers = threading.Barrier(count), []

    def ask(number: int) -> None:
        start.wait()
        try:
            answers.append(act(number))
        except Exception as error:
            answers.append(error)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_of_ten_grades_of_one_version_one_is_written(database: Address) -> None:
    with opened(database) as unit:
        case_id = unit.waiting_case()
        before = unit.rows()
        answers = at_once(10, lambda number: unit.grade(case_id, version=1, person=(ANN, BEN)[number % 2]))
        assert sum(isinstance(answer, Conflict) for answer in answers) == 9
        assert unit.rows() == (before[0] + 1, before[1] + 1)
        assert (unit.case(case_id).version, verify(unit.engine).entries) == (2, before[1] + 1)


@pytest.mark.parametrize("times", [2, 8])
def test_the_same_form_sent_several_times_at_once_is_one_act(database: Address, times: int) -> None:
    with opened(database) as unit:
        case_id, act_id = unit.waiting_case(), str(uuid.uuid4())
        before = unit.rows()
        answers = at_once(times, lambda _: unit.grade(case_id, version=1, act_id=act_id))
        assert sorted(answer.repeated for answer in answers) == [False] + [True] * (times - 1)
        assert len({answer.result for answer in answers}) == 1
        assert unit.rows() == (before[0] + 1, before[1] + 1)
