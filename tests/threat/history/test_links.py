"""Merges and unmerges of persons, replayed at any as-of: drawn cases."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from fixtures.history_rows import links, persons

from threat.history.links import replay
from threat.history.sightings import NO_PERSON

NONE = persons(0)


def kinds_of(*rows: tuple[int, str, int]) -> pa.Table:
    """Persons rows: person, kind, recorded."""
    return pa.concat_tables(
        [persons(person, kind=kind).set_column(2, "recorded_at", pa.array([at])) for person, kind, at in rows]
    )


@pytest.mark.parametrize(
    ("rows", "person", "expected"),
    [
        # A link stands for as-ofs after its recording, up to and with its withdrawal.
        ([(1, 2, 10, None)], 1, {10: 1, 11: 2, 99: 2}),
        ([(1, 2, 10, 20)], 1, {10: 1, 11: 2, 20: 2, 21: 1}),
        ([(1, 2, 10, 20), (1, 2, 30, None)], 1, {20: 2, 25: 1, 30: 1, 31: 2}),
        # A chain, and what is left when its first or second half is withdrawn.
        ([(1, 2, 10, None), (2, 3, 20, None)], 1, {15: 2, 21: 3}),
        ([(1, 2, 10, 30), (2, 3, 20, None)], 1, {15: 2, 25: 3, 31: 1}),
        ([(1, 2, 10, None), (2, 3, 20, 30)], 1, {15: 2, 25: 3, 31: 2}),
        # Of two standing links of one source the later holds, and the earlier again when that is withdrawn.
        ([(1, 2, 10, None), (1, 3, 20, 30)], 1, {15: 2, 25: 3, 31: 2}),
        # An unmerge is the same row again, with its withdrawal.
        ([(1, 2, 10, None), (1, 2, 10, 20)], 1, {15: 2, 21: 1}),
        # A circle is not closed: the link that would close it is set aside.
        ([(1, 2, 10, None), (2, 1, 20, None)], 1, {15: 2, 25: 2}),
        ([(1, 2, 10, None), (2, 1, 20, None)], 2, {15: 2, 25: 2}),
        ([(1, 1, 10, None)], 1, {15: 1}),
        # Others are themselves.
        ([(1, 2, 10, None)], 7, {15: 7}),
    ],
)
def test_resolve(rows: list[Any], person: int, expected: dict[int, int]) -> None:
    known = replay(links(*rows), NONE)
    found = known.resolve([person] * len(expected), list(expected))
    assert dict(zip(expected, found.tolist(), strict=True)) == expected


@pytest.mark.parametrize(("first", "second"), [(2, 3), (3, 2)])
def test_of_two_links_of_one_second_the_better_score_counts_then_the_person_known_better(
    first: int, second: int
) -> None:
    rows = links((1, first, 10, None), (1, second, 10, None))

    def followed(scores: list[float | None], named: dict[int, int]) -> int:
        table = rows.set_column(5, "score", pa.array(scores, pa.float64()))
        known = replay(table, NONE, lambda persons, at: [named.get(person, 0) for person in persons.tolist()])
        return int(known.resolve([1], [11])[0])

    assert followed([0.9, 0.8], {second: 9}) == first
    assert followed([None, 0.99], {second: 9}) == first  # made by hand, or by a reference
    assert followed([0.9, 0.9], {first: 5, second: 4}) == first


@pytest.mark.parametrize(("first", "second"), [(1, 2), (2, 1)])
def test_two_links_of_one_second_that_say_the_same_both_ways_keep_the_name_of_who_is_known_best(
    first: int, second: int
) -> None:
    both = links((1, 2, 10, None), (2, 1, 10, None))
    known = replay(both, NONE, lambda persons, at: [{first: 5, second: 4}[person] for person in persons.tolist()])
    assert known.resolve([1, 2], [11, 11]).tolist() == [first, first]
    assert known.circular == 1


def test_unknown_persons_and_organisations_are_nobody() -> None:
    known = replay(links((1, 9, 10, None)), kinds_of((8, "organisation", 0), (9, "unknown", 4)))
    assert known.resolve([1, 1, 8, 9, NO_PERSON, 2], [5, 15, 5, 5, 5, 5]).tolist() == [1, NO_PERSON, -1, -1, -1, 2]
    assert known.resolve([8, 8, 9, 9], [0, 1, 4, 5]).tolist() == [8, -1, 9, -1]
