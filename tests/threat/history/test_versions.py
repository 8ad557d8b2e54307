"""Which of the events that supersede one another is in force, and when each is hidden."""

from __future__ import annotations

import numpy as np
import pytest

from threat.asof import NEVER
from threat.history.versions import hidden_at

Row = tuple[int, int, int]


def hidden(rows: list[Row], gone: tuple[int, ...] = (), gravity: list[int] | None = None) -> list[int]:
    """When each (event, superseded or 0, recorded) is hidden, 0 for never; ``gone``: the withdrawals."""
    event, supersedes, recorded = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    weights = None if gravity is None else (lambda tied: np.array(gravity, dtype=np.int64)[tied])
    out = hidden_at(event, np.where(supersedes == 0, -1, supersedes), recorded, np.isin(event, gone), weights)
    return [0 if at == NEVER else at for at in out.tolist()]


@pytest.mark.parametrize(
    ("rows", "gone", "expected"),
    [
        ([(1, 0, 10), (2, 0, 20)], (), [0, 0]),
        # A chain: each until the next.
        ([(1, 0, 10), (2, 1, 20), (3, 2, 30)], (), [20, 30, 0]),
        # A fork is none: the later of two corrections of one event is in force.
        ([(1, 0, 10), (2, 1, 20), (3, 1, 30)], (), [20, 30, 0]),
        # A withdrawal, and a correction after it.
        ([(1, 0, 10), (2, 1, 20)], (2,), [20, 0]),
        ([(1, 0, 10), (2, 1, 20), (3, 1, 30)], (2,), [20, 30, 0]),
        ([(1, 0, 10), (2, 1, 20), (3, 2, 30)], (2,), [20, 30, 0]),
        # Of one second: after what it supersedes, and a withdrawal last.
        ([(1, 0, 10), (2, 1, 10)], (), [10, 0]),
        ([(1, 0, 10), (2, 1, 20), (3, 1, 20)], (2,), [20, 0, 20]),
        # What it corrects is not on record: a beginning.
        ([(1, 9, 10), (2, 1, 20)], (), [20, 0]),
        ([(1, 9, 10)], (), [0]),
        # Said to be recorded before what it corrects: it hides that all the same.
        ([(1, 0, 10), (2, 1, 5)], (), [5, 0]),
        # A circle, and an event that corrects itself: none is in force, only what corrects a member from outside.
        ([(1, 2, 10), (2, 1, 20)], (), [10, 20]),
        ([(1, 1, 10), (2, 0, 20)], (), [10, 0]),
        ([(1, 2, 10), (2, 1, 20), (3, 2, 30)], (), [10, 20, 0]),
    ],
)
def test_when_each_version_is_hidden(
    rows: list[tuple[int, int, int]], gone: tuple[int, ...], expected: list[int]
) -> None:
    assert hidden(rows, gone) == expected
    # The order of the rows says nothing.
    assert hidden(rows[::-1], gone)[::-1] == expected


def test_of_two_corrections_in_one_second_the_graver_is_in_force_whatever_their_numbers() -> None:
    assert hidden([(1, 0, 10), (2, 1, 20), (3, 1, 20)], gravity=[0, 5, 1]) == [20, 0, 20]
    assert hidden([(1, 0, 10), (3, 1, 20), (2, 1, 20)], gravity=[0, 5, 1]) == [20, 0, 20]
