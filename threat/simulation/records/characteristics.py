"""Identities and protected characteristics of a block's persons. Names are invented; no feature reads either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.history.schema import IDENTITIES, PROTECTED
from threat.simulation import parameters
from threat.simulation.world import chance
from threat.simulation.world.population import EX, Population

I64 = NDArray[np.int64]

ETHNICITIES = ("W1 W2 W3 W9 M1 M2 M3 M9 A1 A2 A3 A4 A9 B1 B2 B9 O2 O9").split()
BROAD_CODES = ("W", "M", "A", "B", "O")
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


@dataclass(frozen=True, slots=True)
class Roll:
    """Person records: ``person`` is the row of the person they are about, ``copy`` true for a second record of them.

    ``keys`` uint64, ``ids`` int64, ``first``: first second recorded.
    """

    person: I64
    copy: NDArray[np.bool_]
    keys: NDArray[np.uint64]
    ids: I64
    first: I64

    def __len__(self) -> int:
        return len(self.person)


def identities(people: Population, roll: Roll) -> pa.Table:
    """Names nobody has, birth dates and, for some, an interpreter. A second record is misspelt."""
    true = people.person_keys[roll.person]
    p = parameters.values("characteristics")
    first = (chance.uniform(true, "first name") * len(_FIRST)).astype(np.int64)
    last = (chance.uniform(true, "last name") * len(_LAST)).astype(np.int64)
    names = np.array([f"{a} {b}" for a in _FIRST for b in _LAST], dtype=object)[first * len(_LAST) + last]
    wrong = np.flatnonzero(roll.copy & chance.chance(roll.keys, "misspelt", p["misspelt"]))
    places = (chance.uniform(roll.keys[wrong], "misspelt where") * 6).astype(np.int64)
    for i, place in zip(wrong.tolist(), places.tolist(), strict=True):
        names[i] = names[i][:place] + names[i][place + 1 :] if place else names[i][1:].capitalize()
    years = [np.datetime64(f"{year}-01-01") for year in range(1850, 2100)]
    day = (chance.uniform(true, "birthday") * _DAYS_IN_YEAR).astype(np.int64)
    born = np.array(years, dtype="datetime64[D]")[people.born[roll.person] - 1850] + day.astype("timedelta64[D]")
    speaks = np.where(chance.chance(true, "interpreter", p["interpreter"]), "needed", "")
    return pa.table(
        {
            "person_id": roll.ids,
            "names": pa.array(names, pa.string()),
            "birth_date": pa.array(np.datetime_as_string(born), pa.string()),
            "contact": pa.nulls(len(roll), pa.string()),
            "safe_contact": pa.nulls(len(roll), pa.string()),
            "interpreter": pa.array(speaks, pa.string(), mask=speaks == ""),
            "recorded_at": roll.first,
        },
        schema=IDENTITIES,
    )


def ethnicity(people: Population) -> tuple[I64, tuple[str, ...]]:
    """Index into ``BROAD_CODES`` of every person, and the codes."""
    broad = np.array([BROAD_CODES.index(code[0]) for code in ETHNICITIES])
    return broad[detailed_ethnicity(people)], BROAD_CODES


def detailed_ethnicity(people: Population) -> I64:
    """Index into ``ETHNICITIES`` of every person; most relationships are within one."""
    p = parameters.values("characteristics")
    own = chance.choice(people.person_keys, "ethnicity", p["ethnicity_shares"])
    cluster = chance.choice(people.keys, "cluster ethnicity", p["ethnicity_shares"])
    same = chance.chance(people.person_keys, "same ethnicity", p["ethnicity_same"])
    return np.where(same, cluster[people.person_cluster], own)


def protected(people: Population, roll: Roll) -> pa.Table:
    """Sex, ethnicity (self-defined 18+1; observed 5+1), disability, orientation, religion, area codes."""
    p = parameters.values("characteristics")
    keys, who = roll.keys, roll.person
    u = chance.uniform
    true = people.person_keys[who]
    chunks: list[tuple[NDArray[np.bool_], str, NDArray[Any], str, str]] = []

    def add(share: float, name: str, codes: NDArray[Any], scheme: str, source: str) -> None:
        """Recorded with probability ``share``, by record: a second record of a person may hold less."""
        chunks.append((chance.chance(keys, f"{name} {source} recorded", share), name, codes, scheme, source))

    add(p["sex_recorded"], "sex", np.where(people.male[who], "male", "female"), "sex", "observed")
    own = detailed_ethnicity(people)[who]
    stated = np.where(chance.chance(true, "not stated", p["not_stated"]), _NOT_STATED, np.array(ETHNICITIES)[own])
    add(p["ethnicity_self"], "ethnicity", stated, "18+1", "self")
    mistaken = chance.choice(keys, "seen as", p["ethnicity_shares"])
    seen = np.where(chance.chance(keys, "seen wrongly", p["observed_wrong"]), mistaken, own)
    add(p["ethnicity_observed"], "ethnicity", np.array([c[0] for c in ETHNICITIES])[seen], "5+1", "observed")
    subject = np.zeros(len(people.person_keys), bool)
    subject[people.subject_person] = True
    rate = np.where(subject[who], p["disability_subject"], p["disability_at_risk"])
    add(p["disability_recorded"], "disability", np.where(u(true, "disabled") < rate, "yes", "no"), "disability", "self")
    gay = np.zeros(len(people.person_keys), bool)
    same = (people.kind <= EX) & (people.male[people.subject_person] == people.male[people.at_risk_person])
    gay[people.subject_person[same]] = True
    gay[people.at_risk_person[same]] = True
    orientation = np.where(gay[who], "gay_or_lesbian", "heterosexual")
    add(p["orientation_recorded"], "orientation", orientation, "orientation", "self")
    faith = np.array(_RELIGIONS)[chance.choice(true, "faith", p["religion_shares"])]
    add(p["religion_recorded"], "religion", faith, "religion", "self")
    home = homes(people)[who]
    fifth = np.array(["1", "2", "3", "4", "5"])[chance.choice(home, "deprivation", p["deprivation_shares"])]
    add(1.0, "deprivation", fifth, "fifths of areas, 1 most deprived", "observed")
    add(1.0, "rurality", np.where(chance.chance(home, "rural", p["rural"]), "rural", "urban"), "area", "observed")
    count = [int(chunk[0].sum()) for chunk in chunks]

    def column(at: int) -> pa.Array:
        return pa.array(np.repeat(np.array([chunk[at] for chunk in chunks], dtype=object), count)).dictionary_encode()

    codes = np.concatenate([codes[mask] for mask, _, codes, _, _ in chunks])
    return pa.table(
        {
            "person_id": np.concatenate([roll.ids[chunk[0]] for chunk in chunks]),
            "characteristic": column(1),
            "code": pa.array(codes).dictionary_encode(),
            "scheme": column(3),
            "source": column(4),
            "recorded_at": np.concatenate([roll.first[chunk[0]] for chunk in chunks]),
            "withdrawn_at": pa.nulls(sum(count), pa.int64()),
        },
        schema=PROTECTED,
    )


def homes(people: Population) -> NDArray[np.uint64]:
    """A key per person's household: the subject's, shared by those who live together."""
    p = parameters.values("characteristics")
    household = chance.derive(people.keys[people.person_cluster], "household")
    apart = np.ones(len(household), bool)
    apart[people.subject_person] = False
    one = chance.chance(people.keys[people.cluster], "one household", p["same_household"])
    apart[people.at_risk_person[(people.kind != EX) & one]] = False
    return np.where(apart, people.person_keys, household)
