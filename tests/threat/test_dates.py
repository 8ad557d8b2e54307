"""Days and clock times in words: those of records in the zone of the force, those of as-ofs by their UTC date."""

from __future__ import annotations

from pathlib import Path

import pytest
from fixtures.drawn_records import Table, read_sections, tables_of
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import parse_as_of
from threat.dates import as_of_day, as_of_moment, day, local, moment
from threat.history.intake.times import end_of_day

SPEC = Path(__file__).parents[1] / "spec" / "dates" / "zones.md"
SECTIONS = read_sections(SPEC.read_text(encoding="utf-8"), SPEC.name, lambda title, body: (title, tables_of(body)))
ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")


@pytest.mark.parametrize(("title", "tables"), SECTIONS, ids=[title for title, _ in SECTIONS])
def test_every_drawn_instant_is_said_as_drawn(title: str, tables: list[Table]) -> None:
    for row in (row for table in tables for row in table):
        at, zone = parse_as_of(f"{row['instant']}+00:00"), row["zone"]
        said = {"day": day(at, zone), "moment": moment(at, zone), "as-of": as_of_moment(at)}
        assert said == {name: row[name] for name in said}, title


@given(st.integers(0, 2**31), st.sampled_from(ZONES))
def test_a_local_day_is_said_alike_from_its_first_to_its_last_second(at: int, zone: str) -> None:
    last = end_of_day(at, zone)
    assert day(last, zone) == day(at, zone) == moment(at, zone, by_day=True)
    assert day(last + 1, zone) != day(at, zone)
    assert moment(at, zone).startswith(f"{day(at, zone)}, ")


@given(st.dates(), st.sampled_from(ZONES))
def test_the_list_of_a_day_is_named_by_the_day_that_was_asked_for(date: object, zone: str) -> None:
    as_of = parse_as_of(str(date))
    assert as_of_day(local(as_of, zone)) == as_of_day(as_of) == f"{date:%-d %B %Y}"
