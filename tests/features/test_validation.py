"""Definitions that are refused, each with every problem and a way out, and the directions that are allowed."""

from __future__ import annotations

import pytest
from fixtures.feature_definitions import define

from features.load import Catalogue
from features.validation import forbidden_direction
from threat.errors import UsageError

COUNT = {"statistic": "count", "kinds": ("assault_with_injury",)}


def refused(**parts: object) -> str:
    with pytest.raises(UsageError) as error:
        Catalogue((define(**{"name": "one", **COUNT, **parts}),))
    return str(error.value)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"kinds": ("asault_with_injury",)}, "did you mean assault_with_injury"),
        ({"kinds": ("@asault",)}, "did you mean @assault"),
        ({"kinds": ()}, "names no kind"),
        ({"kinds": ("withdrawn",)}, "Record-keeping rows are never read"),
        ({"kinds": ("release",)}, "never enters a look-back window"),
        ({"statistic": "days_until"}, "reads only kinds known in advance"),
        ({"window_days": -30}, "window_days is not a number of days above 0"),
        ({"window_days": 0}, "window_days is not a number of days above 0"),
        ({"window_days": float("nan")}, "window_days is not a number of days above 0"),
        ({"window_days": "30"}, "window_days is not a number of days above 0"),
        ({"window_days": 50_000}, "more than 100 years"),
        ({"name": "Assaults 30d"}, "lower-case words"),
        ({"scope": "relationships"}, "did you mean relationship"),
        ({"statistic": "cuont"}, "did you mean count"),
        ({"kinds": ("weapon_used",), "codes": ("knives",)}, "None of the kinds has this code"),
        ({"domestic": "maybe"}, "not a value of domestic"),
        ({"reported_by": ("neighbour",)}, "no reporter of this name"),
        ({"of": "harm"}, "count takes no of"),
        ({"half_life_days": 30}, "count takes no half_life_days"),
        ({"statistic": "sum"}, "sum needs of"),
        ({"statistic": "sum", "of": "incidents"}, "not what sum can be of"),
        ({"statistic": "slope", "window_days": 90}, "slope needs periods"),
        ({"statistic": "slope", "window_days": 90, "periods": 1}, "fewer than two periods"),
        ({"statistic": "window_ratio", "window_days": 90, "long_window_days": 30}, "not longer than its window"),
        ({"statistic": "window_ratio", "window_days": 90, "long_window_days": 90}, "not longer than its window"),
        ({"statistic": "share"}, "share needs among"),
        ({"statistic": "both", "window_days": 30}, "both needs among"),
        ({"statistic": "state_is", "kinds": ("relationship_recorded",)}, "state_is needs codes"),
        (
            {"statistic": "state_is", "kinds": ("relationship_recorded",), "codes": ("unknown",)},
            "passes this code over",
        ),
        ({"relationship_kinds": ("cousin",)}, "no kind of relationship of this name"),
        ({"relationship_kinds": ("unknown",)}, "no kind of relationship of this name"),
        ({"statistic": "breach_after", "among": ("order_served",), "among_scope": "about_me"}, "no among_scope"),
        ({"statistic": "breach_after", "among": ("order_served",), "among_scope": "about_at_risk"}, "other person"),
        ({"statistic": "count", "among_scope": "about_subject"}, "count takes no among_scope"),
        (
            {"statistic": "state_in_force", "kinds": ("restraining_order",), "direction": 1},
            "orders are what the system",
        ),
        ({"statistic": "both", "window_days": 9, "among": ("arrest",), "direction": 1}, "what the system did"),
        ({"statistic": "recency_weighted"}, "recency_weighted needs half_life_days"),
        ({"statistic": "rate_at_liberty"}, "rate_at_liberty needs window_days"),
        ({"statistic": "rate_at_liberty", "window_days": 90, "scope": "reversed"}, "about the person who acts"),
        ({"statistic": "in_custody"}, "reads only kinds of custody"),
        ({"statistic": "grade"}, "None of the kinds has this code"),
        ({"sensitive": True}, "has no justification"),
        ({"sentence": " "}, "lacks its sentence"),
        ({"statistic": "days_since_first", "direction": -1}, "recency across custody is not clean time"),
        ({"statistic": "days_since_last", "direction": 1}, "one more event moves a figure of days_since_last"),
        ({"statistic": "count", "direction": -1}, "set direction: 1, or 0"),
        ({"kinds": ("arrest",), "scope": "about_subject", "direction": 1}, "what the system did"),
        ({"kinds": ("restraining_order",), "direction": 1}, "orders are what the system did"),
        ({"kinds": ("mental_health_marker",), "scope": "about_subject", "direction": 1}, "mental health"),
        ({"kinds": ("idva_referral",), "direction": 1}, "service use is not risk"),
        ({"reported_by": ("third_party",), "direction": 1}, "who calls"),
        ({"include_proactive": True, "direction": 1}, "what the unit did"),
        ({"kinds": ("retraction",), "direction": 1}, "mark it policy"),
    ],
)
def test_one_wrong_part(parts, says):
    assert says in refused(**parts)


@pytest.mark.parametrize(
    "parts", [{"window_days": 36_525}, {"statistic": "recency_weighted", "half_life_days": 50_000}]
)
def test_the_longest_window_is_a_hundred_years_and_a_half_life_may_be_longer(parts):
    assert len(Catalogue((define("long", **{**COUNT, **parts}),))) == 1


@pytest.mark.parametrize("scope", ["reversed", "subject_at_risk", "at_risk_anyone", "at_risk_others"])
def test_a_rate_at_liberty_is_never_of_who_was_harmed(scope):
    assert "not about the person who acts" in refused(statistic="rate_at_liberty", window_days=90, scope=scope)


def test_all_problems_at_once():
    wrong = (
        define("same", **COUNT, window_days=-1),
        define("same", statistic="count", kinds=("nothing",)),
        define("fine", **COUNT),
    )
    with pytest.raises(UsageError) as error:
        Catalogue(wrong)
    text = str(error.value)
    assert text.startswith("3 problems:")
    for part in (
        "The name is taken by 2 definitions",
        "window_days is not a number of days above 0",
        "not a kind or group",
    ):
        assert part in text


def test_directions_that_are_allowed():
    assert forbidden_direction(define("harm", statistic="sum", of="harm", kinds=("@crime",), direction=1)) == ""
    assert forbidden_direction(define("r", statistic="count", kinds=("retraction",), direction=1, policy=True)) == ""
    assert forbidden_direction(define("since", statistic="days_since_last", kinds=("stalking",), direction=-1)) == ""
    # An order that a breach came after says from when the days run; it is not what the figure counts.
    breach = {"kinds": ("breach_restraining_order",), "among": ("restraining_order",)}
    assert forbidden_direction(define("soon", statistic="breach_after", direction=-1, **breach)) == ""
