"""People narrow or widen the gap that a list has: drawn decisions, of which it is known what people did."""

from __future__ import annotations

import numpy as np
import pytest

from fairness.characteristics import Characteristic
from fairness.decisions.audit import DecidedRows, audit_decisions
from fairness.decisions.screen import decisions_screen
from fairness.policy import load_policy
from threat.errors import BadInput
from threat.measuring.ranked import Labelled
from threat.release.documents.decisions_audit import DecisionsAudit, GapChange

POLICY = load_policy().model_copy(update={"draws": 200})
N = 3_000


def decided(listed: dict[str, float], taken: dict[str, float], added: float = 0.0, seed: int = 1) -> DecisionsAudit:
    """Half of N cases are of A, half of B, a third with an outcome. ``listed``, ``taken``: of the outcomes of a group
    the share listed, and of the listed the share taken up; ``added``: of B's not listed, the share people add."""
    draw = np.random.default_rng(seed)
    group = np.repeat(["A", "B"], N // 2)
    harmed = np.arange(N) % 3 == 0
    rate = np.vectorize(listed.get)(group).astype(float)
    on_list = draw.random(N) < np.where(harmed, rate, rate / 4)
    up = on_list & (draw.random(N) < np.vectorize(taken.get)(group).astype(float))
    up |= ~on_list & (group == "B") & (draw.random(N) < added)
    rows = DecidedRows(Labelled.of(label=harmed.astype(float)), on_list, up)
    return audit_decisions(rows, [Characteristic("group", "column", group)], POLICY, dataset="drawn")


def of(report: DecisionsAudit, code: str) -> GapChange:
    return next(change for change in report.changes if change.code == code)


def test_people_who_take_up_fewer_of_the_worse_served_widen_the_gap() -> None:
    report = decided({"A": 0.6, "B": 0.4}, {"A": 0.9, "B": 0.5})
    change = of(report, "B")
    assert (change.effect, of(report, "A").effect) == ("widens", "widens")
    assert change.ratio_of_list == pytest.approx(0.4 / 0.6, abs=0.1)
    assert change.change == pytest.approx(0.5 / 0.9, abs=0.1)
    assert change.change_interval is not None
    assert change.change_interval[1] < 1
    assert (change.events, change.taken < change.listed) == (500, True)


def test_people_who_add_cases_of_the_worse_served_narrow_the_gap() -> None:
    report = decided({"A": 0.6, "B": 0.35}, {"A": 0.8, "B": 0.8}, added=0.25)
    change = of(report, "B")
    assert change.effect == "narrows"
    assert change.change is not None
    assert change.change > 1
    # What people do with the listed cases alone is even: the gap narrows by what they add.
    assert report.person is not None
    assert report.person.overall.recall.value == pytest.approx(0.8, abs=0.05)
    assert report.both.overall.recall.value is not None


def test_people_who_turn_the_gap_round_widen_it() -> None:
    report = decided({"A": 0.55, "B": 0.5}, {"A": 0.3, "B": 0.9})
    assert of(report, "B").effect == "widens"
    assert "more of the group's cases" in of(report, "B").reason


def test_even_decisions_are_not_enough_evidence_of_anything() -> None:
    report = decided({"A": 0.6, "B": 0.4}, {"A": 0.8, "B": 0.8}, seed=3)
    assert of(report, "B").effect == "not_enough_evidence"
    low, high = of(report, "B").change_interval or (2.0, 2.0)
    assert low < 1 < high


def test_few_caught_are_not_enough_evidence() -> None:
    change = of(decided({"A": 0.6, "B": 0.4}, {"A": 0.9, "B": 0.01}), "B")
    assert (change.effect, change.change_interval) == ("not_enough_evidence", None)


def test_each_audit_counts_its_own_cases() -> None:
    report = decided({"A": 0.5, "B": 0.5}, {"A": 1.0, "B": 1.0})
    assert (report.decisions, report.unknown_outcomes) == (N, 0)
    assert report.model.overall.n == report.both.overall.n == N
    assert report.model.overall.selected == report.both.overall.selected
    assert report.person is not None
    assert report.person.overall.n == report.model.overall.selected
    assert report.person.overall.recall.value == 1.0
    screen = decisions_screen(report)
    assert "Decisions on the listed cases" in screen
    assert "The model's list" in screen
    assert "3,000 decisions on record" in screen


def test_no_case_is_nothing_to_audit() -> None:
    nobody = DecidedRows(Labelled.of(label=[]), np.zeros(0, bool), np.zeros(0, bool))
    with pytest.raises(BadInput, match="no case"):
        audit_decisions(nobody, [Characteristic("group", "column", [])], POLICY)
