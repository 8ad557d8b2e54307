"""Figures from columns of a measure: value, interval, and the reason for what is missing."""

from __future__ import annotations

import numpy as np
import pytest

from threat.measuring.estimates import What, measure, observed_over_expected, rate
from threat.measuring.intervals import BOOTSTRAP, Evidence, jeffreys

NAN = float("nan")


def what(events: int = 3) -> What:
    return What(name="recall", title="Recall", n=10, events=events, slice={"capacity": 5})


def test_a_measure_has_its_percentiles() -> None:
    figure = measure(what(), np.arange(11.0) / 10)
    assert (figure.value, figure.n, figure.events, figure.reason) == (0.0, 10, 3, "")
    assert figure.interval == pytest.approx((0.1225, 0.9775))
    assert (figure.method, figure.slice) == (BOOTSTRAP, {"capacity": 5})
    assert measure(what(), np.arange(11.0), method="paired").method == "paired"


@pytest.mark.parametrize(
    ("values", "events", "value", "reason"),
    [
        (np.full(11, NAN), 0, None, "no outcomes in the window"),
        (np.full(11, NAN), 3, None, "not defined for these rows"),
        (np.append(0.5, np.full(10, NAN)), 3, 0.5, "too few outcomes for an interval"),
        (np.array([0.5]), 3, 0.5, "no replicates were drawn"),
    ],
)
def test_what_is_missing_has_a_reason(values: np.ndarray, events: int, value: float | None, reason: str) -> None:
    figure = measure(what(events), values)
    assert (figure.value, figure.interval, figure.reason) == (value, None, reason)


def test_a_rate_has_the_interval_of_the_one_rule() -> None:
    evidence = Evidence(people=3, clusters=3)
    figure = rate(what(), np.full(11, 3.0), np.full(11, 3.0), evidence)
    assert (figure.value, figure.interval, figure.method) == (1.0, jeffreys(3, 3), "Jeffreys 95%")
    nothing = rate(what(0), np.zeros(11), np.zeros(11), evidence)
    assert (nothing.value, nothing.interval, nothing.reason) == (None, None, "no outcomes in the window")
    assert rate(what(3), np.zeros(11), np.zeros(11), evidence).reason == "nothing to measure it on"


def test_observed_over_expected_needs_something_expected() -> None:
    figure = observed_over_expected(what(), np.full(11, 4.0), np.full(11, 2.0), people=4)
    assert (figure.value, figure.method) == (2.0, "Jeffreys 95% for a count")
    assert observed_over_expected(what(), np.full(11, 4.0), np.zeros(11), people=4).reason == "no expected outcomes"
