"""One block's history tables and its first truth: who came to notice, under which record, and what really happened."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.asof import DAY
from threat.errors import IntegrityFailure
from threat.history.schema import PERSON_LINKS, PERSONS, RELATIONSHIP_KINDS, RELATIONSHIPS
from threat.simulation import parameters
from threat.simulation.records import recording
from threat.simulation.records.characteristics import BROAD_CODES, Roll, ethnicity, identities, protected
from threat.simulation.records.ledger import SOURCES, number, to_arrow, words
from threat.simulation.world import chance, states
from threat.simulation.world.population import Population
from threat.simulation.world.states import OFFENCES

I64 = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]

_FAR = np.iinfo(np.int64).max


def history_start() -> I64:
    """Seconds after the force's first day from which each source's rows were kept, in the order of ``SOURCES``."""
    days = parameters.values("recording")["history_start"]
    return np.array([int(days[name] * DAY) for name in SOURCES])


def relation_keys(people: Population) -> NDArray[np.uint64]:
    """A key per relationship row; ids come from it."""
    within = np.arange(len(people.relations)) - people.relation_offsets[people.cluster]
    return chance.derive(people.keys[people.cluster], "relation id", within)


def tables(
    people: Population, columns: Columns, rows: NDArray[Any], epoch: int, since: int, end: int, duplicates: float
) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """History and truth of a block.

    Kept are rows recorded before ``end`` of relationships of which an incident came to notice; of these, the tables
    hold what entered the history from ``since`` on (``epoch`` for a whole force). ``rows``: what truly happened.
    ``duplicates``: share of persons recorded twice and never linked, on top of the usual.
    """
    inside = (columns["recorded"] >= epoch + history_start()[columns["source"]]) & (columns["occurred"] >= epoch)
    columns = _pick(columns, inside)
    m = len(people.person_keys)
    keys = relation_keys(people)
    unknown = chance.chance(keys, "unknown person", parameters.values("population")["unknown_person"])
    release = _released(people, columns, ~unknown)
    kept = _whole(columns, release < end)
    columns, release = _pick(columns, kept), release[kept]
    relation, person, recorded = columns["relation"], columns["person"], columns["recorded"]
    has, alone = relation >= 0, person >= 0
    safe = np.maximum(relation, 0)

    # Which of a person's records an incident was put under: 0 the first, 1 the second.
    second = _second_records(people, columns["incident"], duplicates)
    left = np.where(has, second(people.subject_person[safe]), 0)
    right = np.where(has & ~unknown[safe], second(people.at_risk_person[safe]), 0)
    own = np.where(alone, second(np.maximum(person, 0)), 0)
    subject, at_risk = people.subject_person[safe] + left * m, people.at_risk_person[safe] + right * m
    about = np.maximum(person, 0) + own * m

    person_keys = np.concatenate([people.person_keys, chance.derive(people.person_keys, "second record")])
    person_ids = chance.ids(person_keys)
    named = has & ~unknown[safe]
    first, came = np.full(2 * m, _FAR), np.full(2 * m, _FAR)
    for who, mask in ((subject, has), (at_risk, named), (about, alone)):
        np.minimum.at(first, who[mask], recorded[mask])
        np.minimum.at(came, who[mask], release[mask])
    held = np.flatnonzero(came < _FAR)
    roll = Roll(held % m, held >= m, person_keys[held], person_ids[held], first[held])

    pair, seen, noticed = _pairs(relation[has], left[has], right[has], recorded[has], release[has])
    true = pair // 4
    relation_ids = chance.ids(chance.derive(keys[true], "records", pair % 4))
    check_distinct("persons", person_ids)
    check_distinct("relationships", relation_ids)
    history = {
        "persons": persons(people, roll),
        "identities": identities(people, roll),
        "protected": protected(people, roll),
        "person_links": links(people, roll, person_ids, end, duplicates),
        "relationships": pa.table(
            {
                "relationship_id": relation_ids,
                "recorded_at": seen,
                "subject_id": person_ids[people.subject_person[true] + (pair // 2 % 2) * m],
                "person_at_risk_id": pa.array(
                    person_ids[people.at_risk_person[true] + pair % 2 * m], mask=unknown[true]
                ),
                "kind": words(
                    np.where(unknown[true], len(RELATIONSHIP_KINDS) - 1, people.kind[true]), RELATIONSHIP_KINDS
                ),
                "valid_from": seen,
                "withdrawn_at": pa.nulls(len(pair), pa.int64()),
            },
            schema=RELATIONSHIPS,
        ),
        "events": to_arrow(
            columns,
            pa.array(person_ids[subject], mask=~has),
            pa.array(person_ids[at_risk], mask=~has | unknown[safe]),
            pa.array(person_ids[about], mask=~alone),
        ),
    }
    check_distinct("events", history["events"].column("event_id").to_numpy())
    if since > epoch:
        new = {
            "events": release,
            "relationships": noticed,
            "person_links": history["person_links"].column("recorded_at"),
        }
        new |= dict.fromkeys(("persons", "identities"), came[held])
        order = np.argsort(roll.ids)
        at = np.searchsorted(roll.ids[order], history["protected"].column("person_id").to_numpy())
        new["protected"] = came[held][order][at]
        history = {name: table.filter(pa.array(np.asarray(new[name]) >= since)) for name, table in history.items()}
    return history, truth(people, rows, pair, seen, relation_ids, epoch)


def _pick(columns: Columns, mask: NDArray[np.bool_]) -> Columns:
    return {name: column[mask] for name, column in columns.items()}


def _released(people: Population, columns: Columns, named: NDArray[np.bool_]) -> I64:
    """When each row enters the history: when it is recorded, but not before an incident made its people known."""
    relation, person, recorded = columns["relation"], columns["person"], columns["recorded"]
    principal = np.isin(columns["kind"], recording.principal_kinds()) & (relation >= 0)
    known = np.full(len(people.relations), _FAR)
    np.minimum.at(known, relation[principal], recorded[principal])
    met = np.full(len(people.person_keys), _FAR)
    np.minimum.at(met, people.subject_person, known)
    np.minimum.at(met, people.at_risk_person[named], known[named])
    return np.maximum(recorded, np.where(person >= 0, met[np.maximum(person, 0)], known[np.maximum(relation, 0)]))


def _whole(columns: Columns, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is kept without withdrawals of rows that are not; a correction of such a row stands as a row of its own."""
    supersedes = columns["supersedes"]
    lost = (supersedes != 0) & ~np.isin(supersedes, columns["event"][kept])
    columns["supersedes"] = np.where(lost, np.uint64(0), supersedes)
    return kept & ~(lost & (columns["kind"] == number("withdrawn")))


def _doubled(people: Population, extra: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Per person: recorded twice in the usual way, and by the knob (never linked)."""
    usual = chance.chance(people.person_keys, "doubled", parameters.values("recording")["duplicate"])
    return usual, chance.chance(people.person_keys, "doubled by knob", extra)


def _second_records(people: Population, incident: NDArray[np.uint64], extra: float) -> Any:
    usual, knob = _doubled(people, extra)
    twice = usual | knob
    share = parameters.values("recording")["duplicate_use"]

    def which(person: I64) -> I64:
        used = chance.chance(incident ^ people.person_keys[person], "second record used", share)
        return (twice[person] & used).astype(np.int64)

    return which


def _pairs(relation: I64, left: I64, right: I64, recorded: I64, release: I64) -> tuple[I64, I64, I64]:
    """Relationship records (4 x relation + 2 x subject's + person at risk's record); first seen and released."""
    pair, inverse = np.unique(relation * 4 + left * 2 + right, return_inverse=True)
    seen, noticed = np.full(len(pair), _FAR), np.full(len(pair), _FAR)
    np.minimum.at(seen, inverse, recorded)
    np.minimum.at(noticed, inverse, release)
    return pair, seen, noticed


def persons(people: Population, roll: Roll) -> pa.Table:
    """Person records."""
    return pa.table(
        {
            "person_id": roll.ids,
            "kind": words(np.zeros(len(roll), np.int32), ("person",)),
            "birth_year": people.born[roll.person].astype(np.int16),
            "recorded_at": roll.first,
        },
        schema=PERSONS,
    )


def links(people: Population, roll: Roll, person_ids: I64, end: int, extra: float) -> pa.Table:
    """Second records found to be the first's person; a few of these links are undone again."""
    p = parameters.values("recording")
    usual, _ = _doubled(people, extra)
    held = np.zeros(2 * len(people.person_keys), bool)
    held[np.where(roll.copy, roll.person + len(people.person_keys), roll.person)] = True
    i = np.flatnonzero(roll.copy & usual[roll.person] & held[roll.person])
    keys = roll.keys[i]
    wait = (chance.exponential(keys, "link", p["duplicate_mean"]) * DAY).astype(np.int64)
    at = roll.first[i] + wait
    found = chance.chance(keys, "linked", p["duplicate_found"]) & (at < end)
    i, keys, at = i[found], keys[found], at[found]
    undone = chance.chance(keys, "undone", p["link_undone"])
    gone = at + (chance.exponential(keys, "undone when", p["duplicate_mean"]) * DAY).astype(np.int64)
    standing = ~undone | (gone >= end)
    return pa.table(
        {
            "source_person_id": roll.ids[i],
            "person_id": person_ids[roll.person[i]],
            "recorded_at": at,
            "withdrawn_at": pa.array(gone, mask=standing),
            "method": words(np.zeros(len(i), np.int32), ("name_and_birth_date",)),
            "score": 0.8 + 0.2 * chance.uniform(keys, "link score"),
        },
        schema=PERSON_LINKS,
    )


def truth(people: Population, rows: NDArray[Any], pair: I64, seen: I64, ids: I64, epoch: int) -> dict[str, pa.Table]:
    """The latent make-up behind every relationship record, and every incident that happened, recorded or not.

    The person at risk's true sex and ethnicity stand beside each incident: not all are in the history.
    """
    true_ids = chance.ids(relation_keys(people))
    q = people.relations[pair // 4]
    made = pa.table(
        {
            "relationship_id": ids,
            "true_relation": true_ids[pair // 4],
            "recorded_at": seen,
            "first_incident_at": epoch + np.floor(q["entry"] * DAY).astype(np.int64),
            "frequency": q["frequency"],
            "severity": q["severity"],
            "control": q["control"].astype(np.int8),
        }
    )
    happened = rows[(rows["what"] == states.INCIDENT) & (rows["relation"] >= 0)]
    incidents = pa.table(
        {
            "true_relation": true_ids[happened["relation"]],
            "occurred_at": epoch + np.floor(happened["at"] * DAY).astype(np.int64),
            "offence": words(happened["offence"], OFFENCES),
            "at_risk_male": people.male[people.at_risk_person[happened["relation"]]],
            "at_risk_ethnicity": words(ethnicity(people)[0][people.at_risk_person[happened["relation"]]], BROAD_CODES),
        }
    )
    return {"relationships": made, "incidents": incidents}


def check_distinct(name: str, ids: Any) -> None:
    """Ids are hashes; two alike would join two histories. Raises IntegrityFailure."""
    if len(np.unique(ids)) != len(ids):
        raise IntegrityFailure("Two rows have one id.", where=name, way_out="choose another seed")
