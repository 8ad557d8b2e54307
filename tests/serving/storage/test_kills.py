"""A process killed at any point of an act leaves the act whole or not at all, and a chain that verifies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fixtures.kills import killed_after, killed_between_writes
from fixtures.written_acts import PAIRS, five_rows_with_an_entry_each, rows_of
from sqlalchemy import Engine

from serving.audit.log import verify
from serving.storage import address_of, connect
from serving.storage.address import Address

POINTS = 2 * PAIRS + 2
"""Before each of the writes, before the commit, and after it."""


@contextmanager
def opened(database: Address) -> Iterator[Engine]:
    engine = connect(database)
    try:
        yield engine
    finally:
        engine.dispose()


def acts_found(database: Address) -> int:
    """How many acts are in the database: each of them whole, with its entries, in one chain."""
    with opened(database) as engine:
        rows, verified = rows_of(engine), verify(engine)
    assert verified.entries == rows
    assert rows % PAIRS == 0
    return rows // PAIRS


def test_killed_at_every_point_an_act_is_whole_or_was_never(database: Address) -> None:
    found = [acts_found(database) for _ in killed_between_writes(database, five_rows_with_an_entry_each)]
    # Only what was killed after its commit is there; the run that lived is not in the list.
    assert found == [0] * (POINTS - 1) + [1]
    with opened(database) as engine:
        verified = verify(engine)
    # What was killed after its commit has no line in the witness; the lines of the next vouch for it.
    assert (verified.entries, verified.witnessed, verified.lines_missing) == (2 * PAIRS, 2 * PAIRS, PAIRS)


@pytest.mark.slow
def test_a_hundred_kills(tmp_path: Path) -> None:
    """Some 6 s on SQLite: each kill is a process."""
    database, kills, found = address_of(tmp_path), 0, 0
    while kills < 100:
        for _ in killed_between_writes(database, five_rows_with_an_entry_each):
            kills += 1
            found = acts_found(database)
    assert kills == 9 * POINTS
    assert found == 9 * 2 - 1


def test_killed_at_any_moment_while_it_writes_without_a_pause(database: Address) -> None:
    """Also in the middle of what the database itself writes, where no listener is."""
    chance, before = random.Random(17), 0
    for _ in range(5):
        killed_after(database, five_rows_with_an_entry_each, chance.uniform(0, 0.05))
        found = acts_found(database)
        assert found > before
        before = found
