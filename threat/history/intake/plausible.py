"""Times and birth years that no record of a person can have, compared with the time of the record."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY
from threat.history.persons import OLDEST
from threat.history.sightings import NO_PERSON

BEYOND_RECORDS = 36_525 * DAY
"""100 years after its recording nothing is planned: systems write 9999-12-31 for "no end".

Nor did anything happen 100 years before it: nobody who was 10 then, the age of criminal responsibility in England and
Wales (Children and Young Persons Act 1933, section 50), is younger than ``OLDEST`` now.
"""

LONG_AGO = 60 * 365.25 * DAY
"""Seconds before its recording that are said in the report: abuse in childhood that is disclosed in old age is rarely
longer ago, and a century that was read wrongly (1931 for 2031) always is. Which of the two a row is, a person must say.
"""


class BeforeBirth(NamedTuple):
    """Masks of rows that cannot be: of events before the birth of a person they name, and of birth years."""

    events: NDArray[np.bool_]
    birth_years: NDArray[np.bool_]


def is_beyond_records(
    times: pd.Series[Any], recorded: pd.Series[Any], open_ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mask of times more than 100 years after their recording, or on a day that a profile lists as no end.

    ``times``, ``recorded``: int64 UTC seconds, null where empty. ``open_ends``: first and last second of each such day.
    """
    far = (times - recorded > BEYOND_RECORDS).fillna(False).to_numpy(dtype=bool)
    for first, last in open_ends:
        far |= times.between(first, last).fillna(False).to_numpy(dtype=bool)
    return far


def is_before_living_memory(occurred: pd.Series[Any], recorded: pd.Series[Any]) -> NDArray[np.bool_]:
    """Mask of times more than 100 years before their recording; int64 UTC seconds, null where empty."""
    return np.asarray((recorded - occurred > BEYOND_RECORDS).fillna(False).to_numpy(dtype=bool))


def said_of_long_ago(occurred: pd.Series[Any], recorded: pd.Series[Any]) -> list[str]:
    """Return a sentence on rows that happened more than 60 years before they were recorded; none without any.

    ``occurred``, ``recorded``: int64 UTC seconds of the rows that are kept.

    >>> recorded = pd.Series([1704067200] * 2, dtype="Int64")
    >>> said_of_long_ago(pd.Series([-1230768000, 1577836800], dtype="Int64"), recorded)
    ['1 event happened more than 60 years before it was recorded, the earliest in 1931: is the year right?']
    """
    long_ago = (recorded - occurred > LONG_AGO).fillna(False).to_numpy(dtype=bool)
    if not long_ago.any():
        return []
    number, earliest = int(long_ago.sum()), int(_year(occurred[long_ago]).min())
    events = "1 event happened" if number == 1 else f"{number:,} events happened"
    was = "it was" if number == 1 else "they were"
    return [f"{events} more than 60 years before {was} recorded, the earliest in {earliest}: is the year right?"]


def has_impossible_age(birth_year: pd.Series[Any], recorded: pd.Series[Any]) -> NDArray[np.bool_]:
    """Mask of birth years by which the person was not born yet, or older than ``OLDEST``, when they were recorded.

    >>> at = pd.Series([1704067200] * 4, dtype="Int64")
    >>> has_impossible_age(pd.Series([1900, 1914, 2024, 2190], dtype="Int64"), at).tolist()
    [True, False, False, True]
    """
    age = _year(recorded) - birth_year.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray((age < 0) | (age > OLDEST))


def before_birth(events: pd.DataFrame, persons: pd.DataFrame, existing_birth_years: pd.Series[Any]) -> BeforeBirth:
    """Return the events that occurred before a person they name was born, and the birth years that are wrong instead.

    ``events``, ``persons``: rows of a load. ``existing_birth_years``: of the history, by person id. A slip in one date
    makes one event impossible. Where two or more events of a person, and more than half of them, are before the birth
    year, the year is the slip (many systems fill today's date): then the events stay and the row with the year is
    rejected; where the history has it already, neither is.

    >>> in_1985, in_2020 = 473385600, 1577836800
    >>> events = pd.DataFrame({"subject_id": [1, 2, 2, 2], "occurred_at": [in_1985, in_1985, in_1985, in_2020]})
    >>> persons = pd.DataFrame({"person_id": [1, 2], "birth_year": [2001, 2019]})
    >>> before_birth(events, persons, pd.Series(dtype="Int64"))
    BeforeBirth(events=array([ True, False, False, False]), birth_years=array([False,  True]))
    """
    wrong_events = np.zeros(len(events), dtype=bool)
    wrong_years = np.zeros(len(persons), dtype=bool)
    years = existing_birth_years
    if "birth_year" in persons:
        stated = persons.dropna(subset="birth_year").groupby("person_id")["birth_year"].min()
        # The earliest of several years: the reading under which the fewest events are impossible.
        years = pd.concat([years, stated]).groupby(level=0).min()
    if not len(years) or not len(events):
        return BeforeBirth(wrong_events, wrong_years)
    named = _named(events, years)
    if named["is_before"].any():
        of_person = named.groupby("person")["is_before"].agg(["sum", "size"])
        slipped = of_person.index[(of_person["sum"] >= 2) & (2 * of_person["sum"] > of_person["size"])]
        wrong = named["is_before"] & ~named["person"].isin(slipped)
        wrong_events[named["row"][wrong]] = True
        if "birth_year" in persons:
            is_slipped = np.isin(_ids(persons["person_id"]), slipped.to_numpy(dtype=np.int64))
            wrong_years = is_slipped & persons["birth_year"].notna().to_numpy(dtype=bool)
    return BeforeBirth(wrong_events, wrong_years)


def _named(events: pd.DataFrame, years: pd.Series[Any]) -> pd.DataFrame:
    """Return a row for each event and person in it whose birth year is known: person, row, is_before."""
    occurred = _year(events["occurred_at"])
    parts = []
    for role in ("subject_id", "person_at_risk_id", "person_id"):
        if role not in events:
            continue
        born = events[role].map(years).to_numpy(dtype=np.float64, na_value=np.nan)
        where = np.flatnonzero(~np.isnan(born))
        parts.append(
            pd.DataFrame(
                {"person": _ids(events[role])[where], "row": where, "is_before": occurred[where] < born[where]}
            )
        )
    return pd.concat(parts, ignore_index=True)


def _ids(column: pd.Series[Any]) -> NDArray[np.int64]:
    """Return a column of person ids as int64: as objects or floats, 63-bit ids do not compare."""
    return np.asarray(column.to_numpy(dtype=np.int64, na_value=NO_PERSON))


def _year(times: pd.Series[Any]) -> NDArray[np.float64]:
    """Return the calendar year of UTC seconds; NaN where empty."""
    values = times.to_numpy(dtype=np.float64, na_value=np.nan)
    filled = ~np.isnan(values)
    out = np.full(len(values), np.nan)
    out[filled] = (
        values[filled].astype(np.int64).astype("datetime64[s]").astype("datetime64[Y]").astype(np.int64) + 1970
    )
    return out
