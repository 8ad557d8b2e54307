"""Days and clock times in words: those of records in the zone of the force, those of as-ofs by their UTC date."""

from __future__ import annotations

import re
from pathlib import Path

from fixtures.drawn_records import read_sections, tables_of
from hypothesis import given
from hypothesis import strategies as st

from threat.asof import parse_as_of
from threat.dates import as_of_day, as_of_moment, day, how_long, how_long_ago, local, moment, short_day
from threat.history.intake.times import end_of_day

SPEC = Path(__file__).parents[1] / "spec" / "dates"
ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "UTC")


def rows_of(name: str) -> list[dict[str, str]]:
    """Return every row of a file of drawn tables, with the title of its section."""
    text = (SPEC / name).read_text(encoding="utf-8")
    sections = read_sections(text, name, lambda title, body: (title, tables_of(body)))
    return [row | {"title": title} for title, tables in sections for table in tables for row in table]


def test_every_drawn_instant_is_said_as_drawn() -> None:
    for row in rows_of("zones.md"):
        at, zone = parse_as_of(f"{row['instant']}+00:00"), row["zone"]
        said = {"day": day(at, zone), "moment": moment(at, zone), "as-of": as_of_moment(at)}
        assert said == {name: row[name] for name in said}, row["title"]


def test_every_drawn_day_of_a_sentence_is_said_as_drawn() -> None:
    for row in rows_of("how_long.md"):
        at, as_of = parse_as_of(f"{row['instant']}+00:00"), parse_as_of(f"{row['list']}+00:00")
        said = {"short": short_day(at, as_of, row["zone"]), "ago": how_long_ago(at, as_of, row["zone"])}
        assert said == {name: row[name] for name in said}, row["title"]


@given(st.integers(0, 20_000))
def test_how_long_is_never_more_than_a_third_off_and_never_one_of_several(days: int) -> None:
    about, number, unit = re.fullmatch(r"(about )?(\d+) (day|days|weeks|months|years)", how_long(days)).groups()  # type: ignore[union-attr]
    length = {"day": 1.0, "days": 1.0, "weeks": 7.0, "months": 30.436875, "years": 365.2425}[unit]
    assert abs(int(number) * length - days) <= min(length / 2, days / 3)
    assert (about is not None) == (unit in ("months", "years"))
    assert (number == "1") == (unit == "day")


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
