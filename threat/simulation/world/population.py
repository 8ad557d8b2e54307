"""Who there is: clusters of one or two subjects and their relationships, drawn block by block of first contact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.simulation import parameters
from threat.simulation.world import chance
from threat.simulation.world.states import PAST, RELATION, SUBJECT

CURRENT, EX, PARENT, CHILD, SIBLING, OTHER = range(6)
"""Kinds of relationship, in the order of the shares in ``parameters.yaml``."""
MAIN, MIRROR, FIRST_EXTRA = 0, 1, 2
"""Places of a cluster's relationships: the main one, the same pair the other way round, further persons at risk."""
DAYS_PER_YEAR = 365.25
"""Mean length of a Julian year: spans in years stay with the calendar over the decades that a force may last."""
_AGE_OF_MORTALITY = 40
"""Age, in years, at which ``parameters.yaml`` gives the mortality."""
ETHNICITIES = ("W1 W2 W3 W9 M1 M2 M3 M9 A1 A2 A3 A4 A9 B1 B2 B9 O2 O9").split()
BROAD_ETHNICITIES = ("W", "M", "A", "B", "O")

I64 = NDArray[np.int64]
U64 = NDArray[np.uint64]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ContactBlock:
    """Which clusters to draw: ``clusters`` of them, first met in ``[first_day, first_day + days)`` of the force.

    ``start_year``: the calendar year of day 0, for ages.
    """

    seed: int
    number: int
    clusters: int
    first_day: float
    days: float
    start_year: int


@dataclass(frozen=True, slots=True)
class Population:
    """One block. ``persons`` are per cluster: 0 the subject, 1.. the persons at risk; keys name them.

    Per cluster: ``keys`` uint64[c], offsets int64[c + 1]. Per relationship: ``relations`` (RELATION), ``cluster``,
    ``kind`` (0..5), ``subject_person`` and ``at_risk_person`` (rows of the person arrays). Per person: ``person_keys``,
    ``male`` (bool), ``born`` (year), ``person_cluster``. Per subject: ``outside_rate``, crimes a day against people
    outside the cluster (0 for those known for domestic abuse alone).
    """

    keys: U64
    subjects: NDArray[Any]
    relations: NDArray[Any]
    subject_offsets: I64
    relation_offsets: I64
    cluster: I64
    kind: I64
    subject_person: I64
    at_risk_person: I64
    subject_rows: I64  # person row of each subject row
    person_keys: U64
    person_cluster: I64
    male: Mask
    born: I64
    outside_rate: F64


@dataclass(frozen=True, slots=True)
class _Frame:
    """How the clusters of a block are built, before anybody has a trait.

    Per cluster: ``keys``, ``first_contact`` (day), ``main_kind``, ``mutual`` (harm goes both ways), ``extra_partner``
    (further persons at risk are partners, not family). Per relationship: ``cluster``, ``place`` (MAIN, MIRROR, ...),
    ``relation_keys``. Offsets are int64[clusters + 1]. Persons of a cluster: the subject, the other of the main pair,
    then one for each extra relationship.
    """

    keys: U64
    first_contact: F64
    main_kind: I64
    mutual: Mask
    extra_partner: Mask
    cluster: I64
    place: I64
    relation_keys: U64
    relation_offsets: I64
    subject_offsets: I64
    person_offsets: I64

    @property
    def is_mirror(self) -> Mask:
        """Mask of the relationships that are the main pair the other way round."""
        return self.place == MIRROR

    @property
    def mutual_main(self) -> I64:
        """Row of the main relationship of each mutual cluster; the mirror is the row after."""
        return self.relation_offsets[:-1][self.mutual]


def draw(block: ContactBlock) -> Population:
    """Draw the people and relationships of a block.

    Every trait is a hash of the cluster's key and a purpose, so the order in which traits are drawn changes nothing.
    """
    frame = _frame(block)
    kind = _kinds(frame)
    subject_cluster, second = _subject_places(frame)
    person_count = np.diff(frame.person_offsets)
    person_cluster = np.repeat(np.arange(block.clusters), person_count)
    within = np.arange(len(person_cluster)) - frame.person_offsets[person_cluster]
    person_keys = chance.derive(frame.keys[person_cluster], "person", within)
    at_risk_person = _at_risk_persons(frame)
    male, born = _sexes_and_birth_years(frame, kind, at_risk_person, block.start_year)
    subjects, relations = _subjects(frame, subject_cluster, second), _relations(frame, kind)
    subject_rows = frame.person_offsets[subject_cluster] + second
    mortality, dies = _deaths(frame.first_contact[person_cluster], person_keys, male, block.start_year - born)
    for table, person in ((subjects, subject_rows), (relations, at_risk_person)):
        table["mortality"], table["dies"] = mortality[person], dies[person]
    return Population(
        keys=frame.keys,
        subjects=subjects,
        relations=relations,
        subject_offsets=frame.subject_offsets,
        relation_offsets=frame.relation_offsets,
        cluster=frame.cluster,
        kind=kind,
        subject_person=frame.person_offsets[frame.cluster] + frame.is_mirror,
        at_risk_person=at_risk_person,
        subject_rows=subject_rows,
        person_keys=person_keys,
        person_cluster=person_cluster,
        male=male,
        born=born,
        outside_rate=_outside_rates(frame, person_keys[subject_rows], subject_cluster, second),
    )


def relation_keys(people: Population) -> U64:
    """Return a key per relationship row; the ids of its records come from it."""
    within = np.arange(len(people.relations)) - people.relation_offsets[people.cluster]
    return chance.derive(people.keys[people.cluster], "relation id", within)


def detailed_ethnicity(people: Population) -> I64:
    """Return an index into ``ETHNICITIES`` for every person; most relationships are within one."""
    numbers = parameters.values("characteristics")
    personal = chance.choice(people.person_keys, "ethnicity", numbers["ethnicity_shares"])
    shared = chance.choice(people.keys, "cluster ethnicity", numbers["ethnicity_shares"])
    same = chance.chance(people.person_keys, "same ethnicity", numbers["ethnicity_same"])
    return np.where(same, shared[people.person_cluster], personal)


def broad_ethnicity(people: Population) -> I64:
    """Return an index into ``BROAD_ETHNICITIES`` for every person."""
    broad = np.array([BROAD_ETHNICITIES.index(code[0]) for code in ETHNICITIES])
    return broad[detailed_ethnicity(people)]


def _offsets(counts: I64) -> I64:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _frame(block: ContactBlock) -> _Frame:
    numbers = parameters.values("population")
    keys = chance.seed_keys(block.seed, f"block {block.number}", np.arange(block.clusters, dtype=np.int64))
    main_kind = chance.choice(keys, "kind", numbers["kinds"])
    extra_partner = (main_kind <= EX) & chance.chance(keys, "extra partner", numbers["extra_partner"])
    second_extra = extra_partner & chance.chance(keys, "second extra", numbers["second_extra"])
    extra_family = chance.chance(keys, "extra family", numbers["extra_family"])
    mutual = chance.chance(keys, "both ways", numbers["both_ways"])
    always = np.ones(block.clusters, bool)
    present = np.stack([always, mutual, extra_partner | extra_family, second_extra], axis=1)
    cluster, place = np.nonzero(present)
    return _Frame(
        keys=keys,
        first_contact=block.first_day + chance.uniform(keys, "first contact") * block.days,
        main_kind=main_kind,
        mutual=mutual,
        extra_partner=extra_partner,
        cluster=cluster.astype(np.int64),
        place=place.astype(np.int64),
        relation_keys=chance.derive(keys[cluster], "relationship", place),
        relation_offsets=_offsets(present.sum(axis=1)),
        subject_offsets=_offsets(1 + mutual.astype(np.int64)),
        person_offsets=_offsets(2 + present[:, FIRST_EXTRA:].sum(axis=1)),
    )


def _kinds(frame: _Frame) -> I64:
    """Return the kind of each relationship: a parent's mirror is a child; extras are partners or family."""
    numbers = parameters.values("population")
    main_kind = frame.main_kind[frame.cluster]
    kind = main_kind.copy()
    for forward, backward in {PARENT: CHILD, CHILD: PARENT}.items():
        kind[frame.is_mirror & (main_kind == forward)] = backward
    extra = frame.place >= FIRST_EXTRA
    partner = extra & frame.extra_partner[frame.cluster]
    is_current = chance.chance(frame.relation_keys[partner], "extra kind", numbers["extra_current"])
    kind[partner] = np.where(is_current, CURRENT, EX)
    family = extra & ~partner
    kind[family] = PARENT + chance.choice(frame.relation_keys[family], "family kind", numbers["kinds"][PARENT:])
    return kind


def _relations(frame: _Frame, kind: I64) -> NDArray[Any]:
    """Return the relationships' traits and their states on the first day (RELATION)."""
    numbers, keys = parameters.values("population"), frame.relation_keys
    relations = np.zeros(len(frame.cluster), dtype=RELATION)
    relations["subject"] = frame.is_mirror
    relations["mirror"] = -1
    relations["order_until"] = PAST
    relations["plan_until"] = PAST
    mutual_main = frame.mutual_main
    relations["mirror"][mutual_main] = 1
    relations["mirror"][mutual_main + 1] = 0
    lag = chance.exponential(keys, "lag", numbers["extra_lag"])
    relations["entry"] = frame.first_contact[frame.cluster] + np.where(frame.place == MAIN, 0.0, lag)
    relations["intimate"] = kind <= EX
    relations["children"] = chance.chance(frame.keys, "children", numbers["children"])[frame.cluster]
    level = chance.choice(keys, "frequency", numbers["frequency_shares"])
    relations["frequency"] = np.array(numbers["frequency_values"])[level]
    relations["control"] = chance.choice(keys, "control", numbers["control_shares"])
    relations["severity"] = _lognormal(keys, "severity", numbers["severity_spread"])
    relations["separated"] = kind == EX
    relations["separated"][mutual_main + 1] = relations["separated"][mutual_main]
    return relations


def _lognormal(keys: U64, name: str, spread: float) -> F64:
    """Return lognormal numbers of mean 1."""
    return chance.exp(chance.bell(keys, name) * spread - spread * spread / 2)


def _subject_places(frame: _Frame) -> tuple[I64, I64]:
    """Return the cluster of each subject, and 1 for the second subject of a mutual cluster, otherwise 0."""
    subject_cluster = np.repeat(np.arange(len(frame.keys)), np.diff(frame.subject_offsets))
    second = np.zeros(len(subject_cluster), np.int64)
    second[frame.subject_offsets[:-1][frame.mutual] + 1] = 1
    return subject_cluster, second


def _subjects(frame: _Frame, subject_cluster: I64, second: I64) -> NDArray[Any]:
    """Return the subjects' traits and their states on the first day (SUBJECT)."""
    numbers = parameters.values("population")
    subjects = np.zeros(len(subject_cluster), dtype=SUBJECT)
    for name in ("custody_until", "next_from", "next_until", "bail_until"):
        subjects[name] = PAST
    keys = chance.derive(frame.keys[subject_cluster], "subject", second)
    subjects["crime_rate"] = numbers["crime_rate"] * _lognormal(keys, "crime", numbers["crime_spread"])
    for trait in ("substance", "mental", "firearm"):
        subjects[trait] = chance.chance(keys, trait, numbers[trait])
    return subjects


def _outside_rates(frame: _Frame, keys: U64, subject_cluster: I64, second: I64) -> F64:
    """Return each subject's crimes a day against people outside the cluster; ``keys``: of the subjects' persons.

    A normal propensity, correlated with the severity of the subject's first relationship (for the second subject of a
    mutual cluster: the mirror); nobody below a least propensity ever offends outside.
    """
    numbers = parameters.values("population")
    correlation = float(numbers["outside_severity"])
    first = frame.relation_offsets[subject_cluster] + second
    alone = float(np.sqrt(1.0 - correlation * correlation))
    propensity = (
        chance.bell(frame.relation_keys[first], "severity") * correlation + chance.bell(keys, "outside") * alone
    )
    spread = float(numbers["outside_spread"])
    rate = numbers["outside_rate"] * chance.exp(propensity * spread)
    return np.where(propensity < numbers["outside_least"], 0.0, rate)


def _deaths(first_contact: F64, keys: U64, male: Mask, age: I64) -> tuple[F64, F64]:
    """Return each person's hazard of a death by other causes on day 0, per day, and the day of that death.

    Gompertz's law, from the cluster's first contact on: whoever has contact with the police is alive. ``age``: in
    years, in the force's first year.
    """
    numbers, ageing = parameters.values("population"), parameters.values("mechanism")["ageing"]
    at_forty = numbers["mortality_at_40"] / DAYS_PER_YEAR * np.where(male, 1.0, numbers["mortality_female"])
    mortality = at_forty * chance.exp((age - _AGE_OF_MORTALITY) * DAYS_PER_YEAR * ageing)
    now = mortality * chance.exp(first_contact * ageing)
    left = chance.log(1.0 + chance.exponential(keys, "life", 1.0) * ageing / now) / ageing
    return mortality, first_contact + left


def _at_risk_persons(frame: _Frame) -> I64:
    """Return the person row of each relationship's person at risk."""
    first_person = frame.person_offsets[frame.cluster]
    place_in_cluster = np.arange(len(frame.cluster)) - frame.relation_offsets[frame.cluster]
    extra_rank = place_in_cluster - 1 - frame.mutual[frame.cluster]
    other = np.where(frame.place == MAIN, first_person + 1, first_person + 2 + extra_rank)
    return np.where(frame.is_mirror, first_person, other)


def _sexes_and_birth_years(frame: _Frame, kind: I64, at_risk: I64, start_year: int) -> tuple[Mask, I64]:
    """Return who is male and the birth year of every person: the subject's first, the others' from that."""
    numbers = parameters.values("population")
    intimate = frame.main_kind <= EX
    male_share = np.where(intimate, numbers["subject_male_intimate"], numbers["subject_male_family"])
    subject_male = chance.chance(frame.keys, "sex", male_share)
    mean = np.where(intimate, numbers["subject_age_intimate"][0], numbers["subject_age_family"][0])
    spread = np.where(intimate, numbers["subject_age_intimate"][1], numbers["subject_age_family"][1])
    youngest, oldest, youngest_child, oldest_person = numbers["ages"]
    age = np.clip(mean + spread * chance.bell(frame.keys, "age"), youngest, oldest)
    year = start_year + np.floor(frame.first_contact / DAYS_PER_YEAR).astype(np.int64)
    persons = int(frame.person_offsets[-1])
    male, born = np.zeros(persons, bool), np.zeros(persons, np.int64)
    male[frame.person_offsets[:-1]] = subject_male
    born[frame.person_offsets[:-1]] = year - age.astype(np.int64)
    # The mirror's person at risk is the subject, who has a sex and an age already.
    rows = np.flatnonzero(~frame.is_mirror)
    cluster, keys = frame.cluster[rows], frame.relation_keys[rows]
    same_sex = chance.chance(keys, "same sex", numbers["same_sex"])
    partner_male = np.where(same_sex, subject_male[cluster], ~subject_male[cluster])
    relative_female = chance.chance(keys, "family sex", numbers["at_risk_female_family"])
    male[at_risk[rows]] = np.where(kind[rows] <= EX, partner_male, ~relative_female)
    shift = _age_shift(keys, kind[rows], subject_male[cluster])
    least = np.where(kind[rows] == CHILD, youngest_child, youngest)
    born[at_risk[rows]] = year[cluster] - np.clip(age[cluster] + shift, least, oldest_person).astype(np.int64)
    return male, born


def _age_shift(keys: U64, kind: I64, subject_male: Mask) -> F64:
    """Return how many years older than the subject the person at risk is."""
    numbers = parameters.values("population")
    mean_gap, gap_spread = numbers["parent_gap"]
    gap = mean_gap + gap_spread * chance.bell(keys, "gap")
    older, near_spread = numbers["age_near"]
    near = near_spread * chance.bell(keys, "near")
    partner = near + np.where(subject_male, -older, older)
    return np.select([kind <= EX, kind == PARENT, kind == CHILD], [partner, gap, -gap], near)
