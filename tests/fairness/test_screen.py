"""``threat audit`` prints one screen: the verdict, counts, who is served worst, and what could not be computed."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from fixtures.audits import audited, by_code, capacity_of, counted, one_group, simulated
from fixtures.drawn import drawn
from hypothesis import given
from hypothesis import strategies as st

from fairness.characteristics import Characteristic
from fairness.screen import COLUMNS, LINES, every_group, one_screen
from threat.release.documents.fairness import Fairness


def test_a_group_that_fails_is_said_first_with_all_four_figures_next_to_everybody_else() -> None:
    report = counted({"women": (200, 100), "men": (100, 20), "others": (60, 28)})
    lines = one_screen(report).splitlines()
    assert lines[:10] == [
        "Fail: a test",
        "1 of 3 group figures that decide looks worse than the line; a ranking that treats every group alike",
        "  has 0.043 on average, as many in 4.3% of audits. As evidence it weighs more than what chance",
        "  gives: as much in under 0.1%.",
        "148 of 360 later harmed were on the list, 41% (likely 36% to 46%); 0 were people no list covered.",
        "  720 rows, on the list from a score of 0.5.",
        "The verdict depends on 1 characteristic: 1 fail.",
        "Treated worst, next to everybody else recorded:",
        "  men (group): 20 of 100 later harmed were on the list (others 49%), missed 44% (others 34%),",
        "    precision 100% (others 100%), false alarms 0% (others 0%). Fail, by recall.",
    ]
    assert "best" not in one_screen(report)


def test_a_group_listed_by_false_alarm_is_said_by_its_own_side() -> None:
    """Group b: as many of those later harmed, and three times the false alarms."""
    harmed = np.r_[np.ones(60), np.zeros(40)]
    score = np.r_[harmed, np.repeat([1.0, 0.0], [30, 370]), harmed, np.repeat([1.0, 0.0], [90, 310])]
    label = np.tile(np.r_[np.ones(100), np.zeros(400)], 2)
    report = audited(score, label, one_group(np.repeat(["a", "b"], 500)), threshold=0.5)
    groups = by_code(report)
    assert (groups["b"].of("recall").verdict, groups["b"].of("false_positive_rate").verdict) == ("pass", "fail")
    assert groups["b"].of("false_positive_rate").ratio == 3.0
    assert groups["a"].verdict == "pass"
    assert report.characteristics[0].reason == "listed by false alarm more often than the line allows: b"
    said = " ".join(one_screen(report).split())
    assert "b (group): 60 of 100 later harmed were on the list (others 60%)" in said
    assert "precision 40% (others 67%), false alarms 22% (others 8%). Fail, by false alarms." in said


def test_rows_that_could_not_be_computed_are_counted_by_reason() -> None:
    lines = one_screen(counted({"a": (30, 12), "b": (25, 5), "c": (0, 0), "d": (12, 1)})).splitlines()
    at = lines.index("Not computed: 1 of 4 rows of the report (a row is one group):")
    assert lines[at + 1] == "  1: nobody of the group was later harmed"


def test_without_enough_outcomes_nobody_passes_and_nobody_alerts() -> None:
    said = one_screen(counted({"a": (3, 1), "b": (4, 0)}))
    assert "Pass" not in said
    assert said.startswith("Not enough evidence: a test")
    assert "Alert." not in said


def test_a_group_of_few_comes_after_those_that_can_be_judged() -> None:
    said = one_screen(counted({"best": (300, 150), "two": (2, 0), "many": (72, 30)}))
    assert said.index("many (group): 30 of 72") < said.index("two (group): 0 of 2")


def test_rows_that_share_a_place_make_counts_that_are_about_right() -> None:
    score, label = np.array([1.0, 1.0, 1.0, 0.0]), np.array([1.0, 1.0, 0.0, 0.0])
    said = one_screen(audited(score, label, one_group(["a", "a", "b", "b"]), capacity=2))
    assert "About 1 of 2 later harmed were on the list" in said


def test_the_characteristics_that_nobody_has_on_record_are_a_reason_of_their_own() -> None:
    label = np.r_[np.ones(60), np.zeros(60)]
    items = [Characteristic("x", "column", [None] * 120, ()), Characteristic("y", "column", ["one"] * 120, ())]
    said = one_screen(audited(label, label, items, threshold=0.5))
    assert "  1: the characteristic is not recorded for anyone" in said
    assert "  1: the characteristic has one group alone: nothing to compare" in said


def test_on_request_every_group_has_a_line() -> None:
    report = counted({"women": (200, 100), "men": (100, 20), "nobody harmed": (0, 0)})
    lines = every_group(report).splitlines()
    assert lines[0] == "Fail: a test"
    rows = {line.split("  ")[1].strip(): line for line in lines if line.startswith("  ")}
    assert rows["women"].split()[1:3] == ["400", "200"]
    assert "0.50 x2.50 P0.00*" in rows["women"]
    assert "0.44 x1.42 P0.85" in rows["men"]
    assert rows["men"].endswith("  Fail")
    assert rows["nobody harmed"].endswith("Not enough evidence")


LONG = st.text(st.characters(codec="ascii", categories=("L", "N", "P")), min_size=1, max_size=80)


SIZES = (
    ((120, 60), (80, 4)),
    ((0, 0), (3, 1)),
    ((0, 0), (3, 1), (30, 12), (120, 60), (80, 4), (30, 0)),
    ((120, 60), (120, 62), (120, 61), (300, 150)),
)


@cache
def of_sizes(sizes: tuple[tuple[int, int], ...]) -> Fairness:
    """An audit of groups of these sizes, made once for all names they are given."""
    return counted(dict(zip("abcdef", sizes, strict=False)))


@drawn(100)
@given(
    names=st.lists(LONG, min_size=6, max_size=6),
    sizes=st.sampled_from(SIZES),
    notes=st.lists(st.sampled_from(["A short note.", "A long note. " * 30]), max_size=7),
)
def test_it_is_one_screen_whatever_the_report_holds(
    names: list[str], sizes: tuple[tuple[int, int], ...], notes: list[str]
) -> None:
    report = of_sizes(sizes)
    [item] = report.characteristics
    groups = [group.model_copy(update={"title": name}) for group, name in zip(item.groups, names, strict=False)]
    many = (item.model_copy(update={"groups": tuple(groups)}),) * 12
    report = report.model_copy(update={"characteristics": many, "dataset": "d" * 180, "notes": tuple(notes)})
    lines = one_screen(report).splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    assert lines[-1] == "Every group: --full. The whole report: --json, or --html FILE."


@pytest.mark.parametrize("capacity", [True, False])
def test_how_the_list_is_cut_is_said(capacity: bool) -> None:
    score, label, group = simulated({"A": 0.5, "B": 0.5}, {"A": 60, "B": 60}, seed=3)
    k = capacity_of(score)
    cut = {"capacity": k} if capacity else {"threshold": 0.5}
    said = one_screen(audited(score, label, one_group(group), **cut))
    assert (f"{k} places on each list." if capacity else "on the list from a score of 0.5.") in " ".join(said.split())
