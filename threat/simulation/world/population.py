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
DAYS_PER_YEAR = 365.25

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Population:
    """One block. ``persons`` are per cluster: 0 the subject, 1.. the persons at risk; keys name them.

    Per cluster: ``keys`` uint64[c], offsets int64[c + 1]. Per relationship: ``relations`` (RELATION), ``cluster``,
    ``kind`` (0..5), ``subject_person`` and ``at_risk_person`` (rows of the person arrays). Per person: ``person_keys``,
    ``male`` (bool), ``born`` (year), ``person_cluster``.
    """

    keys: NDArray[np.uint64]
    subjects: NDArray[Any]
    relations: NDArray[Any]
    subject_offsets: I64
    relation_offsets: I64
    cluster: I64
    kind: I64
    subject_person: I64
    at_risk_person: I64
    subject_rows: I64  # person row of each subject row
    person_keys: NDArray[np.uint64]
    person_cluster: I64
    male: NDArray[np.bool_]
    born: I64


def draw(seed: int, block: int, n: int, first_day: float, days: float, start_year: int) -> Population:
    """``n`` clusters whose first contact falls in ``[first_day, first_day + days)`` of the force."""
    p = parameters.values("population")
    keys = chance.seed_keys(seed, f"block {block}", np.arange(n, dtype=np.int64))
    u = chance.uniform
    kind = chance.choice(keys, "kind", p["kinds"])
    intimate = kind <= EX
    extra_partner = intimate & (u(keys, "extra partner") < p["extra_partner"])
    more = extra_partner & (u(keys, "second extra") < p["second_extra"])
    extra_family = u(keys, "extra family") < p["extra_family"]
    both = u(keys, "both ways") < p["both_ways"]
    # Columns 0..3: main, mirror, extra partner or family, second extra partner.
    present = np.stack([np.ones(n, bool), both, extra_partner | extra_family, more], axis=1)
    cluster, column = np.nonzero(present)
    count = present.sum(axis=1)
    relation_offsets = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    subject_count = 1 + both.astype(np.int64)
    subject_offsets = np.concatenate([[0], np.cumsum(subject_count)]).astype(np.int64)
    main = relation_offsets[:-1]
    key = chance.derive(keys[cluster], "relationship", column)

    rel_kind = kind[cluster].copy()
    is_mirror = column == 1
    swapped = {PARENT: CHILD, CHILD: PARENT}
    for old, new in swapped.items():
        rel_kind[is_mirror & (kind[cluster] == old)] = new
    extra = column >= 2
    partner = extra & (extra_partner[cluster])
    rel_kind[partner] = np.where(u(key[partner], "extra kind") < p["extra_current"], CURRENT, EX)
    family = extra & ~partner
    rel_kind[family] = PARENT + chance.choice(key[family], "family kind", p["kinds"][PARENT:])

    relations = np.zeros(len(cluster), dtype=RELATION)
    relations["subject"] = is_mirror
    relations["mirror"] = -1
    relations["order_until"] = PAST
    relations["plan_until"] = PAST
    has = main[both]
    relations["mirror"][has] = 1
    relations["mirror"][has + 1] = 0
    first = first_day + u(keys, "first contact") * days
    lag = chance.exponential(key, "lag", p["extra_lag"])
    relations["entry"] = first[cluster] + np.where(column == 0, 0.0, lag)
    relations["intimate"] = rel_kind <= EX
    relations["children"] = u(keys, "children")[cluster] < p["children"]
    frequency = np.array(p["frequency_values"])[chance.choice(key, "frequency", p["frequency_shares"])]
    control = chance.choice(key, "control", p["control_shares"])
    relations["frequency"] = frequency
    relations["control"] = control
    spread = p["severity_spread"]
    relations["severity"] = chance.exp(chance.bell(key, "severity") * spread - spread * spread / 2)
    relations["separated"] = rel_kind == EX
    relations["separated"][has + 1] = relations["separated"][has]

    subjects = np.zeros(int(subject_offsets[-1]), dtype=SUBJECT)
    subject_cluster = np.repeat(np.arange(n), subject_count)
    second = np.zeros(len(subjects), np.int64)
    second[subject_offsets[:-1][both] + 1] = 1
    for name in ("custody_until", "next_from", "next_until", "bail_until"):
        subjects[name] = PAST
    skey = chance.derive(keys[subject_cluster], "subject", second)
    wide = p["crime_spread"]
    subjects["crime_rate"] = p["crime_rate"] * chance.exp(chance.bell(skey, "crime") * wide - wide * wide / 2)
    subjects["substance"] = u(skey, "substance") < p["substance"]
    subjects["mental"] = u(skey, "mental") < p["mental"]
    subjects["firearm"] = u(skey, "firearm") < p["firearm"]

    # Persons: 0 the subject, 1 the person at risk of main (subject of mirror), then one per extra.
    others = present[:, 2:].sum(axis=1)
    person_count = 2 + others
    person_offsets = np.concatenate([[0], np.cumsum(person_count)]).astype(np.int64)
    person_cluster = np.repeat(np.arange(n), person_count)
    within = np.arange(len(person_cluster)) - person_offsets[person_cluster]
    person_keys = chance.derive(keys[person_cluster], "person", within)
    subject_person = person_offsets[cluster] + is_mirror
    extra_rank = np.arange(len(cluster)) - relation_offsets[cluster] - 1 - both[cluster]
    at_risk_person = np.where(
        is_mirror,
        person_offsets[cluster],
        np.where(column == 0, person_offsets[cluster] + 1, person_offsets[cluster] + 2 + extra_rank),
    )
    male, born = _bodies(
        p, keys, person_keys, person_offsets, cluster, rel_kind, at_risk_person, key, is_mirror, start_year, first
    )
    return Population(
        keys=keys,
        subjects=subjects,
        relations=relations,
        subject_offsets=subject_offsets,
        relation_offsets=relation_offsets,
        cluster=cluster.astype(np.int64),
        kind=rel_kind.astype(np.int64),
        subject_person=subject_person.astype(np.int64),
        at_risk_person=at_risk_person.astype(np.int64),
        subject_rows=(person_offsets[subject_cluster] + second).astype(np.int64),
        person_keys=person_keys,
        person_cluster=person_cluster.astype(np.int64),
        male=male,
        born=born,
    )


def _bodies(
    p: dict[str, Any],
    keys: NDArray[np.uint64],
    person_keys: NDArray[np.uint64],
    person_offsets: I64,
    cluster: I64,
    kind: I64,
    at_risk: I64,
    key: NDArray[np.uint64],
    is_mirror: NDArray[np.bool_],
    start_year: int,
    first: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], I64]:
    """Sex and birth year of every person: the subject's first, then the others' from the relationship."""
    u = chance.uniform
    n = len(keys)
    main_kind = np.empty(n, np.int64)
    main_kind[cluster[::-1]] = kind[::-1]  # the first relationship of each cluster wins
    intimate = main_kind <= EX
    subject_male = u(keys, "sex") < np.where(intimate, p["subject_male_intimate"], p["subject_male_family"])
    mean = np.where(intimate, p["subject_age_intimate"][0], p["subject_age_family"][0])
    spread = np.where(intimate, p["subject_age_intimate"][1], p["subject_age_family"][1])
    youngest, oldest, youngest_child, oldest_person = p["ages"]
    age = np.clip(mean + spread * chance.bell(keys, "age"), youngest, oldest)
    year = start_year + np.floor(first / DAYS_PER_YEAR).astype(np.int64)
    male = np.zeros(len(person_keys), bool)
    born = np.zeros(len(person_keys), np.int64)
    male[person_offsets[:-1]] = subject_male
    born[person_offsets[:-1]] = year - age.astype(np.int64)
    rows = np.flatnonzero(~is_mirror)
    c, k = cluster[rows], kind[rows]
    partner = k <= EX
    same = u(key[rows], "same sex") < p["same_sex"]
    opposite = np.where(same, subject_male[c], ~subject_male[c])
    female = u(key[rows], "family sex") < p["at_risk_female_family"]
    male[at_risk[rows]] = np.where(partner, opposite, ~female)
    gap = p["parent_gap"][0] + p["parent_gap"][1] * chance.bell(key[rows], "gap")
    older, wide = p["age_near"]
    near = wide * chance.bell(key[rows], "near")
    shift = np.select(
        [partner, k == PARENT, k == CHILD], [near + np.where(subject_male[c], -older, older), gap, -gap], near
    )
    person_age = np.clip(age[c] + shift, np.where(k == CHILD, youngest_child, youngest), oldest_person)
    born[at_risk[rows]] = year[c] - person_age.astype(np.int64)
    return male, born
