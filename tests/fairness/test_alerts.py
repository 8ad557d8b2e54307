"""The word of a whole report: alerts of groups are one of the report only where they are more than chance gives."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.audits import FAST, audited, counted

from fairness.alerts import Marked, alerts_of, verdict_of_report
from fairness.characteristics import Characteristic
from fairness.suppression import public
from fairness.words import alerts as said_of
from threat.release.documents.fairness import Fairness
from threat.release.documents.fairness_verdict import FairnessVerdict

FAIL, ALERT, NOT_ENOUGH, PASS = (FairnessVerdict(value) for value in ("fail", "alert", "not_enough_evidence", "pass"))

SIMULATED = Marked(
    np.array([[0.5, 0.5], [0.2, 0.5], [0.2, 0.1], [0.6, 0.7]]), np.array([[0, 0], [1, 0], [1, 1], [0, 0]]) == 1
)
"""Four audits of two cells: 0, 1, 2 and 0 alerts; their weights are 0, 1.61, 3.91 and 0."""


@pytest.mark.parametrize(
    ("p_none", "alerting", "as_many", "as_strong"),
    [
        (
            (0.2, 0.5),
            (True, False),
            3 / 5,
            3 / 5,
        ),  # two of four have one alert or more; the report itself counts as one
        ((0.05, 0.5), (True, False), 3 / 5, 2 / 5),  # one strong alert: only that of two alerts weighs as much
        ((0.01, 0.01), (True, True), 2 / 5, 1 / 5),
        ((0.5, 0.5), (False, False), 1.0, 1.0),
    ],
)
def test_number_and_weight_next_to_those_of_chance(
    p_none: tuple[float, ...], alerting: tuple[bool, ...], as_many: float, as_strong: float
) -> None:
    policy = FAST.model_copy(update={"alert_level": 0.3})
    alerts = alerts_of(Marked(np.array(p_none), np.array(alerting)), SIMULATED, policy)
    assert (alerts.cells, alerts.alerting, alerts.by_chance) == (2, sum(alerting), 0.75)
    assert (alerts.as_many, alerts.as_strong) == pytest.approx((as_many, as_strong))
    assert alerts.beyond_chance == (as_strong == 1 / 5)


def test_alerts_of_chance_are_no_alert_of_the_report_and_no_pass() -> None:
    by_chance, beyond = (
        alerts_of(Marked(np.array([p, 0.5]), np.array([True, False])), SIMULATED, FAST.model_copy(update=level))
        for p, level in ((0.2, {}), (0.001, {"alert_level": 0.5}))
    )
    assert [verdict_of_report(worst, by_chance) for worst in (FAIL, ALERT, NOT_ENOUGH, PASS)] == [
        FAIL, NOT_ENOUGH, NOT_ENOUGH, PASS,
    ]  # fmt: skip
    assert verdict_of_report(ALERT, beyond) == ALERT
    assert verdict_of_report(ALERT, None) == NOT_ENOUGH


@pytest.fixture(scope="module")
def many() -> Fairness:
    """Eight groups of 30 of whom 12 were caught, and one of whom 7 were: it alerts, as one of nine often does."""
    return counted({code: (30, 7 if code == "i" else 12) for code in "abcdefghi"})


def test_one_alert_of_nine_groups_is_what_chance_gives(many: Fairness) -> None:
    [item] = many.characteristics
    assert item.verdict == ALERT  # the mark on the group stays, and it is never a pass
    assert many.verdict == NOT_ENOUGH
    assert many.alerts is not None
    assert many.alerts.alerting == 1
    assert many.alerts.as_strong > 0.2
    assert said_of(many).startswith("1 of 9 group figures that decide looks worse than the line; a ranking that")
    assert "As evidence it weighs no more than what chance gives" in said_of(many)
    assert "weigh no more, taken together, than what chance gives" in public(many).notes[-1]


def test_a_group_that_chance_seldom_shows_is_an_alert_of_the_report() -> None:
    report = counted({"women": (200, 80), "men": (60, 13)})
    assert report.alerts is not None
    assert (report.verdict, report.alerts.beyond_chance) == (ALERT, True)
    assert report.alerts.as_strong <= 0.10
    assert "As evidence it weighs more than what chance gives" in said_of(report)


def test_of_what_is_simulated_the_public_report_gives_whole_numbers_alone(many: Fairness) -> None:
    assert many.own_rates is not None
    assert many.alerts is not None
    report, rates = public(many), many.own_rates
    assert report.own_rates is not None
    assert report.own_rates.as_json() == {
        "draws": rates.draws,
        "cells": rates.cells,
        **{
            name: round(100 * getattr(rates, name).value)
            for name in ("false_fail", "false_alert", "any_alert", "false_pass")
        },
    }
    assert report.alerts is not None
    assert report.alerts.as_json() == {
        "cells": 9, "alerting": 1, "by_chance": round(many.alerts.by_chance), "beyond_chance": False
    }  # fmt: skip


def test_where_nothing_could_be_compared_there_is_no_word_but_not_enough_evidence() -> None:
    report = audited([4, 3, 2, 1], [1, 0, 1, 0], [Characteristic("x", "column", ["one"] * 4, ())], threshold=2.5)
    assert (report.alerts, report.verdict, said_of(report)) == (None, NOT_ENOUGH, "")
