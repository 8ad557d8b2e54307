"""How values are said at the edges of their forms, and which values a form refuses."""

from __future__ import annotations

import pytest
from fixtures.feature_definitions import ASSAULTS, define

from features.statistics.forms import AMOUNT, CHANGE, COUNT, FLAG, NUMBER, RATIO, SHARE, Form

D = define("a", **ASSAULTS)
DAYS = define("a", **{**ASSAULTS, "unit": "days"})


@pytest.mark.parametrize(
    ("form", "value", "said"),
    [
        (SHARE, 0.0, "0%"),
        (SHARE, 0.0049, "less than 1%"),
        (SHARE, 0.0051, "1%"),
        (SHARE, 0.04, "4%"),
        (RATIO, 0.994, "0.99"),
        (RATIO, 1.0, "1.0"),
        (RATIO, 0.004, "less than 0.01"),
        (CHANGE, -1.5, "1.5"),
        (NUMBER, 9.96, "10"),
        (NUMBER, 10.4, "10"),
        (NUMBER, 1234.0, "1,234"),
        (COUNT, 2.0, "2"),
        (FLAG, 1.0, "1"),
    ],
)
def test_values_are_said(form: Form, value: float, said: str) -> None:
    assert form.say(D, value) == said


def test_days_are_complete_days() -> None:
    assert [NUMBER.say(DAYS, value) for value in (0.99, 1.0, 1.99, 1000.5)] == ["less than a", "1", "1", "1,000"]


@pytest.mark.parametrize(
    ("form", "allowed", "refused"),
    [
        (NUMBER, [0.0, 0.5], [-0.5, float("inf")]),
        (AMOUNT, [-2.0, 0.5], [float("inf"), float("-inf")]),
        (COUNT, [0.0, 3.0], [0.5, -1.0]),
        (SHARE, [0.0, 1.0], [1.01, -0.01]),
        (FLAG, [0.0, 1.0], [0.5, 2.0, float("inf")]),
        (CHANGE, [-2.5, 2.5], [float("-inf")]),
    ],
)
def test_values_a_form_has(form: Form, allowed: list[float], refused: list[float]) -> None:
    assert all(form.allows(value) for value in allowed)
    assert not any(form.allows(value) for value in refused)
