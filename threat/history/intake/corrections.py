"""Corrections and withdrawals of a load: which may stand, and what a withdrawal of a whole record or incident becomes.

A correction or a withdrawal names one event in ``supersedes``. It is quarantined when that event is neither in the load
nor in the history (``unknown_reference``: tried again by later loads), when the chain comes back to itself
(``circular_correction``), when it was recorded before that event (``impossible_date``), or when it is a withdrawal that
names somebody whom the event does not name (``other_parties``).

A withdrawal without ``supersedes`` withdraws every event of its record, or else of its incident, that was recorded by
then: it becomes a withdrawal of each, also when a later load brings an event that was recorded before it. Events of the
record that are recorded later are in force.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from threat.history.circles import in_a_circle
from threat.history.intake.existing_rows import existing_events
from threat.history.intake.frames import ids
from threat.history.snapshot import Snapshot

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]

NOBODY = -1
_PARTIES = ("subject_id", "person_at_risk_id", "person_id")
_COLUMNS = ("event_id", "supersedes_event_id", "record_id", "incident_id", *_PARTIES, "recorded_at")
WHOLE = ("record", "incident")
"""Codes of a withdrawal without ``supersedes``: what it withdraws. The smaller counts where both are given."""

DETAIL = "supersedes"
"""Begins the detail of every row that is quarantined here: such rows are tried again by later loads."""


class Fault(NamedTuple):
    """Rows of the events frame that may not be kept, with the reason for all and a detail for each."""

    rows: Mask
    reason: str
    detail: pd.Series


def is_whole(events: pd.DataFrame) -> Mask:
    """Mask of the withdrawals of a whole record or incident."""
    code = events["code"].isin(WHOLE)
    return ((events["kind"] == "withdrawn") & events["supersedes_event_id"].isna() & code).to_numpy(dtype=bool)


def find_faults(events: pd.DataFrame, snapshot: Snapshot, zone: str) -> list[Fault]:
    """Return the corrections and withdrawals of an events frame that may not be kept.

    ``zone``: of the source's days. A target that is dated by its day alone was recorded some time on that day.
    """
    whole = is_whole(events)
    faults = _whole_faults(events, whole, snapshot)
    target_id = _ints(events["supersedes_event_id"])
    named = target_id != NOBODY
    if not named.any():
        return faults
    event_id = _ints(events["event_id"])
    targets = _known(events, existing_events(snapshot, pa.array(np.unique(target_id[named]))))
    place = pd.Index(targets["event_id"]).get_indexer(target_id)
    detail = pd.Series(DETAIL + ": " + _shown(events), index=events.index)
    missing = named & (place < 0)
    faults.append(Fault(missing, "unknown_reference", detail))
    faults.append(Fault(_in_a_circle(event_id, target_id, snapshot), "circular_correction", detail))
    matched = named & ~missing
    since = np.zeros(len(events), dtype=np.int64)
    since[matched] = _first_seconds(targets, zone)[place[matched]]
    early = matched & (_ints(events["recorded_at"]) < since)
    faults.append(Fault(early, "impossible_date", detail + ", which was recorded later"))
    given = _parties(events)
    asks = matched & (events["kind"] == "withdrawn").to_numpy(dtype=bool) & (given != NOBODY).any(axis=1)
    faults.append(Fault(_names_others(given, target_id, asks, targets, events, snapshot), "other_parties", detail))
    return faults


def _whole_faults(events: pd.DataFrame, whole: Mask, snapshot: Snapshot) -> list[Fault]:
    """Return the faults of withdrawals of a whole record or incident: nothing to withdraw, or other parties."""
    if not whole.any():
        return []
    pairs = _pairs(events, whole, snapshot)
    named = events["record"].where(events["code"] == WHOLE[0], events["incident"]) if "record" in events else ""
    detail = pd.Series(DETAIL + " all of the " + events["code"].astype("str") + " " + named, index=events.index)
    is_known, in_time, others = (np.zeros(len(events), dtype=bool) for _ in range(3))
    recorded = _ints(events["recorded_at"])
    given = _parties(events)
    for row, parts in pairs.groupby(pairs["withdrawal"].to_numpy(np.int64), sort=False):
        place = int(str(row))
        is_known[place] = True
        in_time[place] = bool((parts["recorded_at"] <= recorded[place]).any())
        others[place] = not set(given[place].tolist()) - {NOBODY} <= set(_parties(parts).ravel().tolist())
    return [
        Fault(whole & ~is_known, "unknown_reference", detail),
        Fault(whole & is_known & ~in_time, "impossible_date", detail + ", which was recorded later"),
        Fault(whole & others, "other_parties", detail),
    ]


def _pairs(events: pd.DataFrame, whole: Mask, snapshot: Snapshot) -> pd.DataFrame:
    """Return every event of the record or incident that each whole withdrawal of a frame names.

    Columns: ``withdrawal`` (place in the frame) and those of the event.
    """
    parts = []
    for word in WHOLE:
        name = f"{word}_id"
        which = np.flatnonzero(whole & (events["code"] == word).to_numpy(dtype=bool))
        if not len(which):
            continue
        wanted = pd.DataFrame({"withdrawal": which, name: _ints(events[name])[which]})
        versions = _known(events[~whole], existing_events(snapshot, pa.array(wanted[name].unique()), name))
        parts.append(wanted.merge(versions, on=name))
    out = pd.concat(parts, ignore_index=True)
    return out[out["kind"] != "withdrawn"]


def with_withdrawals_of_whole(events: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """Return the events, and the withdrawals, one an event, that withdrawals of a whole record or incident become.

    Those of the frame withdraw events of the frame and of the history; those of the history, events of the frame.
    """
    whole = is_whole(events)
    parts = []
    if whole.any():
        pairs = _pairs(events, whole, snapshot)
        parts.append(_each(events.iloc[pairs["withdrawal"].to_numpy()], pairs))
    before = _whole_of_history(snapshot)
    if len(before):
        for word in WHOLE:
            name = f"{word}_id"
            of_word = before[before["code"] == word].reset_index(drop=True)
            plain = events[~whole & (events["kind"] != "withdrawn")]
            versions = _known(plain, None).assign(from_file=plain["from_file"], from_row=plain["from_row"])
            pairs = of_word[[name]].assign(withdrawal=of_word.index).merge(versions.dropna(subset=[name]), on=name)
            rows = of_word.iloc[pairs["withdrawal"].to_numpy()].drop(columns=["from_file", "from_row"], errors="ignore")
            origin = pairs[["from_file", "from_row"]].set_index(rows.index)
            parts.append(_each(rows.assign(from_file=origin["from_file"], from_row=origin["from_row"]), pairs))
    made = [part for part in parts if len(part)]
    if not made:
        return events
    # Stamped anew, the same withdrawal counts from its earliest time.
    each = pd.concat(made, ignore_index=True).sort_values("recorded_at", kind="stable").drop_duplicates("event_id")
    if "incident_of_before" in events:
        each["incident_of_before"] = pd.array([pd.NA] * len(each), dtype="Int64")
    if "marked_by_theme" in events:
        each["marked_by_theme"] = False
    return pd.concat([events, each], ignore_index=True)


def _each(withdrawals: pd.DataFrame, targets: pd.DataFrame) -> pd.DataFrame:
    """Return a withdrawal of each target by the withdrawal in the same place, where it was recorded by then."""
    out = withdrawals.reset_index(drop=True)
    targets = targets.reset_index(drop=True)
    # By the id of the whole withdrawal and of the event, so that any order of loads makes the same rows.
    out["event_id"] = ids("withdrawal of", out["event_id"], targets["event_id"])
    for name in ("record_id", "incident_id"):
        out[name] = targets[name]
    out["supersedes_event_id"] = targets["event_id"]
    for name in _PARTIES:
        out[name] = pd.NA
    return out[(targets["recorded_at"] <= out["recorded_at"]).to_numpy(dtype=bool)]


def _whole_of_history(snapshot: Snapshot) -> pd.DataFrame:
    """Return the withdrawals of a whole record or incident that the history has."""
    words = snapshot.table("events", ["kind", "supersedes_event_id"])
    if not words.num_rows:
        return pd.DataFrame()
    withdrawn = pc.equal(words.column("kind").cast(pa.string()), "withdrawn")
    whole = pc.and_(withdrawn, pc.is_null(words.column("supersedes_event_id")))
    if not pc.any(whole).as_py():
        return pd.DataFrame()
    return _frame(snapshot.table("events").filter(whole).drop_columns(["batch_id"]))


def _known(events: pd.DataFrame, existing: pa.Table | None) -> pd.DataFrame:
    """Return the events of a frame and of the history, one an id, from when it is known; parties NOBODY if none."""
    columns = [*_COLUMNS, "kind", *(name for name in ("recorded_precision",) if name in events)]
    parts = [events.reindex(columns=columns)]
    if existing is not None and existing.num_rows:
        parts.append(_frame(existing).reindex(columns=columns))
    out = pd.concat(parts, ignore_index=True).sort_values("recorded_at", kind="stable").drop_duplicates("event_id")
    out = out.sort_index()
    for name in (*_PARTIES, "supersedes_event_id"):
        out[name] = _ints(out[name])
    return out.astype({"event_id": "int64", "recorded_at": "int64"}).reset_index(drop=True)


def _frame(rows: pa.Table) -> pd.DataFrame:
    """Return rows of a table as a frame in which whole numbers stay whole beside nulls."""
    out = {}
    for name in rows.column_names:
        column = rows.column(name)
        if pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        is_whole_number = pa.types.is_integer(column.type)
        out[name] = column.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get if is_whole_number else None)
    return pd.DataFrame(out)


def _ints(column: pd.Series) -> Ints:
    """Return a column of ids as int64, NOBODY where null."""
    return np.asarray(column.astype("Int64").fillna(NOBODY).to_numpy(dtype=np.int64), dtype=np.int64)


def _parties(events: pd.DataFrame) -> Ints:
    """Return the three parties of each row, int64[n, 3], NOBODY where null."""
    return np.stack([_ints(events[name]) for name in _PARTIES], axis=1)


def _shown(events: pd.DataFrame) -> pd.Series:
    """Return what each row calls the event it supersedes, in the words of the source where the frame keeps them."""
    return (
        events["supersedes"].fillna("").astype("str") if "supersedes" in events else pd.Series("", index=events.index)
    )


def _in_a_circle(event_id: Ints, target_id: Ints, snapshot: Snapshot) -> Mask:
    """Mask of the rows of a load that supersede themselves, directly or through rows of the load or of the history."""
    existing = snapshot.table("events", ["event_id", "supersedes_event_id"])
    existing = existing.filter(pc.is_valid(existing.column("supersedes_event_id")))
    edges = np.flatnonzero(target_id != NOBODY)
    old = [existing.column(name).to_numpy() for name in ("event_id", "supersedes_event_id")]
    circular = in_a_circle(np.concatenate([event_id[edges], old[0]]), np.concatenate([target_id[edges], old[1]]))
    out = np.zeros(len(event_id), dtype=bool)
    out[edges] = circular[: len(edges)]
    return out


def _first_seconds(targets: pd.DataFrame, zone: str) -> Ints:
    """Return the first second at which each target may have been recorded: of its day, where only the day is known."""
    recorded = targets["recorded_at"].to_numpy(dtype=np.int64)
    if "recorded_precision" not in targets:
        return recorded
    by_day = (targets["recorded_precision"] == "day").fillna(False).to_numpy(dtype=bool)
    local = pd.to_datetime(recorded[by_day], unit="s", utc=True).tz_convert(zone)
    midnight = local.tz_localize(None).normalize().tz_localize(zone, ambiguous=True, nonexistent="shift_forward")
    out = recorded.copy()
    out[by_day] = pd.DatetimeIndex(midnight).tz_convert("UTC").as_unit("s").asi8
    return np.asarray(out, dtype=np.int64)


def _names_others(
    given: Ints, target_id: Ints, asks: Mask, targets: pd.DataFrame, events: pd.DataFrame, snapshot: Snapshot
) -> Mask:
    """Mask of the withdrawals that name somebody whom neither their target nor a correction of it names."""
    out = np.zeros(len(target_id), dtype=bool)
    if not asks.any():
        return out
    wanted = np.unique(target_id[asks])
    corrections = events[np.isin(target_id, wanted) & ~asks]
    of_before = _frame(existing_events(snapshot, pa.array(wanted), "supersedes_event_id"))
    people: dict[int, set[int]] = {}
    for name, rows in (("event_id", targets), ("supersedes_event_id", corrections), ("supersedes_event_id", of_before)):
        for event, parties in zip(_ints(rows[name]).tolist(), _parties(rows).tolist(), strict=True):
            people.setdefault(event, set()).update(parties)
    for row in np.flatnonzero(asks).tolist():
        named = people[int(target_id[row])] - {NOBODY}
        out[row] = bool(named) and not set(given[row].tolist()) - {NOBODY} <= named
    return out
