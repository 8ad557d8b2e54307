"""What ranks now, until when, and what a release depends on, on each of its days."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fixtures import governed
from fixtures.desk_browser import NOW, STARTED_AT, client_of

from serving.desk.governance.standing import left, what_ranks
from threat.asof import DAY
from threat.dates import date_in_words
from threat.release import promotions
from threat.trust.folder import Trust

SOONEST = date_in_words(governed.TODAY + timedelta(days=5))


def test_a_rule_ranks_where_no_model_was_ever_promoted(desk):
    answer = what_ranks(desk)
    assert (answer.by_model, answer.run, answer.until, answer.acceptances) == (False, "", "", ())
    assert answer.state == "No model was ever promoted"
    assert answer.note == "No model has been released."
    assert answer.list_shown.startswith("The list of 1 June 2024")
    page = client_of(desk, "governance").get("/governance").text
    assert "A rule ranks, no model" in page
    assert "Acceptances" not in page


def test_a_model_ranks_until_the_first_of_its_acceptances_ends(open_desk, governed_var):
    answer = what_ranks(open_desk(governed_var))
    assert (answer.by_model, answer.run, answer.environment, answer.state) == (True, "run-1", "demonstration", "Live")
    assert answer.since == "2 January 2025"
    assert answer.until == f"{SOONEST}, 5 days left"
    assert answer.until_soon is True
    assert [(each.acceptance.about, each.days_left, each.ends_soon) for each in answer.acceptances] == [
        ("person_at_risk/sex", 5, True),
        ("person_at_risk/disability", 80, False),
    ]
    assert answer.acceptances[0].words == f"5 days left ({SOONEST})"
    assert [(check.title, check.words) for check in answer.checks] == [("Fairness", "Accepted by name")]
    assert (answer.dissents, answer.conditions) == ((), ())
    assert (
        "Nobody signed a dissent on this release."
        in client_of(open_desk(governed_var), "governance").get("/governance").text
    )


@pytest.mark.parametrize(
    ("days", "words", "by_model"),
    [(4, "1 day left", True), (5, "today is the last day", True), (6, "over", False), (90, "over", False)],
)
def test_on_each_day_the_days_left_and_what_ranks_agree(open_desk, governed_var, days, words, by_model):
    answer = what_ranks(open_desk(governed_var, clock=lambda: NOW + days * DAY))
    assert answer.until == f"{SOONEST}, {words}"
    assert answer.by_model is by_model
    assert answer.run == "run-1"  # of the model that is out of service too
    if not by_model:
        assert answer.state == "Suspended: a rule ranks in its place"
        ended = f"What the release of the model depends on ended on {SOONEST}"
        assert answer.since == ""  # the day of its promotion, which is not since when the rule ranks
        assert answer.note == f"{ended}: the acceptance of person_at_risk/sex in fairness."


@pytest.mark.parametrize(("days_before", "soon"), [(9, True), (10, False)])  # 14 and 15 days before the last day
def test_the_last_day_is_marked_from_14_days_before(open_desk, governed_var, days_before, soon):
    answer = what_ranks(open_desk(governed_var, clock=lambda: NOW - days_before * DAY))
    assert (answer.until_soon, answer.acceptances[0].ends_soon) == (soon, soon)


def test_a_release_that_depends_on_no_acceptance_has_no_last_day(open_desk, model_var):
    answer = what_ranks(open_desk(model_var))
    assert (answer.until, answer.until_soon, answer.acceptances, answer.signed) == ("", False, (), True)
    page = client_of(open_desk(model_var), "governance").get("/governance").text
    assert "No last day: the release depends on nothing that ends" in page
    assert "The release depends on none." in page


def test_a_suspended_model_is_said_to_be_out_of_service_by_whom_and_why(
    release, golden_store, open_desk, tmp_path_factory
):
    var = tmp_path_factory.mktemp("suspended")
    release(golden_store, var, accepted=governed.ACCEPTED)
    signer = Trust.open().signer("promotion")
    promotions.suspend(var / "promotions.jsonl", signer, at=STARTED_AT + 60, reason="an odd list")
    page = client_of(open_desk(var), "governance").get("/governance").text
    assert "A rule ranks, no model" in page
    assert "The model was suspended on 2 January 2025 by" in page
    assert "an odd list" in page
    assert "Model that is out of service" in page
    assert "few men" in page
    # Its acceptances go on for days, and are no promise of a model that is out of service.
    assert "Until" not in page
    assert "No last day" not in page
    assert "the rule ranks" not in page


def test_the_page_says_who_accepted_what_why_and_what_is_done_instead(open_desk, governed_var):
    page = client_of(open_desk(governed_var), "governance").get("/governance").text
    for words in ("person at risk: sex", "DEMONSTRATION SRO, SRO", "few men", f"5 days left ({SOONEST})"):
        assert words in page
    assert page.index("person at risk: sex") < page.index("person at risk: disability")
    assert "The list of 1 June 2024" in page


def test_without_a_list_the_page_says_so(open_desk, release, golden_store, tmp_path_factory):
    var = tmp_path_factory.mktemp("no list")
    release(golden_store, var)
    assert what_ranks(open_desk(var)).list_shown == "No list has been published yet."


@pytest.mark.parametrize(("days", "words"), [(2, "2 days left"), (1, "1 day left"), (0, "today is the last day")])
def test_days_left_in_words(days, words):
    assert left(days) == words
