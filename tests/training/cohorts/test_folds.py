"""Fold dates, drawn."""

from __future__ import annotations

import pytest

from threat.asof import DAY, parse_as_of, show
from threat.errors import BadInput
from threat.release.documents.folds import TestOpening
from training.cohorts.folds import cycles, draw
from training.config import CalendarSettings


def day(text: str) -> int:
    return parse_as_of(text)


def table(folds) -> list[tuple[str, str, str, str, str, str]]:
    return [
        (
            fold.name,
            show(fold.fit[0].start)[:10],
            show(fold.fit[-1].last_as_of)[:10],
            show(fold.fit_date)[:10],
            show(fold.measure[0].start)[:10],
            show(fold.measure[-1].last_as_of)[:10],
        )
        for fold in (*folds.validation, folds.test)
    ]


def test_monthly_folds() -> None:
    calendar = CalendarSettings(
        look_back_days=365, embargo_days=30, test_cycles=3, validation_folds=2, validation_cycles=2
    )
    folds = draw(calendar, 180, history_start=day("2020-01-01"), label_knowledge=day("2024-01-01"), spread=False)
    # The test's last window closes 2023-06-01 + 180 + 30 days = 2023-12-28, by the label-knowledge date.
    # Its fit date is 2023-04-01, less 210 days = 2022-09-03: the last as-of to fit or to validate on is 2022-09-01.
    assert table(folds) == [
        # name          fit from      fit until     fit date      measured from  until
        ("validation_1", "2021-01-01", "2021-11-01", "2022-06-01", "2022-06-01", "2022-07-01"),
        ("validation_2", "2021-01-01", "2022-01-01", "2022-08-01", "2022-08-01", "2022-09-01"),
        ("test", "2021-01-01", "2022-09-01", "2023-04-01", "2023-04-01", "2023-06-01"),
    ]


def test_weekly_folds_of_an_incident_cohort_wait_for_the_whole_week() -> None:
    calendar = CalendarSettings(
        cycle="week", look_back_days=0, embargo_days=3, test_cycles=2, validation_folds=1, validation_cycles=2
    )
    folds = draw(calendar, 30, history_start=day("2024-01-01"), label_knowledge=day("2024-05-31"), spread=True)
    # The week of 22 April closes at the end of 28 April + 33 days = the end of 31 May: too late by a day.
    assert table(folds) == [
        ("validation_1", "2024-01-01", "2024-01-14", "2024-02-19", "2024-02-19", "2024-03-03"),
        ("test", "2024-01-01", "2024-03-03", "2024-04-08", "2024-04-08", "2024-04-21"),
    ]


def test_without_validation_in_time_only_the_test_fold_is_left() -> None:
    calendar = CalendarSettings(look_back_days=30, embargo_days=14, test_cycles=2, validation_folds=0)
    folds = draw(calendar, 365, history_start=day("2021-11-01"), label_knowledge=day("2024-10-07"), spread=False)
    assert table(folds) == [("test", "2021-12-01", "2022-07-01", "2023-08-01", "2023-08-01", "2023-09-01")]


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("cycle", ["month", "week"])
@pytest.mark.parametrize(("horizon", "embargo"), [(1, 0), (30, 7), (180, 30)])
def test_the_rule_holds_for_every_fold(cycle: str, spread: bool, horizon: int, embargo: int) -> None:
    calendar = CalendarSettings(cycle=cycle, look_back_days=100, embargo_days=embargo)
    end = day("2024-03-17")
    folds = draw(calendar, horizon, history_start=day("2018-05-05"), label_knowledge=end, spread=spread)
    wait = (horizon + embargo) * DAY
    for fold in (*folds.validation, folds.test):
        assert fold.fit_date <= fold.measure[0].start
        assert max(c.last_as_of for c in fold.fit) + wait <= fold.fit_date
        known_by = end if fold.name == "test" else folds.test.fit_date
        assert max(c.last_as_of for c in fold.measure) + wait <= known_by
        assert min(c.start for c in fold.fit) >= day("2018-05-05") + 100 * DAY
    measured = [c.start for fold in folds.validation for c in fold.measure]
    assert measured == sorted(set(measured))


def test_too_short_a_history_says_what_is_wanted() -> None:
    with pytest.raises(BadInput) as caught:
        draw(CalendarSettings(), 365, history_start=day("2022-01-01"), label_knowledge=day("2024-01-01"), spread=False)
    assert "730 days of records, about 2139 wanted in whole cycles" in str(caught.value)


@pytest.mark.parametrize(
    ("every", "first", "last", "spread", "starts"),
    [
        ("month", "2023-11-02", "2024-02-01", False, ["2023-12-01", "2024-01-01", "2024-02-01"]),
        ("month", "2023-11-01", "2024-02-01", True, ["2023-11-01", "2023-12-01", "2024-01-01"]),
        ("week", "2024-02-20", "2024-03-11", True, ["2024-02-26", "2024-03-04"]),
    ],
)
def test_cycles(every: str, first: str, last: str, spread: bool, starts: list[str]) -> None:
    got = cycles(day(first), day(last), every, spread=spread)
    assert [show(cycle.start)[:10] for cycle in got] == starts
    assert [cycle.number for cycle in got] == list(range(len(starts)))


def test_a_window_that_closes_on_the_very_date_is_known_by_it() -> None:
    calendar = CalendarSettings(look_back_days=0, embargo_days=30, test_cycles=3, validation_folds=0)
    closes = day("2023-06-01") + 210 * DAY
    for label_knowledge, last in ((closes, "2023-06-01"), (closes - 1, "2023-05-01")):
        folds = draw(calendar, 180, history_start=day("2020-01-01"), label_knowledge=label_knowledge, spread=False)
        assert show(folds.test.measure[-1].start)[:10] == last
    # The same rule where fitting ends: the window of the last fit as-of closes on the fit date itself.
    weeks = CalendarSettings(cycle="week", look_back_days=0, embargo_days=1, test_cycles=1, validation_folds=0)
    folds = draw(weeks, 6, history_start=day("2024-01-01"), label_knowledge=day("2024-03-01"), spread=False)
    assert folds.test.fit[-1].last_as_of + 7 * DAY == folds.test.fit_date


def test_the_document_has_every_date_of_the_plan() -> None:
    calendar = CalendarSettings(
        look_back_days=365, embargo_days=30, test_cycles=3, validation_folds=1, validation_cycles=2
    )
    folds = draw(calendar, 180, history_start=day("2020-01-01"), label_knowledge=day("2024-01-01"), spread=True)
    opening = TestOpening(
        times_opened_in_this_run=1, earlier_runs_that_opened_it=(), start="2023-03-01", last_as_of="2023-05-31"
    )
    document = folds.document(opening)
    assert (document.label_knowledge[:10], document.horizon_days, document.embargo_days) == ("2024-01-01", 180, 30)
    assert [fold.name for fold in document.folds] == ["validation_1", "test"]
    assert document.test_opening == opening
    test = document.test
    assert {key: value[:16] for key, value in test.as_json().items() if isinstance(value, str)} == {
        "name": "test",
        "fit_date": "2023-03-01T00:00",
        "fit_from": "2021-01-01T00:00",
        "fit_last_as_of": "2022-07-31T23:59",
        "measured_from": "2023-03-01T00:00",
        "measured_last_as_of": "2023-05-31T23:59",
    }
    assert test.fit_cycles == 19
    assert [(cycle.cycle, cycle.start[:10]) for cycle in test.measured_cycles] == [
        (26, "2023-03-01"), (27, "2023-04-01"), (28, "2023-05-01"),
    ]  # fmt: skip
