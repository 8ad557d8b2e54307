"""Later versions of a relationship record: when its kind changes, and when nobody writes it down."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from fixtures.raw_rows import EPOCH, PEOPLE, many, raw_rows
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import DAY
from threat.simulation.records.relationship_rows import (
    KindChanges,
    RecordPairs,
    first_versions,
    kind_changes,
    relationships,
    versions,
)
from threat.simulation.world import states
from threat.simulation.world.population import CURRENT, EX, PARENT, SIBLING

FIRST = 50
"""Day on which the relationship records below begin."""


def changes(*rows: tuple[int, int, int], relation: int = 3) -> KindChanges:
    """Changes (kind, day, day recorded) of one relationship."""
    kind, at, recorded = np.array(rows, np.int64).reshape(-1, 3).T
    return KindChanges(np.full(len(rows), relation), kind, at, recorded)


@pytest.mark.parametrize(
    ("kind", "happened", "expected"),  # versions: kind, recorded, valid from
    [
        (CURRENT, [], [(CURRENT, 50, 50)]),
        (CURRENT, [(EX, 60, 70)], [(CURRENT, 50, 50), (EX, 70, 60)]),
        (CURRENT, [(EX, 60, 70), (CURRENT, 90, 95)], [(CURRENT, 50, 50), (EX, 70, 60), (CURRENT, 95, 90)]),
        # Known before the record began: part of its first version.
        (CURRENT, [(EX, 40, 50)], [(EX, 50, 50)]),
        (CURRENT, [(EX, 40, 50), (CURRENT, 60, 80)], [(EX, 50, 50), (CURRENT, 80, 60)]),
        # It happened before the record began, and is learnt later.
        (CURRENT, [(EX, 40, 51)], [(CURRENT, 50, 50), (EX, 51, 40)]),
        # No change to what is on record already.
        (EX, [(EX, 60, 70)], [(EX, 50, 50)]),
        # Learnt of after a later change: not written down.
        (CURRENT, [(EX, 70, 75), (CURRENT, 60, 80)], [(CURRENT, 50, 50), (EX, 75, 70)]),
        # Families and unknown kinds never change.
        (PARENT, [(EX, 60, 70)], [(PARENT, 50, 50)]),
        (SIBLING, [(CURRENT, 60, 70)], [(SIBLING, 50, 50)]),
        (6, [(EX, 60, 70)], [(6, 50, 50)]),
    ],
)
def test_versions_of_one_record(
    kind: int, happened: list[tuple[int, int, int]], expected: list[tuple[int, int, int]]
) -> None:
    made = versions(changes(*happened), np.array([3]), np.array([kind]), np.array([FIRST]))
    assert made.record.tolist() == [0] * len(expected)
    assert list(zip(made.kind.tolist(), made.recorded.tolist(), made.valid_from.tolist(), strict=True)) == expected


def test_each_record_of_a_relationship_has_its_own_versions() -> None:
    made = versions(changes((EX, 60, 70)), np.array([2, 3, 3]), np.full(3, CURRENT), np.array([50, 50, 80]))
    assert made.record.tolist() == [0, 1, 1, 2]
    assert made.kind.tolist() == [CURRENT, CURRENT, EX, EX]
    assert made.recorded.tolist() == [50, 50, 70, 80]
    assert made.before(70).record.tolist() == [0, 1]
    none = versions(changes(), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert none.record.tolist() == []


def test_a_record_is_counted_once_whatever_its_versions() -> None:
    made = versions(changes((EX, 40, 60), (CURRENT, 70, 90)), np.array([3, 4]), np.full(2, CURRENT), np.full(2, FIRST))
    pairs = RecordPairs(*np.arange(6).reshape(3, 2), np.zeros(2, bool))
    table = relationships(made, pairs)
    assert table["relationship_id"].to_pylist() == [0, 0, 0, 1]
    assert table["kind"].to_pylist() == ["current_partner", "ex_partner", "current_partner", "current_partner"]
    assert first_versions(table) == 2
    assert first_versions(table.slice(1, 2)) == 0


def test_a_change_is_recorded_late_or_never() -> None:
    alone = int(np.flatnonzero(PEOPLE.relations["mirror"] < 0)[0])
    where = {"relation": alone, "cluster": int(PEOPLE.cluster[alone])}
    parting, again = ({"what": what, "at": 10.0} | where for what in (states.SEPARATION, states.RECONCILIATION))
    rows = raw_rows(*many(2000, **parting), again | {"at": 9.0}, kind_change_known=0.3)
    made = kind_changes(rows)
    assert len(made.recorded) == pytest.approx(600, abs=80)
    waited = (made.recorded - made.at) / DAY
    assert waited.min() > 0
    assert waited.mean() == pytest.approx(60.0, abs=8.0)
    assert (np.diff(made.recorded) >= 0).all()
    assert set(made.kind[made.at == EPOCH + 10 * DAY]) == {EX}


def test_a_pair_that_harms_both_ways_changes_kind_in_both_directions() -> None:
    mutual = int(np.flatnonzero(PEOPLE.relations["mirror"] == 1)[0])
    row = {"what": states.RECONCILIATION, "at": 5.0, "relation": mutual, "cluster": int(PEOPLE.cluster[mutual])}
    made = kind_changes(raw_rows(row, kind_change_known=1.0))
    assert made.relation.tolist() == [mutual, mutual + 1]
    assert made.kind.tolist() == [CURRENT, CURRENT]
    assert len(set(made.recorded.tolist())) == len(set(made.at.tolist())) == 1


@given(
    st.lists(st.tuples(st.sampled_from((CURRENT, EX)), st.integers(1, 99), st.integers(0, 60)), max_size=8),
    st.sampled_from((CURRENT, EX, PARENT)),
)
def test_versions_rise_in_both_times_and_each_changes_the_kind(happened: list[tuple[int, int, int]], kind: int) -> None:
    in_order = sorted(((new, at, at + wait) for new, at, wait in happened), key=lambda change: change[2])
    made = versions(changes(*in_order), np.array([3]), np.array([kind]), np.array([FIRST]))
    recorded, valid_from, kinds = made.recorded.tolist(), made.valid_from.tolist(), made.kind.tolist()
    assert recorded[0] == valid_from[0] == FIRST
    assert recorded == sorted(recorded)
    assert valid_from[1:] == sorted(valid_from[1:])
    assert all(before != after for before, after in pairwise(kinds))
    assert all(start <= seen for start, seen in zip(valid_from, recorded, strict=True))
    assert set(zip(kinds[1:], valid_from[1:], recorded[1:], strict=True)) <= set(in_order)
    assert kind in (CURRENT, EX) or kinds == [kind]
