"""A process killed at any point of opening a list: all of its referrals are open, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from fixtures.casework_unit import Unit, count, publish_a_list
from fixtures.kills import killed_between_writes
from sqlalchemy import Engine

from serving.audit.log import verify
from serving.casework.checks import check
from serving.casework.tables import ACTS, CASES, REFERRAL_EVENTS, REFERRALS
from serving.storage import connect, reading
from serving.storage.address import Address


@contextmanager
def opened(database: Address) -> Iterator[Engine]:
    engine = connect(database)
    try:
        yield engine
    finally:
        engine.dispose()


def found(database: Address) -> tuple[int, ...]:
    """How many acts, cases, referrals and events there are; as many entries as acts."""
    with opened(database) as engine, reading(engine) as connection:
        counts = [count(connection, table) for table in (ACTS, CASES, REFERRALS, REFERRAL_EVENTS)]
        assert verify(engine).entries == counts[0]
    return tuple(counts)


@pytest.mark.slow
def test_a_list_opens_all_of_its_referrals_or_none(database: Address) -> None:
    states = [found(database) for _ in killed_between_writes(database, publish_a_list)]
    assert set(states[:-1]) == {(0, 0, 0, 0)}
    assert states[-1] == (6, 4, 5, 3)  # killed after the commit; the next run found it done
    with opened(database) as engine:
        assert check(Unit(engine).casework, 1_780_300_800).incidents == ()
