"""The week of the demonstration: what waits for whom when somebody opens it, all of it written by the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from fixtures import golden_force as golden
from fixtures.desk_browser import NOW, STARTED_AT

from serving.audit.log import verify
from serving.casework import proposal, views
from serving.casework.checks import compare
from serving.demonstration.week import tell_week, work_half_a_week
from serving.desk.service import Desk
from serving.lists.making import ListOptions, make_list
from serving.storage import reading
from threat.errors import UsageError


@pytest.fixture
def desk(open_desk: Callable[..., Desk], golden_store: Path, tmp_path: Path) -> Desk:
    make_list(golden_store, tmp_path, golden.AS_OF, ListOptions(capacity=20, publish=True), started_at=STARTED_AT)
    return open_desk(tmp_path)


def states(desk: Desk) -> Counter[str]:
    with reading(desk.engine) as connection:
        return Counter(connection.exec_driver_sql("SELECT state FROM cases").scalars())


def test_there_is_something_in_every_state(desk: Desk) -> None:
    assert tell_week(desk, NOW) == 5
    with reading(desk.engine) as connection:
        waits = [(each.kind, each.who) for each in proposal.proposals(connection, NOW) if each.is_open]
        assert compare(connection).incidents == ()
        graded = {each.grade_now for each in views.decision_waiting(connection)}
    assert [kind for kind, _ in waits] == ["accept"]
    assert states(desk)["planning"] == 1
    assert states(desk)["watching"] == 2
    assert "act_today" in graded
    assert verify(desk.engine).entries > 15


def test_nothing_made_up_gets_into_a_desk_that_is_no_demonstration(desk: Desk) -> None:
    with pytest.raises(UsageError) as raised:
        work_half_a_week(desk.store, desk.var, NOW)
    assert raised.value.problem == "This folder is not that of a demonstration."
    assert states(desk) == Counter()


def test_told_again_it_changes_nothing(desk: Desk) -> None:
    tell_week(desk, NOW)
    before = verify(desk.engine).head
    assert tell_week(desk, NOW) == 0
    assert verify(desk.engine).head == before
