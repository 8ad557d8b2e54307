"""Rows of a load compared with the rows of the history, by one rule for every table.

**After a load, each fact of its rows is in force from its ``recorded_at``, or quarantined with a reason.** So a row is

- *held*: the same content is in force at its ``recorded_at`` already, so the earliest row of that content stands (a
  nightly extract stamps every row with its own time, and changes nothing);
- *new*: a key that the history does not have, or a further version: the same key, another content from then on, or the
  end of a content (``threat.history.statements``);
- *earlier*: an event that the history has with a later ``recorded_at``; it counts from the earlier one;
- or it *contradicts*: an event of a reference that is taken by other content, recorded before (a correction has a
  reference of its own; where the history has the later of the two, that event is quarantined),
  or a relationship whose reference is taken by two other people.

No order of loads changes what is in force. A row that is held may count once an export with another content of a time
in between is loaded: the store keeps it among the *repeated* rows, which nothing but this module reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.history.checks import fit, stored_schema
from threat.history.known_earlier import with_earliest, with_values_of
from threat.history.schema import REPEATED, UNKNOWN
from threat.history.snapshot import Snapshot
from threat.history.statements import in_force, ranks
from threat.ids import NO_VALUE
from threat.vocabulary import themes

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

KEYS = {
    "persons": ("person_id",),
    "identities": ("person_id",),
    "protected": ("person_id", "characteristic", "scheme", "source"),
    "person_links": ("source_person_id",),
    "relationships": ("relationship_id",),
}
"""The columns that say what a row is about: of each key, one content is in force."""

_NO_CONTENT = {"recorded_at", "withdrawn_at", "method", "score"}
"""When a row was recorded or withdrawn, and how a link was found: the same fact may come by two ways."""

_NO_CONTENT_OF_AN_EVENT = {"event_id", "source_id", "recorded_at", "recorded_precision", "occurred_precision"}
"""What says which row it is, where it came from, when it was recorded, and how its times were written."""

_OF_A_DATE = {"occurred_at", "until", "incident_id"}
"""What a death without a date (``undated_deaths``) does not say; an incident that we form has a day."""

NO_INCIDENT = -1
"""Stands for no incident: an id is never negative."""

_NULL = -(1 << 62)
"""Stands for null among whole numbers: before any time, and no id."""

_SEVERAL_AT_ONCE = {"person_links"}
"""Tables in which several contents of a key are in force: with the later link withdrawn, the earlier counts."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a load does with the rows of one table.

    ``new``, ``earlier``, ``contradicts``, ``repeated``: a boolean for each row, no row of two kinds; all other rows are
    held. ``recalled``: rows that came before and changed nothing then, and count now. ``whole``: of the ``earlier``,
    those to be kept whole: they took the reference of an event with other content, now or before.
    ``displaced``: events of the history that lose their reference to a row recorded before them. ``kept``: the rows
    as the ``earlier`` of them are kept, ``recorded_at`` from when their event is known; None: as they came.
    """

    new: Mask
    earlier: Mask
    contradicts: Mask
    repeated: Mask
    recalled: pa.Table
    whole: Mask | None = None
    displaced: pa.Table | None = None
    kept: pa.Table | None = None

    @property
    def existing(self) -> Mask:
        """Mask of the rows whose fact the history has already."""
        return ~(self.new | self.earlier | self.contradicts)


def compare(snapshot: Snapshot, table: str, rows: pa.Table, incident_of_before: Ints | None = None) -> Comparison:
    """Compare rows with those of a table, by the rule of this module.

    ``incident_of_before``, for events: the incident that an earlier version of the product formed where the source
    named none; NO_INCIDENT where the source named the incident, or none was formed.
    """
    if table == "events":
        before = np.full(rows.num_rows, NO_INCIDENT) if incident_of_before is None else incident_of_before
        return _compare_events(rows, existing_events(snapshot, rows.column("event_id")), before, _taken(snapshot))
    return _compare_versions(snapshot, table, rows)


def _taken(snapshot: Snapshot) -> Ints:
    """Return the ids of the events whose reference was taken by an event that was recorded first and loaded later."""
    if not snapshot.row_count("known_earlier"):
        return np.array([], dtype=np.int64)
    first = snapshot.earliest_known
    return first.filter(pc.is_valid(first.column("kind"))).column("event_id").to_numpy()


def _with_the_keys_of(rows: pa.Table, name: str, part: str, snapshot: Snapshot) -> pa.Table:
    """Return the rows of some parts whose column ``name`` has a value of ``rows``; of closed tables too."""
    schema, paths = stored_schema(part), snapshot.part_paths(part)
    if not paths or not rows.num_rows:
        return schema.empty_table()
    wanted = pc.field(name).isin(pc.unique(rows.column(name)))
    return ds.dataset(paths, schema=schema, format="parquet").to_table(filter=wanted)


def existing_events(snapshot: Snapshot, event_ids: pa.Array | pa.ChunkedArray, name: str = "event_id") -> pa.Table:
    """Return the events whose column ``name`` has one of some ids, each with the earliest time it is known from."""
    rows = _with_the_keys_of(pa.table({name: event_ids}), name, "events", snapshot)
    if rows.num_rows and snapshot.row_count("known_earlier"):
        rows = with_earliest(rows, rows.column("event_id").to_numpy(), snapshot.earliest_known)
    return rows


def _compare_versions(snapshot: Snapshot, table: str, rows: pa.Table) -> Comparison:
    """Compare rows of a table whose rows are versions (``threat.history.statements``)."""
    name = KEYS[table][0]
    existing = _with_the_keys_of(rows, name, table, snapshot)
    repeated = _with_the_keys_of(rows, name, table + REPEATED, snapshot)
    parts = [existing, repeated, pa.Table.from_batches([fit(table, rows)])]
    both = pa.concat_tables(parts).unify_dictionaries()
    of_load = np.arange(both.num_rows) >= existing.num_rows + repeated.num_rows
    contradicts = _names_two_others(both, of_load) if table == "relationships" else np.zeros(both.num_rows, dtype=bool)
    counts = _what_counts(table, both, ~contradicts)
    of_before = (np.arange(both.num_rows) >= existing.num_rows) & ~of_load
    recalled = both.filter(pa.array(of_before & counts.changes)).combine_chunks()
    return Comparison(
        new=counts.changes[of_load],
        earlier=np.zeros(rows.num_rows, dtype=bool),
        contradicts=contradicts[of_load],
        repeated=counts.repeats[of_load],
        recalled=recalled,
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    """A boolean for each row: it changes what is in force, or says again what is in force and may count later."""

    changes: Mask
    repeats: Mask


def _what_counts(table: str, rows: pa.Table, accepted: Mask) -> _Counts:
    """Return which rows of a table change what is in force; of rows that say the same, the first place counts."""
    recorded = rows.column("recorded_at").to_numpy()
    withdrawn = _withdrawn(rows)
    content_columns = [name for name in rows.column_names if name not in {*KEYS[table], *_NO_CONTENT}]
    key = ranks(*(_plain(rows.column(name)) for name in KEYS[table]))
    content = ranks(*(_plain(rows.column(name)) for name in content_columns))
    states = accepted & (withdrawn > recorded)
    first_statement = _first_places(key, content, recorded, among=states)
    first_end = _first_places(key, content, withdrawn, among=accepted & (withdrawn < NEVER))
    which = np.flatnonzero(accepted)
    spans = in_force(key[which], content[which], recorded[which], withdrawn[which])
    changes = np.zeros(rows.num_rows, dtype=bool)
    changes[first_statement[which[spans.row]]] = True
    # Which of two contents of one second is in force is for readers to say: such keys are kept whole.
    whole = _keys_with_two_contents(key, content, states, recorded)
    if table in _SEVERAL_AT_ONCE:
        whole |= _keys_with_two_contents(key, content, states)
    place = np.arange(rows.num_rows)
    states_first = states & (first_statement == place)
    changes |= states_first & whole
    changes |= first_end == place
    return _Counts(changes, states_first & ~changes)


def _first_places(*columns: Ints, among: Mask) -> Ints:
    """Return the place of the first row that equals each row in all columns; -1 for rows not ``among`` those asked."""
    out = np.full(len(among), -1, dtype=np.int64)
    which = np.flatnonzero(among)
    if len(which):
        group = ranks(*(column[which] for column in columns))
        out[which] = which[np.unique(group, return_index=True)[1][group]]
    return out


def _keys_with_two_contents(key: Ints, content: Ints, among: Mask, recorded: Ints | None = None) -> Mask:
    """Mask of the rows of keys that have two contents ``among`` some rows; with ``recorded``: two of one second."""
    if not among.any():
        return among
    which = np.flatnonzero(among)
    group = key[which] if recorded is None else ranks(key[which], recorded[which])
    order = np.lexsort((content[which], group))
    differs = (group[order[1:]] == group[order[:-1]]) & (content[which][order[1:]] != content[which][order[:-1]])
    return np.isin(key, key[which][order[1:][differs]])


def _names_two_others(rows: pa.Table, of_load: Mask) -> Mask:
    """Mask of the rows of this load that use a relationship's reference for people who are not the two it is taken by.

    Roles may be swapped, and a person at risk who was unknown may be named. Among rows of one load, the row recorded
    first takes the reference.
    """
    out = np.zeros(rows.num_rows, dtype=bool)
    parties = np.stack(
        [pc.fill_null(rows.column(name), -1).to_numpy() for name in ("subject_id", "person_at_risk_id")], axis=1
    )
    reference = rows.column("relationship_id").to_numpy()
    pair = ranks(*np.sort(parties, axis=1).T)
    several = np.isin(reference, reference[_keys_with_two_contents(reference, pair, np.ones(len(pair), dtype=bool))])
    if not several.any():
        return out
    in_order = np.flatnonzero(several)
    in_order = in_order[
        np.lexsort((pair[in_order], rows.column("recorded_at").to_numpy()[in_order], of_load[in_order]))
    ]
    taken_by: dict[int, set[int]] = {}
    for row in in_order.tolist():
        people = taken_by.setdefault(int(reference[row]), set())
        both = people | {int(person) for person in parties[row] if person >= 0}
        if len(both) <= 2:
            taken_by[int(reference[row])] = both
        elif of_load[row]:
            out[row] = True
    return out


def _compare_events(rows: pa.Table, existing: pa.Table, incident_of_before: Ints, taken: Ints) -> Comparison:
    """Compare events: of each id, what was recorded first counts. ``taken``: ids that took a reference before."""
    n = rows.num_rows
    rows = pa.Table.from_batches([fit("events", rows)])
    recorded = rows.column("recorded_at").to_numpy()
    event_id = rows.column("event_id").to_numpy()
    nothing = np.zeros(n, dtype=bool)
    if not existing.num_rows and len(np.unique(event_id)) == n:
        return Comparison(~nothing, nothing, nothing, nothing, rows.slice(0, 0))
    names = [name for name in rows.column_names if name not in _NO_CONTENT_OF_AN_EVENT]
    new, old = _comparable(rows, names), _comparable(existing, names)
    first = _recorded_first(event_id, recorded, new)
    where = pd.Index(existing.column("event_id").to_numpy()).get_indexer(event_id)
    exists = where >= 0
    undated, no_date_yet = _undated(rows), _undated(rows)[first]
    no_date_yet[exists] = _undated(existing)[where[exists]]
    same = np.ones(n, dtype=bool)
    for name in names:
        stated = new[name].to_numpy(dtype=object)
        other = stated[first]
        other[exists] = old[name].to_numpy(dtype=object)[where[exists]]
        equal = np.asarray(stated == other, dtype=bool)
        if name == "incident_id":
            # A store of before has the calendar day's incident, or, still older, the record or the event itself.
            record = old["record_id"].to_numpy(dtype=object)[where[exists]]
            of_before = incident_of_before[exists]
            is_formed = of_before != NO_INCIDENT
            equal[exists] |= is_formed & ((other[exists] == record) | (other[exists] == of_before))
        if name in _OF_A_DATE:
            equal |= undated | no_date_yet
        same &= equal
    is_first = first == np.arange(n)
    known_at = np.full(n, -1, dtype=np.int64)
    known_at[exists] = existing.column("recorded_at").to_numpy()[where[exists]]
    # One reference is one death: it has the date that any of its rows has, and is known from the first of them, but not
    # before it happened.
    of_dated = exists & same & undated & ~no_date_yet
    happened_at = existing.column("occurred_at").to_numpy()[where[of_dated]]
    known_from = recorded.copy()
    known_from[of_dated] = np.maximum(recorded[of_dated], happened_at)
    # Of rows of one load, the earliest says it all.
    earlier = (known_from < known_at) & same & (_earliest_of_same(event_id, known_from, same) == np.arange(n))
    takes = _takes_the_reference(
        event_id, recorded, new, old.iloc[where].reset_index(drop=True), ~same & exists, known_at
    )
    displaced = existing.take(pa.array(where[takes]))
    brings_date = exists & same & no_date_yet & ~undated
    brings_date &= _earliest_of_same(event_id, recorded, brings_date) == np.arange(n)
    occurred = rows.column("occurred_at").to_numpy()
    known_from = np.where(brings_date, np.maximum(np.minimum(recorded, known_at), occurred), known_from)
    earlier &= ~brings_date
    whole = takes | brings_date | (earlier & (np.isin(event_id, taken) | (undated & no_date_yet)))
    return Comparison(
        new=is_first & ~exists,
        earlier=earlier | takes | brings_date,
        contradicts=~same & ~takes,
        repeated=np.zeros(n, dtype=bool),
        recalled=rows.slice(0, 0),
        whole=whole,
        displaced=displaced,
        kept=_as_kept(rows, existing, where, np.flatnonzero(whole & of_dated), known_from),
    )


def _as_kept(rows: pa.Table, existing: pa.Table, where: Ints, of_dated: Ints, known_from: Ints) -> pa.Table:
    """Return rows with the time from which their event is known, and undated deaths with the date that is on record.

    ``where``: the place of each row's event in ``existing``. ``of_dated``: the rows of such deaths.
    """
    for name in (*sorted(_OF_A_DATE), "occurred_precision") if len(of_dated) else ():
        dates = with_values_of(rows.column(name), of_dated, existing.column(name), where[of_dated])
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), dates)
    place = rows.schema.get_field_index("recorded_at")
    return rows.set_column(place, "recorded_at", pa.array(known_from))


def _undated(events: pa.Table) -> Mask:
    """Mask of the events whose date is not known."""
    return np.asarray(pc.fill_null(pc.equal(events.column("occurred_precision").cast(pa.string()), UNKNOWN), False))


def _takes_the_reference(
    event_id: Ints, recorded: Ints, new: pd.DataFrame, old: pd.DataFrame, contradicts: Mask, known_at: Ints
) -> Mask:
    """Mask of the rows recorded before the event of the history that has their reference; one of each reference.

    ``old``, ``known_at``: that event, row by row. In one second the content decides, so that no order of loads counts.
    """
    out = np.zeros(len(event_id), dtype=bool)
    best: dict[int, tuple[int, str, int]] = {}
    for row in np.flatnonzero(contradicts & (recorded <= known_at)).tolist():
        # Recorded first, and in one second the greater content.
        stated = (-int(recorded[row]), NO_VALUE.join(map(str, new.iloc[row])), row)
        existing = (-int(known_at[row]), NO_VALUE.join(map(str, old.iloc[row])))
        if stated[:2] > existing:
            best[int(event_id[row])] = max(stated, best.get(int(event_id[row]), stated))
    out[[row for _, _, row in best.values()]] = True
    return out


def _recorded_first(event_id: Ints, recorded: Ints, content: pd.DataFrame) -> Ints:
    """Return, for each row, the place of the row of its id that was recorded first; in one second content decides."""
    place = np.arange(len(event_id))
    repeated = pd.Series(event_id).duplicated(keep=False).to_numpy()
    if not repeated.any():
        return place
    which = np.flatnonzero(repeated)
    some = content.iloc[which]
    rank = ranks(*(some[name].astype("str") for name in some))
    order = which[np.lexsort((-rank, recorded[which], event_id[which]))]
    group = pd.factorize(event_id[order])[0]
    place[order] = order[np.unique(group, return_index=True)[1]][group]
    return place


def _earliest_of_same(event_id: Ints, recorded: Ints, same: Mask) -> Ints:
    """Return the place of the earliest row of each id among rows of the ``same`` content; -1 for other rows."""
    out = np.full(len(event_id), -1, dtype=np.int64)
    which = np.flatnonzero(same)
    order = which[np.lexsort((recorded[which], event_id[which]))]
    group, _ = pd.factorize(event_id[order])
    if len(order):
        out[order] = order[np.unique(group, return_index=True)[1]][group]
    return out


def _plain(column: pa.ChunkedArray) -> Any:
    """Return a column as values that can be ranked: whole numbers with nulls filled, or texts with None for null."""
    if pa.types.is_dictionary(column.type):
        return column.cast(pa.string()).to_pandas()
    # Pandas would make floats of whole numbers with a null among them, and a float holds no id of 63 bits.
    return pc.fill_null(column, _NULL).to_numpy() if pa.types.is_int64(column.type) else column.to_pandas()


def _comparable(rows: pa.Table, names: list[str]) -> pd.DataFrame:
    """Return columns as plain Python values, null as a text no value has: in pandas a null equals nothing."""
    out: dict[str, Any] = {}
    for name in names:
        column = rows.column(name)
        if name == "proactive":
            # What the unit does is proactive by its theme; a store of before may say otherwise.
            column = pc.or_(column, pc.is_in(rows.column("kind").cast(pa.string()), pa.array(themes()["unit"])))
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        if column.null_count or pa.types.is_string(column.type):
            values = column.to_numpy() if not column.null_count else np.array(column.to_pylist(), dtype=object)
            out[name] = pd.Series(values, dtype=object).where(pc.is_valid(column).to_numpy(), NO_VALUE)
        else:
            out[name] = column.to_numpy()
    return pd.DataFrame(out)


def _withdrawn(rows: pa.Table) -> Ints:
    if "withdrawn_at" not in rows.column_names:
        return np.full(rows.num_rows, NEVER, dtype=np.int64)
    return np.asarray(pc.fill_null(rows.column("withdrawn_at"), NEVER).to_numpy(), dtype=np.int64)
