"""The page of a report says counts a person can read, and calls nothing a pass that nobody could compute."""

from __future__ import annotations

from fixtures.audits import counted

from fairness.page import page

WOMEN_AND_MEN = {"women": (200, 100), "men": (100, 20), "nobody": (0, 0)}


def test_counts_shares_and_verdicts_by_group() -> None:
    html = page(counted(WOMEN_AND_MEN))
    row = (
        '<td data-label="On the list, of those later harmed">{}</td>'
        '<td data-label="Recall over everybody else\'s">{}</td>'
    )
    assert row.format("100 of 200: 50% (likely 43% to 57%)", "2.50 (1.66 to 3.74)") in html
    assert row.format("20 of 100: 20% (likely 13% to 29%)", "0.40 (0.27 to 0.60)") in html
    assert '<td data-label="Verdict"><span class="fail">Fail</span></td>' in html
    assert "<p>120 of 300 later harmed were on the list (from a score of 0.5); 0 were people" in html


def test_both_sides_are_shown_whichever_decides() -> None:
    html = page(counted(WOMEN_AND_MEN))
    assert "<caption>What the list does for people at risk, by group</caption>" in html
    assert "<caption>What the list costs its subjects, by group</caption>" in html
    assert '<td data-label="With an outcome, of those not listed">80 of 180: 44% (likely 37% to 52%)</td>' in html
    assert '<td data-label="With an outcome, of those listed">20 of 20: 100% (likely 88% to 100%)</td>' in html
    assert '<td data-label="On the list, of those without an outcome">0 of 100: 0% (likely 0% to 2%)</td>' in html


def test_groups_of_whom_nobody_was_harmed_are_a_sentence_and_no_row() -> None:
    html = page(counted(WOMEN_AND_MEN))
    assert "Not computed for 1 group, of whom nobody was harmed: nobody." in html
    assert "<th scope=row>nobody</th>" not in html
