"""Which version of a row is in force when: compared with a replay second by second."""

from __future__ import annotations

from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import NEVER
from threat.history.statements import in_force, ranks

Row = tuple[int, int, int, int]
"""Key, content, recorded at, withdrawn at."""

rows = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 8), st.one_of(st.just(NEVER), st.integers(0, 8))),
    max_size=9,
)


def replayed(statements: list[Row], key: int, as_of: int) -> int | None:
    """The content of a key just before an as-of: every second in turn, ends before statements."""
    content = None
    for second in range(as_of):
        for of_key, ended, _, withdrawn in statements:
            if of_key == key and withdrawn == second and content == ended:
                content = None
        stated = [c for k, c, recorded, withdrawn in statements if k == key and recorded == second < withdrawn]
        content = max(stated) if stated else content
    return content


@given(rows)
def test_the_versions_in_force_are_those_of_a_replay(statements: list[Row]) -> None:
    key, content, recorded, withdrawn = (np.array([row[i] for row in statements], dtype=np.int64) for i in range(4))
    spans = in_force(key, content, recorded, withdrawn)
    for as_of in range(11):
        for of_key in (0, 1):
            holds = (key[spans.row] == of_key) & (spans.start < as_of) & (as_of <= spans.end)
            seen = content[spans.row[holds]].tolist()
            expected = replayed(statements, of_key, as_of)
            assert seen == ([] if expected is None else [expected])


@given(rows, st.randoms(use_true_random=False))
def test_no_order_of_rows_changes_what_is_in_force(statements: list[Row], random: Random) -> None:
    shuffled = list(statements)
    random.shuffle(shuffled)
    spans = []
    for some in (statements, shuffled):
        key, content, recorded, withdrawn = (np.array([row[i] for row in some], dtype=np.int64) for i in range(4))
        found = in_force(key, content, recorded, withdrawn)
        spans.append(list(zip(key[found.row], content[found.row], found.start, found.end, strict=True)))
    assert spans[0] == spans[1]


def test_the_rank_of_a_content_grows_with_its_columns_in_turn() -> None:
    assert ranks(["x", "x", None, "y"], [2, 10, 5, 1]).tolist() == [1, 2, 0, 3]
