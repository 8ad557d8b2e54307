"""Code maps: every problem with its line, and columns that may be left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.errors import BadInput
from threat.history.intake.codes import CodeMap, read_code_map

HEAD = "pattern,kind,code,markers,domestic,note\n"


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("pattern,code\na,b\n", "lacks a column", 1),
        ("", "lacks a column", 1),
        ("pattern,kind,colour\na,theft,red\n", "a column that is not known", 1),
        (HEAD + "(,theft,,,no,\n", "Not a regular expression", 2),
        (HEAD + "a,theft,,,no,\nb,theff,,,no,\n", "an unknown kind", 3),
        (HEAD + "a,theft,,injry,no,\n", "an unknown kind", 2),
        (HEAD + "a,risk_grade,extreme,,no,\n", "Not a code of risk_grade", 2),
        (HEAD + "a,theft,,,maybe,\n", "Not a word for domestic", 2),
        (HEAD + "a,theft,,theft,no,\n", "names a kind twice", 2),
        (HEAD + "a,theft,,,no,,x\n", "more cells than the header", 2),
    ],
)
def test_a_problem_of_a_code_map(text: str, problem: str, line: int) -> None:
    with pytest.raises(BadInput, match=problem) as raised:
        read_code_map(text, "codes.csv")
    assert raised.value.where == f"codes.csv, line {line}"


def test_only_pattern_and_kind_are_needed() -> None:
    meaning = read_code_map("kind,pattern\ntheft,A+\n", "codes.csv").of("AA")
    assert not isinstance(meaning, str)
    assert (meaning.kinds, meaning.domestic, meaning.note) == ((("theft", None),), "unknown", "")


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(max_size=60), st.sampled_from([HEAD, "pattern,kind\n", ""]))
def test_any_text_is_a_code_map_or_a_problem(text: str, head: str) -> None:
    try:
        outcome: object = read_code_map(head + text, "codes.csv")
    except BadInput as error:
        outcome = error.problem
    assert isinstance(outcome, CodeMap) or str(outcome)
