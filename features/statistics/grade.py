"""grade: the latest officer grade."""

from __future__ import annotations

from types import MappingProxyType

from features.statistics.forms import Form
from features.statistics.state_yes import PASSED_OVER, StateYes

GRADES = {"standard": 1.0, "medium": 2.0, "high": 3.0}
"""Grades of the DASH risk model, as the officer left them."""


class Grade(StateYes):
    """Latest of standard 1, medium 2, high 3 in the window; other codes are passed over for an older grade.

    >>> from features.events import ago
    >>> Grade().example(ago(30, code="medium"), ago(20, code="high"), ago(10, code="not_graded"))
    3.0
    """

    name = "grade"
    words, nothing = "latest officer grade: 1 standard, 2 medium, 3 high", "missing"
    ties = "of grades recorded for one instant in one second the highest"
    codes = tuple(GRADES)
    no_direction = "grades are judgements"
    form, shown = Form(choices=MappingProxyType({number: name for name, number in GRADES.items()})), 3.0
    values, otherwise = GRADES, PASSED_OVER
