"""One block's history tables and its first truth: who came to notice, under which record, and what really happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.asof import DAY
from threat.errors import IntegrityFailure
from threat.history.schema import PERSON_LINKS, PERSONS, RELATIONSHIP_KINDS
from threat.simulation import parameters
from threat.simulation.records import recording
from threat.simulation.records.characteristics import Roll, identities, protected
from threat.simulation.records.event_rows import SOURCES, number, to_arrow, words
from threat.simulation.records.pairs import person_record_ids, relationship_ids, unknown_persons
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.records.relationship_rows import RecordPairs, kind_changes, relationships, versions
from threat.simulation.world import chance, states
from threat.simulation.world.deaths import death_days
from threat.simulation.world.population import BROAD_ETHNICITIES, Population, broad_ethnicity, relation_keys
from threat.simulation.world.states import OFFENCES

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
Columns = dict[str, NDArray[Any]]

_NEVER = np.iinfo(np.int64).max
_UNKNOWN_KIND = RELATIONSHIP_KINDS.index("unknown")
"""Kind of a relationship whose person at risk is unknown."""


@dataclass(frozen=True, slots=True)
class Span:
    """Which rows to write, UTC seconds: the force begins at ``epoch``, recorded before ``end``, new since ``since``."""

    epoch: int
    since: int
    end: int


@dataclass(frozen=True, slots=True)
class _Parties:
    """The person records that each event row names: rows of the person arrays, plus their length for a second record.

    ``between``: the row is about a relationship; ``named``: and its person at risk is known; ``acted``: it has a
    subject, in a relationship or against somebody outside; ``alone``: it is about one person. ``pair``: 4 x relation +
    2 x the subject's record + the person at risk's, for rows between two people.
    """

    subject: I64
    at_risk: I64
    person: I64
    between: Mask
    named: Mask
    acted: Mask
    alone: Mask
    pair: I64


@dataclass(frozen=True, slots=True)
class _Outsiders:
    """People outside the clusters: ids, when first recorded, and when they entered the history.

    Of these the police know that they were hurt, and nothing else: no name, no age, no characteristic.
    """

    ids: I64
    first: I64
    entered: I64

    def persons(self) -> pa.Table:
        """Return their person records (PERSONS)."""
        return pa.table(
            {
                "person_id": self.ids,
                "kind": words(np.zeros(len(self.ids), np.int32), ("person",)),
                "birth_year": pa.nulls(len(self.ids), pa.int16()),
                "recorded_at": self.first,
            },
            schema=PERSONS,
        )


@dataclass(frozen=True, slots=True)
class _RelationRecords:
    """Relationship records: ``pair`` as in ``_Parties``, when first recorded, and when they entered the history.

    ``subject``, ``at_risk``: person records, as in ``_Parties``.
    """

    pair: I64
    first: I64
    entered: I64
    subject: I64
    at_risk: I64

    @property
    def relation(self) -> I64:
        """Row of the true relationship behind each record."""
        return self.pair // 4


def history_start() -> I64:
    """Return how many seconds after the force's first day each source's rows were kept, in the order of ``SOURCES``."""
    days = parameters.values("recording")["history_start"]
    return np.array([int(days[name] * DAY) for name in SOURCES])


def tables(
    people: Population, columns: Columns, raw: NDArray[Any], span: Span, duplicates: float
) -> tuple[dict[str, pa.Table], dict[str, pa.Table]]:
    """Return history and truth of a block.

    The history holds rows recorded inside the span, of relationships of which an incident came to notice; of these,
    what entered it from ``span.since`` on. ``columns``: event rows; ``raw``: what truly happened. ``duplicates``: share
    of persons recorded twice and never linked, on top of the usual.
    """
    unknown = unknown_persons(people)
    columns, entered = _inside(people, columns, unknown, span)
    parties = _parties(people, columns, unknown, duplicates)
    person_keys = np.concatenate([people.person_keys, chance.derive(people.person_keys, "second record")])
    person_ids = person_record_ids(people)
    m = len(people.person_keys)
    first, came = (_first_named(parties, time, 2 * m) for time in (columns["recorded"], entered))
    rows = np.flatnonzero(came < _NEVER)
    roll = Roll(rows % m, rows >= m, person_keys[rows], person_ids[rows], first[rows])
    outsiders = _outsiders(columns, entered)
    records = _relation_records(people, parties, columns["recorded"], entered)
    relation_ids = relationship_ids(people, unknown)[records.relation, records.pair % 4]
    check_distinct("persons", np.concatenate([person_ids, outsiders.ids]))
    check_distinct("relationships", relation_ids)
    changes = kind_changes(RawRows.of(people, raw, span.epoch))
    kind = np.where(unknown[records.relation], _UNKNOWN_KIND, people.kind[records.relation])
    kept = versions(changes, records.relation, kind, records.first).before(span.end)
    pairs = RecordPairs(
        relation_ids, person_ids[records.subject], person_ids[records.at_risk], unknown[records.relation]
    )
    history = {
        "persons": pa.concat_tables([persons(people, roll), outsiders.persons()]).unify_dictionaries(),
        "identities": identities(people, roll),
        "protected": protected(people, roll),
        "person_links": links(people, roll, person_ids, span.end, duplicates),
        "relationships": relationships(kept, pairs),
        "events": to_arrow(columns, *_party_ids(columns, parties, person_ids)),
    }
    check_distinct("events", history["events"].column("event_id").to_numpy())
    if span.since > span.epoch:
        new = {
            "events": entered,
            "relationships": np.maximum(kept.recorded, records.entered[kept.record]),
        } | _person_times(history, roll, came[rows], outsiders)
        history = {name: table.filter(pa.array(new[name] >= span.since)) for name, table in history.items()}
    return history, truth(people, raw, records, relation_ids, span.epoch)


def _party_ids(columns: Columns, parties: _Parties, person_ids: I64) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return the subject, the person at risk and the person of each event row, as ids or null."""
    outside = columns["outsider"] != 0
    at_risk = np.where(outside, chance.ids(columns["outsider"]), person_ids[parties.at_risk])
    return (
        pa.array(person_ids[parties.subject], mask=~parties.acted),
        pa.array(at_risk, mask=~(parties.named | outside)),
        pa.array(person_ids[parties.person], mask=~parties.alone),
    )


def _outsiders(columns: Columns, entered: I64) -> _Outsiders:
    """Return the people outside the clusters whom the rows name."""
    keys, row = np.unique(columns["outsider"], return_inverse=True)
    first, came = (_earliest(len(keys), (row, time)) for time in (columns["recorded"], entered))
    somebody = keys != 0
    return _Outsiders(chance.ids(keys[somebody]), first[somebody], came[somebody])


def _inside(people: Population, columns: Columns, unknown: Mask, span: Span) -> tuple[Columns, I64]:
    """Return the rows that the history keeps, and when each entered it."""
    kept = columns["recorded"] >= span.epoch + history_start()[columns["source"]]
    columns = _pick(columns, kept & (columns["occurred"] >= span.epoch))
    entered = _entered(people, columns, ~unknown)
    supersedes, keep = unlink_dropped(columns, entered < span.end)
    return _pick(columns | {"supersedes": supersedes}, keep), entered[keep]


def _pick(columns: Columns, mask: Mask) -> Columns:
    return {name: column[mask] for name, column in columns.items()}


def _earliest(size: int, *entries: tuple[I64, I64]) -> I64:
    """Return the earliest time of each of ``size`` rows, from (row, time) entries; ``_NEVER`` where there is none."""
    earliest = np.full(size, _NEVER)
    for row, time in entries:
        np.minimum.at(earliest, row, time)
    return earliest


def _entered(people: Population, columns: Columns, named: Mask) -> I64:
    """Return when each row enters the history: once recorded, but not before an incident made its people known."""
    relation, person, recorded = columns["relation"], columns["person"], columns["recorded"]
    principal = np.isin(columns["kind"], recording.principal_kinds()) & (relation >= 0)
    noticed = _earliest(len(people.relations), (relation[principal], recorded[principal]))
    met = _earliest(
        len(people.person_keys), (people.subject_person, noticed), (people.at_risk_person[named], noticed[named])
    )
    person = np.maximum(person, columns["offender"])  # a row has one of them at most
    of_person, of_relation = met[np.maximum(person, 0)], noticed[np.maximum(relation, 0)]
    return np.maximum(recorded, np.where(person >= 0, of_person, of_relation))


def unlink_dropped(columns: Columns, kept: Mask) -> tuple[NDArray[np.uint64], Mask]:
    """Return the links to superseded rows and the mask of the rows to keep, when only ``kept`` rows are.

    Drops a withdrawal whose target was dropped; keeps a correction, but unlinks it from the dropped row.

    >>> kinds = np.array([number("rape"), number("withdrawn"), number("rape"), number("rape")])
    >>> columns = {"event": np.arange(1, 5), "supersedes": np.array([0, 1, 1, 3], np.uint64), "kind": kinds}
    >>> links, keep = unlink_dropped(columns, np.array([False, True, True, True]))
    >>> links.tolist(), keep.tolist()
    ([0, 0, 0, 3], [False, False, True, True])
    """
    supersedes = columns["supersedes"]
    lost = (supersedes != 0) & ~np.isin(supersedes, columns["event"][kept])
    links = np.where(lost, np.uint64(0), supersedes)
    return links, kept & ~(lost & (columns["kind"] == number("withdrawn")))


def _doubled(people: Population, extra: float) -> tuple[Mask, Mask]:
    """Return who is recorded twice in the usual way, and who by the knob (never linked)."""
    usual = chance.chance(people.person_keys, "doubled", parameters.values("recording")["duplicate"])
    return usual, chance.chance(people.person_keys, "doubled by knob", extra)


def _parties(people: Population, columns: Columns, unknown: Mask, duplicates: float) -> _Parties:
    """Return the person records that an incident was put under: the first of a person or, for some, the second."""
    m = len(people.person_keys)
    relation, person, incident = columns["relation"], columns["person"], columns["incident"]
    offender = columns["offender"]
    between, alone, acted = relation >= 0, person >= 0, (relation >= 0) | (offender >= 0)
    relation, person = np.maximum(relation, 0), np.maximum(person, 0)
    named = between & ~unknown[relation]
    usual, by_knob = _doubled(people, duplicates)
    doubled, use = usual | by_knob, parameters.values("recording")["duplicate_use"]

    def second(rows: I64, applies: Mask) -> I64:
        used = chance.chance(incident ^ people.person_keys[rows], "second record used", use)
        return np.where(applies, doubled[rows] & used, False).astype(np.int64)

    subject = np.where(offender >= 0, offender, people.subject_person[relation])
    at_risk = people.at_risk_person[relation]
    left, right = second(subject, acted), second(at_risk, named)
    return _Parties(
        subject=subject + left * m,
        at_risk=at_risk + right * m,
        person=person + second(person, alone) * m,
        between=between,
        named=named,
        acted=acted,
        alone=alone,
        pair=(relation * 4 + left * 2 + right)[between],
    )


def _first_named(parties: _Parties, time: I64, size: int) -> I64:
    """Return the earliest time at which each of ``size`` person records was named."""
    return _earliest(
        size,
        (parties.subject[parties.acted], time[parties.acted]),
        (parties.at_risk[parties.named], time[parties.named]),
        (parties.person[parties.alone], time[parties.alone]),
    )


def _relation_records(people: Population, parties: _Parties, recorded: I64, entered: I64) -> _RelationRecords:
    pair, inverse = np.unique(parties.pair, return_inverse=True)
    first, came = (_earliest(len(pair), (inverse, time[parties.between])) for time in (recorded, entered))
    m, relation = len(people.person_keys), pair // 4
    subject = people.subject_person[relation] + pair // 2 % 2 * m
    return _RelationRecords(pair, first, came, subject, people.at_risk_person[relation] + pair % 2 * m)


def _person_times(history: dict[str, pa.Table], roll: Roll, came: I64, outsiders: _Outsiders) -> dict[str, Any]:
    """Return when each row of the tables about persons entered the history; ``came``: of each person record."""
    order = np.argsort(roll.ids)
    made = history["person_links"]

    def of(ids: pa.ChunkedArray) -> I64:
        # Plain search: these tables are made for persons of this roll alone, so a check would be dead code.
        return np.asarray(came[order][np.searchsorted(roll.ids[order], ids.to_numpy())])

    # A link can be older than the incident by which its persons came to notice: it enters with the later of them.
    both = np.maximum(of(made["source_person_id"]), of(made["person_id"]))
    return {
        "persons": np.concatenate([came, outsiders.entered]),
        "identities": came,
        "protected": of(history["protected"]["person_id"]),
        "person_links": np.maximum(made["recorded_at"].to_numpy(), both),
    }


def persons(people: Population, roll: Roll) -> pa.Table:
    """Return the person records (PERSONS)."""
    return pa.table(
        {
            "person_id": roll.ids,
            "kind": words(np.zeros(len(roll), np.int32), ("person",)),
            "birth_year": people.born[roll.person].astype(np.int16),
            "recorded_at": roll.first,
        },
        schema=PERSONS,
    )


def links(people: Population, roll: Roll, person_ids: I64, end: int, duplicates: float) -> pa.Table:
    """Return the links of second records found to be the first's person; a few of them are undone again."""
    numbers = parameters.values("recording")
    usual, _ = _doubled(people, duplicates)
    on_record = np.zeros(2 * len(people.person_keys), bool)
    on_record[np.where(roll.copy, roll.person + len(people.person_keys), roll.person)] = True
    rows = np.flatnonzero(roll.copy & usual[roll.person] & on_record[roll.person])
    keys = roll.keys[rows]
    at = roll.first[rows] + (chance.exponential(keys, "link", numbers["duplicate_mean"]) * DAY).astype(np.int64)
    linked = chance.chance(keys, "linked", numbers["duplicate_found"]) & (at < end)
    rows, keys, at = rows[linked], keys[linked], at[linked]
    undone = chance.chance(keys, "undone", numbers["link_undone"])
    gone = at + (chance.exponential(keys, "undone when", numbers["duplicate_mean"]) * DAY).astype(np.int64)
    return pa.table(
        {
            "source_person_id": roll.ids[rows],
            "person_id": person_ids[roll.person[rows]],
            "recorded_at": at,
            "withdrawn_at": pa.array(gone, mask=~undone | (gone >= end)),
            "method": words(np.zeros(len(rows), np.int32), ("name_and_birth_date",)),
            "score": 0.8 + 0.2 * chance.uniform(keys, "link score"),
        },
        schema=PERSON_LINKS,
    )


def truth(
    people: Population, raw: NDArray[Any], records: _RelationRecords, relation_ids: I64, epoch: int
) -> dict[str, pa.Table]:
    """Return the latent make-up behind every relationship record, and every incident that happened, recorded or not.

    Each incident has the person at risk's true sex and ethnicity: not all are in the history.
    """
    true_ids = chance.ids(relation_keys(people))
    relations = people.relations[records.relation]
    subject_row = people.subject_offsets[people.cluster] + people.relations["subject"]
    died = death_days(people, raw)
    ended = np.minimum(died[people.subject_person], died[people.at_risk_person])[records.relation]
    ended_at = epoch + np.floor(np.where(np.isfinite(ended), ended, 0.0) * DAY).astype(np.int64)
    make_up = pa.table(
        {
            "relationship_id": relation_ids,
            "true_relation": true_ids[records.relation],
            "recorded_at": records.first,
            "first_incident_at": epoch + np.floor(relations["entry"] * DAY).astype(np.int64),
            "frequency": relations["frequency"],
            "severity": relations["severity"],
            "control": relations["control"].astype(np.int8),
            "outside_rate": people.outside_rate[subject_row][records.relation],
            "ended_at": pa.array(ended_at, mask=~np.isfinite(ended)),
        }
    )
    happened = raw[(raw["what"] == states.INCIDENT) & (raw["relation"] >= 0)]
    at_risk = people.at_risk_person[happened["relation"]]
    incidents = pa.table(
        {
            "true_relation": true_ids[happened["relation"]],
            "occurred_at": epoch + np.floor(happened["at"] * DAY).astype(np.int64),
            "offence": words(happened["offence"], OFFENCES),
            "at_risk_male": people.male[at_risk],
            "at_risk_ethnicity": words(broad_ethnicity(people)[at_risk], BROAD_ETHNICITIES),
        }
    )
    return {"relationships": make_up, "incidents": incidents}


def check_distinct(name: str, ids: Any) -> None:
    """Raise IntegrityFailure when two rows have one id: ids are hashes, and two alike would join two histories."""
    if len(np.unique(ids)) != len(ids):
        raise IntegrityFailure(
            "Ids repeat: two rows would become the same row.", where=name, way_out="choose another seed"
        )
