"""A frequency is what the model's test observed, with its range and its average; and where there is none, why."""

from __future__ import annotations

import dataclasses
import re

import pytest
from fixtures import evidence
from fixtures.desk_browser import STARTED_AT, client_of
from fixtures.golden_lists import REFERENCE
from hypothesis import given
from hypothesis import strategies as st

from serving.desk.case.frequency import (
    LEAST_EVENTS,
    NOT_CALIBRATED,
    OF_A_RULE,
    OF_BEFORE,
    band_of,
    frequency,
    in_words,
    range_in_words,
    too_few,
    too_few_to_calibrate,
)
from serving.lists import rankings
from threat.release.documents.evaluation import CalibrationBin
from threat.release.documents.model import Calibrator

pytestmark = pytest.mark.usefixtures("every_place")


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.0, "fewer than 1 in 1,000"),
        (0.0004, "fewer than 1 in 1,000"),
        (0.0005, "fewer than 1 in 1,000"),
        (0.0006, "about 1 in 1,000"),
        (0.004, "about 4 in 1,000"),
        (0.0094, "about 9 in 1,000"),
        (0.0096, "about 1 in 100"),
        (0.07, "about 7 in 100"),
        (0.994, "about 99 in 100"),
        (0.995, "more than 99 in 100"),
        (0.999, "more than 99 in 100"),
    ],
)
def test_frequencies_in_words(p, words):
    assert in_words(p) == words


@pytest.mark.parametrize(
    ("share", "low", "high", "words"),
    [
        (0.07, 0.041, 0.112, "likely between 4 and 12 in 100"),
        (0.07, 0.07, 0.07, "likely between 7 and 7 in 100"),
        (0.07, 0.009, 0.112, "likely no more than 12 in 100"),
        (0.004, 0.0021, 0.0081, "likely between 2 and 9 in 1,000"),
        (0.0002, 0.0, 0.0031, "likely no more than 4 in 1,000"),
        (0.998, 0.97, 1.0, "likely between 97 and 100 in 100"),
    ],
)
def test_ranges_in_words(share, low, high, words):
    assert range_in_words(share, low, high) == words


@given(st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted))
def test_a_range_in_words_holds_the_interval_and_what_is_said_of_the_share(ends):
    low, share, high = ends
    least, most, each = _numbers(range_in_words(share, low, high))
    assert least <= low * each + 1e-6
    assert most >= high * each - 1e-6
    if in_words(share).startswith("about"):
        about, of = (int(number.replace(",", "")) for number in re.findall(r"[\d,]+", in_words(share)))
        assert of == each
        assert least <= about <= most


def _numbers(words):
    numbers = [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", words)]
    return numbers if len(numbers) == 3 else [0, *numbers]


def band(low, high, value, events, n=1_000, interval=None):
    """A band of a test: ``n`` rows of a probability from ``low`` to ``high``, of which ``events`` had the outcome."""
    at_least, at_most = interval or (value / 2, value * 2)
    observed = evidence.figure("observed_rate", value, at_least, at_most, n=n, events=events)
    return {"low": low, "high": high, "expected": (low + high) / 2, "observed": observed}


BANDS = [
    band(0.0, 0.01, 0.004, 4),
    band(0.02, 0.1, 0.07, 70, interval=(0.041, 0.112)),
    band(0.2, 0.5, 0.26, 26, n=100, interval=(0.18, 0.36)),
]


@pytest.mark.parametrize(
    ("share", "place"),
    [(0.0, 0), (0.01, 0), (0.015, 0), (0.02, 1), (0.1, 1), (0.199, 1), (0.2, 2), (0.5, 2), (0.9, 2)],
)
def test_a_share_belongs_to_the_last_band_that_begins_at_or_below(share, place):
    bands = [CalibrationBin.model_validate(each) for each in BANDS]
    assert band_of(bands, share) is bands[place]


def test_below_all_bands_the_first_counts():
    bands = [CalibrationBin.model_validate(each) for each in BANDS[1:]]
    assert band_of(bands, 0.001) is bands[0]


@pytest.fixture
def tested(model_var):
    """The small model as if its test had observed these bands."""
    ranking = rankings.current(model_var / "promotions.jsonl", STARTED_AT)

    def ranking_of(bands=BANDS, *, shown=True, layout="threat-bundle/2"):
        evaluation = evidence.evaluation(horizon_days=365, calibration__bins=bands)
        bundle = dataclasses.replace(
            ranking.bundle,
            released=dataclasses.replace(ranking.bundle.released, show_probability=shown),
            manifest=ranking.bundle.manifest.model_copy(update={"format": layout}),
            files=ranking.bundle.files | {evaluation.FILE: evaluation.encode()},
        )
        return dataclasses.replace(ranking, bundle=bundle)

    return ranking_of


def test_what_the_test_observed_with_its_range_and_the_average_of_the_test(tested):
    said = frequency(tested(), -3.0, "unknown")  # 1 / (1 + e^3) = 0.047: the second band
    assert said.sentence == (
        "In the test of the model, about 7 in 100 of the relationships placed like this one had severe domestic harm "
        "recorded within 365 days (likely between 4 and 12 in 100). The average of all relationships placed in that "
        "test was about 5 in 100."  # (4 + 70 + 26) of 2,100 rows
    )
    assert (said.share, said.at_least, said.at_most, said.horizon_days) == (0.07, 0.041, 0.112, 365)
    assert said.average == pytest.approx(100 / 2_100)


def test_a_rule_says_no_frequency():
    assert frequency(rankings.named_rule("rfg", ""), -3.0, "unknown") == OF_A_RULE


def test_a_model_of_an_earlier_format_says_no_frequency(tested):
    assert frequency(tested(layout="threat-bundle/1"), -3.0, "unknown") == OF_BEFORE


@pytest.mark.parametrize(("events", "shown"), [(LEAST_EVENTS - 1, False), (LEAST_EVENTS, True)])
def test_on_fewer_than_100_outcome_events_no_frequency_is_said(tested, events, shown):
    said = frequency(tested([band(0.0, 1.0, 0.07, events)]), -3.0, "unknown")
    assert isinstance(said, str) is not shown
    if not shown:
        assert said == too_few(99)


def test_a_model_that_the_gate_lets_show_ranks_alone_says_no_frequency(tested):
    assert frequency(tested(shown=False), -3.0, "unknown") == NOT_CALIBRATED


def test_a_model_that_was_not_calibrated_says_no_frequency_and_why(tested):
    ranking = tested()
    table = Calibrator(method="none", n=900, events=41, people=30)
    uncalibrated = dataclasses.replace(ranking, bundle=dataclasses.replace(ranking.bundle, calibrator=table))
    assert frequency(uncalibrated, -3.0, "unknown") == too_few_to_calibrate(41)


def test_the_kind_of_relationship_moves_the_band(tested):
    ranking = tested()
    kinds = [{"kind": "family", "n": 900, "events": 90, "people": 80, "unshrunk": 2.0, "offset": 2.0}]
    table = Calibrator.model_validate({"method": "platt", "slope": 1.0, "intercept": 0.0, "kinds": kinds})
    by_kind = dataclasses.replace(ranking, bundle=dataclasses.replace(ranking.bundle, calibrator=table))
    # 1 / (1 + e^3) = 0.047 and 1 / (1 + e^1) = 0.269: the second band and the third.
    shares = {kind: frequency(by_kind, -3.0, kind).share for kind in ("unknown", "current_partner", "sibling")}
    assert shares == {"unknown": 0.07, "current_partner": 0.07, "sibling": 0.26}


def test_a_band_without_a_range_says_no_frequency(tested):
    bands = [band(0.0, 1.0, 0.07, 100)]
    bands[0]["observed"] = bands[0]["observed"].model_copy(update={"interval": None, "reason": "none drawn"})
    assert frequency(tested(bands), -3.0, "unknown") == NOT_CALIBRATED


@pytest.mark.parametrize(("which", "why"), [("rule_var", OF_A_RULE), ("model_var", too_few(0))])
def test_the_page_and_the_api_say_why_there_is_none(open_desk, request, which, why):
    client = client_of(open_desk(request.getfixturevalue(which)))
    path = f"/relationships/{REFERENCE['G01']}"
    assert f'<p class="govuk-body">{why}</p>' in client.get(path).text
    standing = client.get(f"/api/v1{path}").json()["standing"]
    assert (standing["frequency"], standing["no_frequency"]) == ([], why)


def test_the_page_says_a_frequency_and_that_nobody_is_safe_for_it(open_desk, governed_var):
    client = client_of(open_desk(governed_var))
    path = f"/relationships/{REFERENCE['G01']}"
    standing = client.get(f"/api/v1{path}").json()["standing"]
    assert standing["no_frequency"] == ""
    [said] = standing["frequency"]
    assert said["sentence"] == (
        "In the test of the model, about 10 in 100 of the relationships placed like this one had severe domestic harm "
        "recorded within 365 days (likely between 7 and 13 in 100). The average of all relationships placed in that "
        "test was about 5 in 100."
    )
    assert (said["share"], said["at_least"], said["at_most"], said["average"]) == (0.096, 0.07, 0.13, 0.05)
    assert (
        f"{said['sentence']} That is what was recorded of others: it says nothing certain of these two, and is not a "
        "sign of safety." in client.get(path).text
    )
