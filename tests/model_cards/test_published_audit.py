"""The groups of a card are those of the published audit: counts to the step, verdicts by name, no interval."""

from __future__ import annotations

import re
from typing import Any

from fixtures import evidence
from fixtures.cards import MANIFEST, made, value
from fixtures.gated_characteristics import characteristic

from fairness.suppression import public
from model_cards.bom import bom, encode, fairness_assessments
from model_cards.page import page
from threat.release.documents.card import Card


def card(**fields: Any) -> Card:
    """Of 2,000 rows: women pass, men fail, and a third group is too small to publish."""
    groups = [
        evidence.group("Female", 1_203, 101, 52, 1.0, "pass"),
        evidence.group("Male", 789, 62, 13, 0.4, "fail"),
        evidence.group("Unknown", 8, 3, 1, 0.9, "not_enough_evidence"),
    ]
    sex = characteristic("sex", "fail", groups)
    report = evidence.fairness(MANIFEST, characteristics=[sex])
    return made(fairness=report, fairness_public=public(report), **fields)


def test_counts_are_to_the_step_and_small_groups_keep_their_verdict_alone() -> None:
    rows = {row[1]: row[2:] for row in value(card(), "fairness.by_group").rows}
    assert list(rows) == ["Female", "Male", "Unknown"]
    assert rows["Unknown"] == ("withheld", "withheld", "withheld", "Not enough evidence")
    assert [cells[-1] for cells in rows.values()] == ["Pass", "Fail", "Not enough evidence"]
    counts = re.findall(r"[\d,]+(?= of|\s\()", " ".join(cell for cells in rows.values() for cell in cells))
    assert all(int(count.replace(",", "")) % 5 == 0 for count in counts)
    lines = value(card(), "fairness.not_shown")
    assert lines[0] == "Counts are to the nearest 5; a group whose counts are withheld has its verdict"


def test_a_fail_is_named_and_no_exact_count_interval_or_ratio_is_anywhere() -> None:
    whole = card()
    assert whole.summary.worst_served.startswith("Fairness verdict: fail. Fail: Male (sex of the person at risk).")
    assert [chart for chart in whole.charts if chart.section == "fairness"] == []
    shown = [figure.figure for figure in whole.figures if figure.section == "fairness"]
    assert all(figure.interval is None and figure.events % 5 == 0 and figure.n % 5 == 0 for figure in shown)
    html = page(whole)
    assert "1,203" not in html
    assert "52 of 101" not in html
    assert "13 of 62" not in html


def test_the_ml_bom_assesses_every_group_by_what_is_published() -> None:
    whole = card()
    encode(bom(whole))
    assessed = {entry["groupAtRisk"]: entry["harms"] for entry in fairness_assessments(whole)}
    assert "Verdict: Fail" in assessed["Male (sex of the person at risk)"]
    assert "withheld" in assessed["Unknown (sex of the person at risk)"]
