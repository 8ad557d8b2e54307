"""Decisions about relationships of a history: parties, groups and outcomes are the history's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fixtures.group_history import AS_OF, ROWS, written

from fairness.decisions.of_history import Outcome, audit_of_history, last_record
from fairness.decisions.table import Decisions
from fairness.policy import load_policy
from threat.asof import DAY
from threat.errors import UsageError

POLICY = load_policy().model_copy(update={"draws": 50})


def test_groups_and_outcomes_are_those_of_the_history(tmp_path: Path) -> None:
    snapshot = written(tmp_path / "history")
    kept = ROWS.relationship[:3]
    early = np.full(3, AS_OF - 200)
    decisions = Decisions(early, kept, np.array([True, True, False]), np.array([True, False, True]))
    report = audit_of_history(decisions, snapshot, Outcome("Y4", 180), POLICY)
    assert report.decisions == 3
    assert last_record(snapshot) == AS_OF
    assert report.unknown_outcomes == 3  # the 180 days are not over by the last record
    sex = next(item for item in report.model.characteristics if item.name == "person_at_risk/sex")
    assert {group.code: (group.n, group.selected) for group in sex.groups} == {"F": (2, 2.0), "M": (1, 0.0)}
    assert report.model.overall.selected == 2
    assert report.both.overall.selected == 2
    assert report.person is not None
    assert (report.person.overall.n, report.person.overall.selected) == (2, 1)


def test_an_outcome_is_known_once_its_time_is_over(tmp_path: Path) -> None:
    snapshot = written(tmp_path / "history")
    decisions = Decisions(np.array([AS_OF - 2 * DAY]), ROWS.relationship[:1], np.array([True]), np.array([True]))
    assert audit_of_history(decisions, snapshot, Outcome("Y4", 1), POLICY).unknown_outcomes == 0


def test_a_relationship_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    snapshot = written(tmp_path / "history")
    decisions = Decisions(np.array([AS_OF]), np.array([12345]), np.array([True]), np.array([True]))
    with pytest.raises(UsageError):
        audit_of_history(decisions, snapshot, Outcome("Y4", 180), POLICY)
