"""Fairness at the desk: counts a person can read, for governance alone, and nothing a pass that nobody computed."""

from __future__ import annotations

import pytest
from fixtures.desk_browser import client_of

from serving.desk.governance.fairness_shown import NO_MODEL, fairness_shown


@pytest.fixture
def shown(open_desk, governed_var):
    return fairness_shown(open_desk(governed_var))


def test_counts_by_group_and_a_sentence_for_those_without_a_figure(shown):
    [sex] = shown.gated
    assert [(row.title, row.verdict, row.failed) for row in sex.rows] == [
        ("Women", "Pass", False),
        ("Men", "Fail", True),
    ]
    assert [row.figures[0] for row in sex.rows] == [
        "40 of 100: 40% (likely 0% to 100%)",
        "about 10 of 60: 16% (likely 0% to 100%)",
    ]
    assert shown.heads == [
        "On the list, of those later harmed",
        "With an outcome, of those not listed",
        "With an outcome, of those listed",
        "On the list, of those without an outcome",
    ]
    assert [len(row.figures) for row in sex.rows] == [4, 4]
    assert sex.gaps == ("Not computed for 1 group, of whom nobody was harmed: Not stated.",)
    assert (sex.id, sex.name, sex.verdict) == ("person-at-risk-sex", "Sex of the person at risk", "Fail")
    assert sex.reason == "Served worse than the line allows: Men."


def test_one_group_alone_has_nothing_to_be_compared_with(shown):
    [religion] = shown.reported
    assert [row.verdict for row in religion.rows] == ["Nothing to compare"]


def test_everybody_other_rankings_and_coverage_in_counts(shown):
    assert (shown.run, shown.verdict, shown.failed) == ("run-1", "Fail", True)
    assert shown.sentences[0] == (
        "120 of 300 later harmed were on the list, 40% (likely 0% to 100%). 30 were people no list covered."
    )
    assert shown.others == (("A rule", "40 of 160", "Pass"),)
    assert shown.coverage == (("sex of person", "subject (alleged)", "tested", "audited"),)


def test_the_page_warns_that_it_shows_small_counts(open_desk, governed_var):
    page = client_of(open_desk(governed_var), "governance").get("/fairness").text
    assert "For governance inside the force: small counts are shown. Not for publication." in page
    assert "about 10 of 60" in page
    assert "withheld" not in page


def test_without_a_model_or_a_report_the_page_says_why(desk, open_desk, model_var):
    assert fairness_shown(desk).missing == NO_MODEL
    assert NO_MODEL in client_of(desk, "governance").get("/fairness").text
    assert fairness_shown(open_desk(model_var)).missing.startswith("The bundle has no fairness.json.")
