"""Halves and drift on the results page: what is shown, and what fewer than ten would give away."""

from __future__ import annotations

from typing import Any

import pytest
from fixtures import evidence
from fixtures.cohort_evidence import cohort
from pages.results_halves import drift_lines, halves_lines

from threat.measuring.figure import Figure


def figure(name: str, value: float, events: int = 40, **by: Any) -> Figure:
    return Figure(name=name, title=name, value=value, n=900, events=events, interval=None, method="m", slice=by)


def half(which: str, cycles: list[int], events: int, recall: float) -> dict[str, Any]:
    values = {"recall_at_capacity": recall, "mean_recall": 0.4, "auc": 0.7}
    figures = [
        figure(name, value, events, ranking=ranking)
        for ranking in ("score", "elastic_net")
        for name, value in values.items()
    ]
    return {"half": which, "cycles": cycles, "n": 900, "events": events, "figures": figures, "calibration": None}


def lines(first: int, second: int, *, public: bool, recall: float = 0.5) -> str:
    replayed = [
        {"cycle": cycle, "start": f"2025-0{cycle}-01T00:00:00+00:00", "n": 9, "with_outcome": 1, "listed": 2,
         "listed_with_outcome": 1, "new_since_last": None}
        for cycle in (1, 2, 3)
    ]  # fmt: skip
    halves = [half("first", [1, 2], first, recall), half("second", [3], second, 0.5)]
    return "\n".join(halves_lines(evidence.evaluation(halves=halves, replay=replayed), public))


def test_each_half_is_a_line_for_the_model_and_for_the_regression() -> None:
    text = lines(40, 30, public=True)
    assert "| first, lists of 2025-01-01 to 2025-02-01, 40 events | LightGBM | 50.0% | 40.0% | 0.700 | - | - |" in text
    assert "| second, lists of 2025-03-01 to 2025-03-01, 30 events | elastic_net | 50.0% |" in text
    assert text.startswith("\nEach half of the test by itself")  # a paragraph of its own, whatever comes before
    assert len(text.strip().splitlines()) == 4 + 4


@pytest.mark.parametrize(
    ("first", "recall", "public", "withheld"),
    [(9, 0.5, True, "one has fewer than 10"), (40, 0.2, True, "on fewer than 10"), (9, 0.2, False, "")],
)
def test_fewer_than_ten_are_withheld_in_public(first: int, recall: float, public: bool, withheld: str) -> None:
    text = lines(first, 30, public=public, recall=recall)
    assert withheld in text
    assert ("fewer than 10" in text) is public
    assert (f"{first} events" in text) is (first == 40 or not public)


def test_a_single_list_has_no_lines() -> None:
    assert halves_lines(evidence.evaluation(), public=True) == []


def drift(beyond: int) -> dict[str, Any]:
    record = {"feature": "subject_history_days", "fit_rows": 900, "test_rows": 800, "beyond": beyond, "shift": 1.2}
    shifted = [record | {"feature": f"f{i}", "shift": shift} for i, shift in enumerate((0.9, -0.5, 0.1))]
    return {"least_shift": 0.25, "shifted": 2, "length_of_record": record, "features": shifted}


def test_drift_names_what_shifted_most_and_counts_who_is_longest_on_record() -> None:
    (line,) = drift_lines(cohort(drift=drift(120)), public=True)
    assert "2 of 3 features that vary shifted by over 0.25 standard deviations" in line
    assert "(`f0` +0.90, `f1` -0.50)" in line
    assert "120 (15%) of 800 rows of the test are longer on record than 99% of the fit rows." in line
    assert "fewer than 10 of 800 rows" in drift_lines(cohort(drift=drift(9)), public=True)[0]
    assert "9 (1%) of 800 rows" in drift_lines(cohort(drift=drift(9)), public=False)[0]
    assert drift_lines(cohort(), public=True) == []
