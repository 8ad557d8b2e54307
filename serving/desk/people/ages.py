"""How old persons are at the date of a list, in words: a record has their year of birth, not their birthday."""

from __future__ import annotations

import math

from serving.desk.list_view import ListView
from threat.asof import instant
from threat.history.sightings import NO_PERSON

NOT_RECORDED = "age not recorded"


def ages_of(view: ListView, persons: list[int]) -> list[str]:
    """Return the age of each person at the list's date, in words, as it was on record then.

    ``persons``: ids as resolved at that date. Of the dead the year of birth is said, and that they are on record as
    dead.
    """
    born = view.births.years(persons).tolist()
    dead = view.deaths.on_record(persons, view.as_of).tolist()
    return [
        NOT_RECORDED if person == NO_PERSON else age_in_words(year, instant(view.as_of).year, dead=is_dead)
        for person, year, is_dead in zip(persons, born, dead, strict=True)
    ]


def age_in_words(born: float, year: int, *, dead: bool = False) -> str:
    """Return an age in a calendar year from a year of birth (NaN: not recorded): two ages, since the day is not known.

    >>> age_in_words(1990, 2024), age_in_words(2023, 2024), age_in_words(2024, 2024)
    ('aged 33 or 34', 'aged under 2', 'aged under 1')
    >>> age_in_words(math.nan, 2024), age_in_words(1990, 2024, dead=True), age_in_words(math.nan, 2024, dead=True)
    ('age not recorded', 'born in 1990, on record as dead', 'year of birth not recorded, on record as dead')
    """
    if dead:
        said = "year of birth not recorded" if math.isnan(born) else f"born in {int(born)}"
        return f"{said}, on record as dead"
    if math.isnan(born):
        return NOT_RECORDED
    oldest = year - int(born)
    return f"aged under {oldest + 1}" if oldest < 2 else f"aged {oldest - 1} or {oldest}"
