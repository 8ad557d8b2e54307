"""Identities and protected characteristics of a block's persons. Names are invented; no feature reads either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.history.schema import IDENTITIES, PROTECTED
from threat.simulation import parameters
from threat.simulation.world import chance
from threat.simulation.world.population import ETHNICITIES, EX, Population, detailed_ethnicity

I64 = NDArray[np.int64]

_NOT_STATED = "NS"
_RELIGIONS = ("none", "christian", "muslim", "hindu", "sikh", "other")
_FIRST = (
    "Aldra Bexel Corvi Dornel Elvra Fennick Garlo Hestra Ivrel Jorrin Kestra Lumo Marnix Norvel Ostra Perrin Quill "
    "Rovane Sorrel Tavi Ulrec Vesper Wendlo Xanthra Yarrow Zephra"
).split()
_LAST = (
    "Ambleworth Brackenby Crowhollow Dunmarrow Elderfen Farrowgate Gorsewick Hollowmere Inklewood Jestermoor "
    "Kettlemoor Larkspool Mossgarth Nettlebeck Oxenhallow Pikestaff Quarrymoss Rushwater Stonyholt Thistleby "
    "Umberlow Vinterley Wickenshaw Yewbarrow Zealmoor"
).split()
_DAYS_IN_YEAR = 365
"""Birthdays are drawn from the days that every year has: nobody is born on the last day of a leap year."""
_FIRST_YEAR = 1850
_NEW_YEARS = np.array([f"{year}-01-01" for year in range(_FIRST_YEAR, 2100)], dtype="datetime64[D]")
"""New Year's days, by year since ``_FIRST_YEAR``: earlier than any birth, later than any force may last."""


@dataclass(frozen=True, slots=True)
class Roll:
    """Person records: ``person`` is the row of the person they are about, ``copy`` true for a person's second record.

    ``keys`` uint64, ``ids`` int64, ``first``: first second recorded.
    """

    person: I64
    copy: NDArray[np.bool_]
    keys: NDArray[np.uint64]
    ids: I64
    first: I64

    def __len__(self) -> int:
        return len(self.person)


class _Characteristic(NamedTuple):
    """One characteristic of every person record, and the share of records that hold it."""

    name: str
    codes: NDArray[Any]
    scheme: str
    source: str
    recorded: float


def identities(people: Population, roll: Roll) -> pa.Table:
    """Return names nobody has, birth dates and, for some, an interpreter. Some second records are misspelt."""
    numbers, true_keys = parameters.values("characteristics"), people.person_keys[roll.person]
    day = (chance.uniform(true_keys, "birthday") * _DAYS_IN_YEAR).astype(np.int64)
    born = _NEW_YEARS[people.born[roll.person] - _FIRST_YEAR] + day.astype("timedelta64[D]")
    interpreter = np.where(chance.chance(true_keys, "interpreter", numbers["interpreter"]), "needed", "")
    return pa.table(
        {
            "person_id": roll.ids,
            "names": pa.array(_names(people, roll), pa.string()),
            "birth_date": pa.array(np.datetime_as_string(born), pa.string()),
            "contact": pa.nulls(len(roll), pa.string()),
            "safe_contact": pa.nulls(len(roll), pa.string()),
            "interpreter": pa.array(interpreter, pa.string(), mask=interpreter == ""),
            "recorded_at": roll.first,
        },
        schema=IDENTITIES,
    )


def _names(people: Population, roll: Roll) -> NDArray[np.object_]:
    """Return a name per person record; a misspelt second record lacks a letter of its first six."""
    true_keys = people.person_keys[roll.person]
    first = (chance.uniform(true_keys, "first name") * len(_FIRST)).astype(np.int64)
    last = (chance.uniform(true_keys, "last name") * len(_LAST)).astype(np.int64)
    names = np.array([f"{a} {b}" for a in _FIRST for b in _LAST], dtype=object)[first * len(_LAST) + last]
    share = parameters.values("characteristics")["misspelt"]
    misspelt = np.flatnonzero(roll.copy & chance.chance(roll.keys, "misspelt", share))
    places = (chance.uniform(roll.keys[misspelt], "misspelt where") * 6).astype(np.int64)
    for i, place in zip(misspelt.tolist(), places.tolist(), strict=True):
        names[i] = names[i][:place] + names[i][place + 1 :] if place else names[i][1:].capitalize()
    return names


def protected(people: Population, roll: Roll) -> pa.Table:
    """Return sex, ethnicity (self-defined 18+1; observed 5+1), disability, orientation, religion and area codes.

    Each is recorded by record, not by person: a second record of a person may hold less.
    """
    everything = _characteristics(people, roll)
    masks = [chance.chance(roll.keys, f"{c.name} {c.source} recorded", c.recorded) for c in everything]
    counts = [int(mask.sum()) for mask in masks]

    def column(words: list[str]) -> pa.Array:
        return pa.array(np.repeat(np.array(words, dtype=object), counts)).dictionary_encode()

    codes = np.concatenate([c.codes[mask] for c, mask in zip(everything, masks, strict=True)])
    return pa.table(
        {
            "person_id": np.concatenate([roll.ids[mask] for mask in masks]),
            "characteristic": column([c.name for c in everything]),
            "code": pa.array(codes).dictionary_encode(),
            "scheme": column([c.scheme for c in everything]),
            "source": column([c.source for c in everything]),
            "recorded_at": np.concatenate([roll.first[mask] for mask in masks]),
            "withdrawn_at": pa.nulls(sum(counts), pa.int64()),
        },
        schema=PROTECTED,
    )


def _characteristics(people: Population, roll: Roll) -> list[_Characteristic]:
    """Return every characteristic with a code per person record, in the order of the table."""
    numbers, person = parameters.values("characteristics"), roll.person
    true_keys = people.person_keys[person]
    faith = np.array(_RELIGIONS)[chance.choice(true_keys, "faith", numbers["religion_shares"])]
    stated, observed = _ethnicity_codes(people, roll)
    home = homes(people)[person]
    fifth = np.array(["1", "2", "3", "4", "5"])[chance.choice(home, "deprivation", numbers["deprivation_shares"])]
    rural = np.where(chance.chance(home, "rural", numbers["rural"]), "rural", "urban")
    sex = np.where(people.male[person], "male", "female")
    orientation = np.where(_in_same_sex_couple(people)[person], "gay_or_lesbian", "heterosexual")
    fifths = "fifths of areas, 1 most deprived"
    return [
        _Characteristic("sex", sex, "sex", "observed", numbers["sex_recorded"]),
        _Characteristic("ethnicity", stated, "18+1", "self", numbers["ethnicity_self"]),
        _Characteristic("ethnicity", observed, "5+1", "observed", numbers["ethnicity_observed"]),
        _Characteristic("disability", _disability(people, roll), "disability", "self", numbers["disability_recorded"]),
        _Characteristic("orientation", orientation, "orientation", "self", numbers["orientation_recorded"]),
        _Characteristic("religion", faith, "religion", "self", numbers["religion_recorded"]),
        # Areas come from the address, which every record has.
        _Characteristic("deprivation", fifth, fifths, "observed", 1.0),
        _Characteristic("rurality", rural, "area", "observed", 1.0),
    ]


def _ethnicity_codes(people: Population, roll: Roll) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the self-defined code (some not stated) and the code an officer observed (some wrong)."""
    numbers, ethnicity = parameters.values("characteristics"), detailed_ethnicity(people)[roll.person]
    unstated = chance.chance(people.person_keys[roll.person], "not stated", numbers["not_stated"])
    stated = np.where(unstated, _NOT_STATED, np.array(ETHNICITIES)[ethnicity])
    mistaken = chance.choice(roll.keys, "seen as", numbers["ethnicity_shares"])
    seen = np.where(chance.chance(roll.keys, "seen wrongly", numbers["observed_wrong"]), mistaken, ethnicity)
    return stated, np.array([code[0] for code in ETHNICITIES])[seen]


def _disability(people: Population, roll: Roll) -> NDArray[Any]:
    numbers = parameters.values("characteristics")
    subject = np.zeros(len(people.person_keys), bool)
    subject[people.subject_person] = True
    share = np.where(subject[roll.person], numbers["disability_subject"], numbers["disability_at_risk"])
    return np.where(chance.chance(people.person_keys[roll.person], "disabled", share), "yes", "no")


def _in_same_sex_couple(people: Population) -> NDArray[np.bool_]:
    member = np.zeros(len(people.person_keys), bool)
    same = (people.kind <= EX) & (people.male[people.subject_person] == people.male[people.at_risk_person])
    member[people.subject_person[same]] = True
    member[people.at_risk_person[same]] = True
    return member


def homes(people: Population) -> NDArray[np.uint64]:
    """Return a key for each person's household: the subject's, for all who live with the subject."""
    share = parameters.values("characteristics")["same_household"]
    household = chance.derive(people.keys[people.person_cluster], "household")
    elsewhere = np.ones(len(household), bool)
    elsewhere[people.subject_person] = False
    shared = chance.chance(people.keys[people.cluster], "one household", share)
    elsewhere[people.at_risk_person[(people.kind != EX) & shared]] = False
    return np.where(elsewhere, people.person_keys, household)
