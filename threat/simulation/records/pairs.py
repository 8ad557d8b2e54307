"""The relationship ids of a block's relations: by person records, and where the person at risk is unknown."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.history.sightings import NO_PERSON
from threat.ids import pair_ids
from threat.simulation import parameters
from threat.simulation.world import chance
from threat.simulation.world.population import Population, relation_keys

RECORDS = 4
"""A true relation may be on record up to four times: either party may have a second record."""


def unknown_persons(people: Population) -> NDArray[np.bool_]:
    """Mask of the relations whose person at risk is never known: at most one of each subject.

    Two of one subject would be one relationship on record, of the subject with nobody known.
    """
    share = parameters.values("population")["unknown_person"]
    unknown = chance.chance(relation_keys(people), "unknown person", share)
    rows = np.flatnonzero(unknown)
    _, first = np.unique(people.subject_person[rows], return_index=True)
    out = np.zeros(len(unknown), dtype=bool)
    out[rows[first]] = True
    return out


def person_record_ids(people: Population) -> NDArray[np.int64]:
    """Return the ids of the persons' records: the first of each person, then the second of each."""
    keys = people.person_keys
    return chance.ids(np.concatenate([keys, chance.derive(keys, "second record")]))


def relationship_ids(people: Population, unknown: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the id of each relation (rows) under each pair of person records, int64[relations, RECORDS].

    Columns: 2 x the subject's record + the person at risk's. Where that person is unknown, the columns of a second
    record of theirs are -1: no relationship.
    """
    persons, m = person_record_ids(people), len(people.person_keys)
    out = np.full((len(unknown), RECORDS), NO_PERSON, dtype=np.int64)
    for record in range(RECORDS):
        subject = persons[people.subject_person + record // 2 * m]
        at_risk = persons[people.at_risk_person + record % 2 * m]
        some = ~unknown if record % 2 else np.ones(len(unknown), dtype=bool)
        out[some, record] = pair_ids(subject[some], np.where(unknown, NO_PERSON, at_risk)[some])
    return out
