"""Figures that cannot be half a figure, and verdicts that only evidence passes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from pydantic import ValidationError

from threat.measuring.figure import Figure, Verdict

PASS, FAIL, NOT_ENOUGH = Verdict.PASS, Verdict.FAIL, Verdict.NOT_ENOUGH
WHOLE = {
    "name": "recall", "title": "Recall", "value": 0.4, "n": 90, "events": 10, "interval": (0.2, 0.6),
    "method": "Wilson",
}  # fmt: skip


@pytest.mark.parametrize("verdicts", list(itertools.product([PASS, FAIL, NOT_ENOUGH], repeat=3)))
def test_any_fail_fails_and_only_all_passes_pass(verdicts: tuple[Verdict, ...]) -> None:
    expected = FAIL if FAIL in verdicts else PASS if set(verdicts) == {PASS} else NOT_ENOUGH
    assert Verdict.all_of(verdicts) == expected


def test_no_verdict_at_all_is_not_a_pass() -> None:
    assert Verdict.all_of([]) == NOT_ENOUGH


def test_every_verdict_has_words() -> None:
    assert [verdict.words for verdict in Verdict] == ["Pass", "Fail", "Not enough evidence"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": None}, "no value and no reason"),
        ({"value": float("inf")}, "finite"),
        ({"interval": (0.6, 0.2)}, "0.6 to 0.2"),
        ({"n": -1}, "greater than or equal to 0"),
        ({"verdict": "pass"}, "Extra inputs"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Figure(**(WHOLE | change))


def test_a_figure_without_a_value_says_why() -> None:
    figure = Figure(**(WHOLE | {"value": None, "interval": None, "reason": "no outcomes"}))
    assert (figure.value, figure.reason) == (None, "no outcomes")
