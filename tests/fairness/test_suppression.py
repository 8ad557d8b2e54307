"""What may be published: no small cell, and nothing that gives one away."""

from __future__ import annotations

import numpy as np
import pytest
from fixtures.audits import audited, one_group

from fairness.page import page
from fairness.screen import every_group
from fairness.suppression import PublicFairness, WithheldGroup, public
from threat.release.documents.fairness import Fairness


def made(sizes: dict[str, tuple[int, int]], caught: float = 0.5) -> Fairness:
    """A report of groups with so many rows and outcomes, of which a share is caught."""
    score, label, group = [], [], []
    for code, (n, events) in sizes.items():
        hit = np.arange(n) < events
        score += [np.where(hit & (np.arange(n) < round(events * caught)), 1.0, 0.0)]
        label += [hit.astype(float)]
        group += [np.repeat(code, n)]
    return audited(np.concatenate(score), np.concatenate(label), one_group(np.concatenate(group)), threshold=0.5)


def shown(report: Fairness) -> dict[str, int | None]:
    """Events by group as published; None where withheld."""
    return {
        group.code: None if isinstance(group, WithheldGroup) else group.events
        for group in public(report).characteristics[0].groups
    }


def test_large_cells_are_published() -> None:
    assert shown(made({"A": (500, 100), "B": (400, 80)})) == {"A": 100, "B": 80}


def test_a_small_cell_takes_the_next_smallest_with_it() -> None:
    report = made({"A": (500, 100), "B": (400, 80), "C": (40, 6)})
    assert shown(report) == {"A": 100, "B": None, "C": None}
    withheld = public(report).characteristics[0].groups[2]
    assert isinstance(withheld, WithheldGroup)
    assert set(withheld.as_json()) == {"code", "title", "withheld", "verdict", "reason"}
    assert withheld.verdict == report.characteristics[0].groups[2].verdict
    assert "below 10" in withheld.reason
    assert report.characteristics[0].groups[2].events == 6


@pytest.mark.parametrize(
    "sizes", [{"A": (500, 100), "B": (9, 9)}, {"A": (500, 100), "B": (300, 15)}, {"A": (500, 100), "B": (300, 0)}]
)
def test_few_rows_few_caught_or_none_are_small(sizes: dict[str, tuple[int, int]]) -> None:
    assert shown(made(sizes)) == {"A": None, "B": None}


def test_no_small_number_reaches_the_published_page() -> None:
    report = made({"A": (500, 100), "B": (400, 80), "C": (40, 7)})
    assert "4 of 7: 57%" in page(report)
    assert "it holds small counts" in page(report)
    html, words = page(public(report)), every_group(public(report))
    for small in ("of 7<", ">40<", ">4 of"):
        assert small not in html
    assert "Not shown for 2 groups" in html
    assert "withheld" in words


def test_few_events_outside_and_other_rankings_are_not_published() -> None:
    report = made({"A": (500, 100), "B": (400, 80)})

    def published(outside: int) -> PublicFairness:
        overall = report.overall.model_copy(update={"outside_events": outside})
        return public(report.model_copy(update={"overall": overall}))

    assert published(3).overall.outside_events is None
    assert published(3).overall.events == 180
    assert published(30).overall.outside_events == 30
    assert "others" not in published(3).as_json()


def test_few_caught_or_missed_in_all_are_not_published() -> None:
    for caught in (0.02, 0.98):
        overall = public(made({"A": (500, 100), "B": (400, 80)}, caught)).overall
        assert (overall.n, overall.events, overall.selected, overall.recall) == (900, None, None, None)
