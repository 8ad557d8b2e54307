"""The page of a report says counts a person can read, and calls nothing a pass that nobody could compute."""

from __future__ import annotations

from fixtures.audits import counted

from fairness.page import page
from fairness.suppression import public

WOMEN_AND_MEN = {"women": (200, 100), "men": (100, 20), "nobody": (0, 0)}


def test_counts_shares_and_verdicts_by_group() -> None:
    html = page(counted(WOMEN_AND_MEN))
    row = '<td data-label="On the list, of those later harmed">{}</td><td data-label="Share">{}</td>'
    assert row.format("100 of 200", "50% (likely 43% to 57%)") in html
    assert row.format("20 of 100", "20% (likely 13% to 29%)") in html
    assert '<td data-label="Verdict"><span class="fail">Fail</span></td>' in html
    assert "<p>120 of 300 later harmed were on the list (from a score of 0.5); 0 were people" in html


def test_the_group_compared_with_is_not_said_to_pass() -> None:
    html = page(counted(WOMEN_AND_MEN))
    assert '<td data-label="Verdict">Compared with</td>' in html
    assert ">Pass<" not in html


def test_groups_of_whom_nobody_was_harmed_are_a_sentence_and_no_row() -> None:
    html = page(counted(WOMEN_AND_MEN))
    assert "Not computed for 1 group, of whom nobody was harmed: nobody." in html
    assert "<th scope=row>nobody</th>" not in html


def test_withheld_groups_are_a_sentence_that_says_how_many_and_why() -> None:
    report = counted({"women": (200, 100), "men": (300, 150), "few": (30, 2), "fewer": (12, 6)})
    html = page(public(report))
    assert "Not shown for 2 groups, because a count is below 10 or would give one away: few, fewer." in html
    assert "<th scope=row>few</th>" not in html
    assert "Served worse than the line allows, though not shown: few." in html
    assert "withheld<" not in html
