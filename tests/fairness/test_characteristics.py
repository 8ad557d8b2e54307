"""Codes of any kind as groups, numbered."""

from __future__ import annotations

import pytest

from fairness.characteristics import MISSING, Characteristic
from threat.errors import BadInput
from threat.measuring.ranked import Labelled

ROWS = Labelled.of(label=[1, 0, 1], outside_person=[8, 9])


def test_groups_are_sorted_and_what_is_not_recorded_is_last() -> None:
    grouping = Characteristic("g", "column", ["b", None, "a"], ["z", "b"]).grouping(ROWS)
    assert grouping.codes == ("a", "b", "z", MISSING)
    assert (grouping.row.tolist(), grouping.outside.tolist()) == ([1, 3, 0], [2, 1])


def test_codes_may_be_numbers() -> None:
    assert Characteristic("g", "column", [10, 9, 10], [9, 9]).grouping(ROWS).codes == ("10", "9")


@pytest.mark.parametrize(("codes", "outside"), [(["a"] * 2, ["a"] * 2), (["a"] * 3, ["a"]), (["a"] * 3, [])])
def test_as_many_codes_as_rows_and_events_outside(codes: list[str], outside: list[str]) -> None:
    with pytest.raises(BadInput, match="there are 3 rows and 2 events outside"):
        Characteristic("g", "column", codes, outside).grouping(ROWS)


def test_a_code_without_a_title_is_its_own() -> None:
    titled = Characteristic("g", "column", [], titles={"a": "Alpha"})
    assert [titled.title_of(code) for code in ("a", "b", MISSING)] == ["Alpha", "b", MISSING]
