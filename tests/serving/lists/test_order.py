"""Rows of equal score come in an order that means something, or is of content; never in that of a source's numbers."""

from __future__ import annotations

import pytest
from fixtures.case_force import Force, ev, pid

AS_OF = "2024-06-01"


def order(events: list[dict[str, object]], rule: str = "latest_grade") -> list[int]:
    """The persons at risk in the order of a list that ranks all of them alike."""
    rows = Force({"events": events}).scored(AS_OF, rule).rows
    assert rows["rank"].to_pylist() == [1] * len(rows)
    return list(rows["person_at_risk_id"].to_pylist())


@pytest.mark.parametrize(("first", "second"), [("b", "c"), ("c", "b")])
def test_the_row_with_the_latest_record_is_first(first: str, second: str) -> None:
    events = [
        ev("stalking", "2024-03-01", "2024-05-20", s="x", v=first),
        ev("rape", "2024-05-01", "2024-05-19", s="y", v=second),
    ]
    assert order(events) == [pid(first), pid(second)]


@pytest.mark.parametrize(("first", "second"), [("b", "c"), ("c", "b")])
def test_of_records_of_one_second_the_row_of_more_harm_is_first(first: str, second: str) -> None:
    events = [ev("rape", "2024-05-01", s="x", v=first), ev("stalking", "2024-05-01", s="y", v=second)]
    assert order(events) == [pid(first), pid(second)]


def test_of_as_much_harm_the_records_decide_and_not_the_names() -> None:
    codes = {"b": "certificate", "c": "household"}

    def graded(names: dict[str, str]) -> list[str]:
        events = [ev("stalking", "2024-05-01", s=f"{v} x", v=v) for v in names]
        events += [
            ev("firearm_access", "2024-01-01", s=None, v=None, person=f"{v} x", code=code, domestic="")
            for v, code in names.items()
        ]
        of_person = {pid(v): code for v, code in names.items()}
        return [of_person[person] for person in order(events)]

    assert graded(codes) == graded(dict(zip(reversed(codes), codes.values(), strict=True)))
