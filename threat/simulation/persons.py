"""Persons, relationships, identities and protected characteristics of one block, and its first truth tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.asof import DAY
from threat.history.schema import IDENTITIES, PERSON_LINKS, PERSONS, PROTECTED, RELATIONSHIP_KINDS, RELATIONSHIPS
from threat.simulation import chance, parameters, recording, states
from threat.simulation.ledger import SOURCES, to_arrow, words
from threat.simulation.population import CURRENT, EX, Population
from threat.simulation.states import OFFENCES

I64 = NDArray[np.int64]

_FAR = np.iinfo(np.int64).max
ETHNICITIES = tuple("W1 W2 W3 W4 M1 M2 M3 M4 A1 A2 A3 A4 A5 B1 B2 B3 O1 O9 NS".split())
_BROAD = {"W": "White", "M": "Mixed", "A": "Asian", "B": "Black", "O": "Other", "N": "Not stated"}
_RELIGIONS = ("none", "christian", "muslim", "hindu", "sikh", "other")
_FIRST = "Aldra Bexel Corvi Dornel Elvis-Test Fennick Garlo Hestia-Test Ivrel Jorrin Kestra Lumo Marnix Norvel Ostra Perrin Quill Rovane Sorrel Tavi Ulric-Test Vesper Wendlo Xanthe-Test Yarrow Zephra".split()  # noqa: SIM905
_LAST = "Ambleworth Brackenby Crowhollow Dunmarrow Elderfen Farrowgate Gorsewick Hollowmere Inklewood Jestermoor Kettleby-Test Larkspool Mossgarth Nettlebeck Oxenhallow Pikestaff Quarrymoss Rushwater Stonyholt Thistleby Umberlow Vinterley Wickenshaw Yewbarrow Zealmoor".split()  # noqa: SIM905


def tables(
    people: Population, columns: dict[str, NDArray[Any]], rows: NDArray[Any], epoch: int, end: int
) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """History tables and truth tables of a block: rows recorded in ``[epoch, end)`` of relationships that came to notice."""
    begins = epoch + history_start()[columns["source"]]
    inside = (columns["recorded"] >= begins) & (columns["recorded"] < end) & (columns["occurred"] >= epoch)
    columns = {name: column[inside] for name, column in columns.items()}
    relation, person = columns["relation"], columns["person"]
    n = len(people.relations)
    known = np.zeros(n, bool)
    known[relation[np.isin(columns["kind"], recording.principal_kinds()) & (relation >= 0)]] = True
    p = parameters.values("population")
    rkeys = chance.derive(
        people.keys[people.cluster], "relation id", np.arange(n) - people.relation_offsets[people.cluster]
    )
    unknown = chance.chance(rkeys, "unknown person", p["unknown_person"])
    met = np.zeros(len(people.person_keys), bool)
    met[people.subject_person[known]] = True
    met[people.at_risk_person[known & ~unknown]] = True
    keep = np.where(person >= 0, met[np.maximum(person, 0)], known[np.maximum(relation, 0)])
    columns = {name: column[keep] for name, column in columns.items()}
    relation, person, recorded = columns["relation"], columns["person"], columns["recorded"]

    seen = np.full(n, _FAR)
    has = relation >= 0
    np.minimum.at(seen, relation[has], recorded[has])
    first = np.full(len(met), _FAR)
    np.minimum.at(first, people.subject_person[known], seen[known])
    both = known & ~unknown
    np.minimum.at(first, people.at_risk_person[both], seen[both])
    alone = person >= 0
    np.minimum.at(first, person[alone], recorded[alone])

    person_ids = chance.ids(people.person_keys)
    relation_ids = chance.ids(rkeys)
    subject, at_risk = person_ids[people.subject_person], person_ids[people.at_risk_person]
    who = np.flatnonzero(met)
    history = {
        "persons": pa.table(
            {
                "person_id": person_ids[who],
                "kind": words(np.zeros(len(who), np.int32), ["person"]),
                "birth_year": people.born[who].astype(np.int16),
                "recorded_at": first[who],
            },
            schema=PERSONS,
        ),
        "identities": identities(people, who, person_ids, first),
        "protected": protected(people, who, person_ids, first),
        "person_links": PERSON_LINKS.empty_table(),
        "relationships": relationships(people, known, unknown, relation_ids, subject, at_risk, seen),
        "events": to_arrow(columns, subject, at_risk, person_ids, ~unknown),
    }
    return history, truth(people, rows, known, relation_ids, epoch)


def history_start() -> I64:
    """Seconds after the force's first day from which each source's rows were kept, in the order of ``SOURCES``."""
    days = parameters.values("recording")["history_start"]
    return np.array([int(days[name] * DAY) for name in SOURCES])


def relationships(
    people: Population,
    known: NDArray[np.bool_],
    unknown: NDArray[np.bool_],
    ids: I64,
    subject: I64,
    at_risk: I64,
    seen: I64,
) -> pa.Table:
    """The relationships that came to notice, from the moment they did."""
    i = np.flatnonzero(known)
    names = [name for name in RELATIONSHIP_KINDS if name != "unknown"] + ["unknown"]
    return pa.table(
        {
            "relationship_id": ids[i],
            "recorded_at": seen[i],
            "subject_id": subject[i],
            "person_at_risk_id": pa.array(at_risk[i], mask=unknown[i]),
            "kind": words(np.where(unknown[i], len(names) - 1, _schema_kind(people.kind[i])), names),
            "valid_from": seen[i],
            "withdrawn_at": pa.nulls(len(i), pa.int64()),
        },
        schema=RELATIONSHIPS,
    )


def _schema_kind(kind: I64) -> I64:
    """The generator's kinds are in the schema's order."""
    return kind


def identities(people: Population, who: I64, ids: I64, first: I64) -> pa.Table:
    """Names nobody has, birth dates and, for some, a safe contact."""
    keys = people.person_keys[who]
    p = parameters.values("characteristics")
    a = (chance.uniform(keys, "first name") * len(_FIRST)).astype(np.int64)
    b = (chance.uniform(keys, "last name") * len(_LAST)).astype(np.int64)
    full = np.array([f"{x} {y}" for x in _FIRST for y in _LAST], dtype=object)[a * len(_LAST) + b]
    day = (chance.uniform(keys, "birthday") * 365).astype(np.int64)
    base = np.array([np.datetime64(f"{year}-01-01") for year in range(1850, 2100)])
    dates = np.datetime_as_string(base[people.born[who] - 1850] + day)
    speaks = chance.chance(keys, "interpreter", p["interpreter"])
    return pa.table(
        {
            "person_id": ids[who],
            "names": pa.array(full, pa.string()),
            "birth_date": pa.array(dates, pa.string()),
            "contact": pa.nulls(len(who), pa.string()),
            "safe_contact": pa.nulls(len(who), pa.string()),
            "interpreter": pa.array(np.where(speaks, "needed", None), pa.string()),
            "recorded_at": first[who],
        },
        schema=IDENTITIES,
    )


def ethnicity(people: Population) -> I64:
    """Index into ``ETHNICITIES`` of every person; most relationships are within one."""
    p = parameters.values("characteristics")
    own = chance.choice(people.person_keys, "ethnicity", p["ethnicity_shares"][:-1])
    cluster = chance.choice(people.keys, "cluster ethnicity", p["ethnicity_shares"][:-1])
    return np.where(
        chance.chance(people.person_keys, "same ethnicity", p["ethnicity_same"]), cluster[people.person_cluster], own
    )


def protected(people: Population, who: I64, ids: I64, first: I64) -> pa.Table:
    """Characteristics by person: sex, ethnicity (self-defined 18+1; observed 5+1), disability, orientation, religion, area."""
    p = parameters.values("characteristics")
    keys = people.person_keys[who]
    u = chance.uniform
    chunks: list[tuple[NDArray[np.bool_], str, NDArray[Any], str, str]] = []
    sex = np.where(people.male[who], "male", "female")
    chunks.append((u(keys, "sex known") < p["sex_recorded"], "sex", sex, "sex", "observed"))
    own = ethnicity(people)[who]
    stated = np.where(u(keys, "not stated") < p["ethnicity_shares"][-1], len(ETHNICITIES) - 1, own)
    chunks.append((u(keys, "self") < p["ethnicity_self"], "ethnicity", np.array(ETHNICITIES)[stated], "18+1", "self"))
    wrong = u(keys, "observed wrong") < p["observed_wrong"]
    looked = np.where(wrong, np.roll(own, 1), own)
    broad = np.array([_BROAD[code[0]] for code in ETHNICITIES])
    chunks.append((u(keys, "observed") < p["ethnicity_observed"], "ethnicity", broad[looked], "5+1", "observed"))
    is_subject = np.zeros(len(people.person_keys), bool)
    is_subject[people.subject_person] = True
    rate = np.where(is_subject[who], p["disability_subject"], p["disability_at_risk"])
    disabled = np.where(u(keys, "disabled") < rate, "yes", "no")
    chunks.append(
        (u(keys, "disability known") < p["disability_recorded"], "disability", disabled, "disability", "self")
    )
    gay = np.zeros(len(people.person_keys), bool)
    same = (people.kind <= EX) & (people.male[people.subject_person] == people.male[people.at_risk_person])
    gay[people.subject_person[same]] = True
    gay[people.at_risk_person[same]] = True
    orientation = np.where(gay[who], "gay_or_lesbian", "heterosexual")
    chunks.append(
        (u(keys, "orientation") < p["orientation_recorded"], "orientation", orientation, "orientation", "self")
    )
    faith = np.array(_RELIGIONS)[chance.choice(keys, "faith", p["religion_shares"])]
    chunks.append((u(keys, "religion") < p["religion_recorded"], "religion", faith, "religion", "self"))
    home = chance.derive(people.keys[people.person_cluster], "household")
    apart = np.ones(len(home), bool)
    apart[people.subject_person] = False
    together = (people.kind != EX) & chance.chance(people.keys[people.cluster], "one household", p["same_household"])
    apart[people.at_risk_person[together]] = False
    home = np.where(apart, people.person_keys, home)[who]
    fifth = np.array(["1", "2", "3", "4", "5"])[chance.choice(home, "deprivation", p["deprivation_shares"])]
    everyone = np.ones(len(who), bool)
    chunks.append((everyone, "deprivation", fifth, "fifth of areas, 1 most deprived", "observed"))
    rural = np.where(chance.chance(home, "rural", p["rural"]), "rural", "urban")
    chunks.append((everyone, "rurality", rural, "urban or rural", "observed"))
    count = [int(mask.sum()) for mask, *_ in chunks]

    def column(at: int) -> pa.Array:
        return pa.array(np.repeat(np.array([chunk[at] for chunk in chunks], dtype=object), count)).dictionary_encode()

    return pa.table(
        {
            "person_id": np.concatenate([ids[who][mask] for mask, *_ in chunks]),
            "characteristic": column(1),
            "code": pa.array(
                np.concatenate([np.asarray(code, dtype=object)[mask] for mask, _, code, _, _ in chunks])
            ).dictionary_encode(),
            "scheme": column(3),
            "source": column(4),
            "recorded_at": np.concatenate([first[who][mask] for mask, *_ in chunks]),
            "withdrawn_at": pa.nulls(sum(count), pa.int64()),
        },
        schema=PROTECTED,
    )


def truth(
    people: Population, rows: NDArray[Any], known: NDArray[np.bool_], ids: I64, epoch: int
) -> dict[str, pa.Table]:
    """The latent make-up of every relationship, and every incident that happened, recorded or not."""
    q = people.relations
    relations = pa.table(
        {
            "relationship_id": ids,
            "known": known,
            "frequency": q["frequency"],
            "severity": q["severity"],
            "control": q["control"].astype(np.int8),
            "first_incident_at": epoch + np.floor(q["entry"] * DAY).astype(np.int64),
        }
    )
    rows = rows[rows["relation"] >= 0]
    happened = rows[rows["what"] == states.INCIDENT]
    incidents = pa.table(
        {
            "relationship_id": ids[happened["relation"]],
            "occurred_at": epoch + np.floor(happened["at"] * DAY).astype(np.int64),
            "offence": words(happened["offence"], OFFENCES),
        }
    )
    return {"relationships": relations, "incidents": incidents}


__all__ = ["CURRENT", "tables"]
