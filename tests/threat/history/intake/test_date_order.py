"""Dates that are day first or month first: said where the data cannot tell, or speaks for the other order."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from fixtures.standard_export import NOW, profile_text
from hypothesis import given
from hypothesis import strategies as st

from threat.history.intake.date_order import other_order
from threat.history.intake.load import load
from threat.history.intake.profile import load_profile
from threat.history.intake.report import LoadReport
from threat.history.intake.trial import try_profile

DAY_FIRST, MONTH_FIRST = "%d/%m/%Y", "%m/%d/%Y"


def reported(folder: Path, written: str, read: str, *pairs: tuple[str, str]) -> LoadReport:
    """Load events of (occurred, recorded), ISO dates written as ``written``, by a profile that reads ``read``."""
    text = profile_text("standard_csv")
    start, _, rest = text.partition("formats:")
    (folder / "own.yaml").write_text(f'{start}formats: ["{read}"]\n' + rest.partition("\n")[2])
    rows = ["event,subject,person_at_risk,kind,occurred_at,recorded_at,domestic"]
    for number, days in enumerate(pairs):
        occurred, recorded = (date.fromisoformat(day).strftime(written) for day in days)
        rows.append(f"E{number},anna,ben,stalking,{occurred},{recorded},yes")
    (folder / "export").mkdir()
    (folder / "export" / "events.csv").write_text("\n".join(rows) + "\n")
    profile = load_profile(str(folder / "own.yaml"))
    report = load(profile, folder / "export", folder / "store", NOW)
    tried = try_profile(profile, folder / "export", NOW).report
    assert (tried.warnings, tried.notices) == (report.warnings, report.notices)
    return report


def said(report: LoadReport) -> list[str]:
    return [text for text in (*report.notices, *report.warnings) if "The dates of" in text]


def test_dates_that_no_day_after_the_twelfth_tells_apart_are_said(tmp_path: Path) -> None:
    report = reported(tmp_path, DAY_FIRST, MONTH_FIRST, ("2024-02-03", "2024-03-04"), ("2024-05-05", "2024-06-06"))
    assert said(report) == [
        "The dates of events.csv can be read month first, as the profile says, and day first, 2 of them with another "
        "meaning: nothing in the file says which is right."
    ]
    assert (report.rows_kept, report.exit_code) == (2, 0)


def test_dates_that_are_right_only_in_the_other_order_are_a_warning(tmp_path: Path) -> None:
    pairs = ("2024-02-11", "2024-03-10"), ("2024-05-02", "2024-05-03"), ("2024-12-01", "2024-12-02")
    report = reported(tmp_path, DAY_FIRST, MONTH_FIRST, *pairs)
    assert said(report) == [
        "The dates of events.csv can be read month first, as the profile says, and day first, 6 of them with another "
        "meaning. They may be day first: read month first, 1 rows happened after they were recorded or lie after this "
        "load; day first, 0."
    ]
    assert report.exit_code == 6


def test_dates_that_cannot_be_read_in_the_order_of_the_profile_are_a_warning(tmp_path: Path) -> None:
    report = reported(tmp_path, DAY_FIRST, MONTH_FIRST, ("2024-02-03", "2024-03-14"), ("2024-05-02", "2024-05-03"))
    assert said(report) == [
        "The dates of events.csv may be day first: 1 of them can be read only so, and none only month first, as the "
        "profile says."
    ]
    assert [(reason.reason, reason.rows) for reason in report.reasons] == [("unreadable_time", 1)]


@pytest.mark.parametrize("layout", [DAY_FIRST, MONTH_FIRST])
def test_one_day_after_the_twelfth_is_enough(tmp_path: Path, layout: str) -> None:
    assert said(reported(tmp_path, layout, layout, ("2024-02-03", "2024-03-04"), ("2024-05-05", "2024-06-13"))) == []


def test_dates_with_the_year_first_have_one_order(tmp_path: Path) -> None:
    assert said(reported(tmp_path, "%Y-%m-%d", "%Y-%m-%d", ("2024-02-03", "2024-03-04"))) == []


@given(st.dates(date(2020, 1, 1), date(2024, 6, 1)), st.sampled_from([DAY_FIRST, MONTH_FIRST, "%d-%m-%y", "%Y-%m-%d"]))
def test_the_other_order_of_the_other_order_is_the_first(day: date, layout: str) -> None:
    swapped = other_order(layout)
    assert other_order(swapped) == layout
    assert (day.strftime(swapped) == day.strftime(layout)) == (day.day == day.month or swapped == layout)
