"""Which rows of a load are kept: shaped, checked against each other and the history, and compared with the history."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from threat.history.checks import fit
from threat.history.intake.corrections import find_faults, with_withdrawals_of_whole
from threat.history.intake.existing_rows import NO_INCIDENT, Comparison, compare
from threat.history.intake.frames import Frames, Shape, to_arrow
from threat.history.intake.plausible import before_birth, has_impossible_age
from threat.history.intake.profile import Profile
from threat.history.intake.sheet import Sheet
from threat.history.intake.sources import module_of_shape
from threat.history.intake.times import end_of_day
from threat.history.intake.tried_again import quarantined_corrections, still_quarantined, take_back, together
from threat.history.intake.undated_deaths import DEATHS, is_undated, without_date
from threat.history.known_earlier import COLUMNS
from threat.history.snapshot import Snapshot

_ORDER = ("persons", "identities", "protected", "person_links", "relationships", "events")
"""Tables in the order they are written; the report lists them so."""


_NO_PERSONS = pd.DataFrame({"person_id": [], "from_file": [], "from_row": []})
"""An export without persons: each is a person, and nothing else is said of them."""


@dataclass(slots=True)
class Accepted:
    """What of a load is kept.

    ``tables``: rows to append. ``repeated``: rows that repeat what is in force. ``existing``: how many rows of each
    table the history had already. ``tried_again``, ``still_quarantined``: rows that earlier loads had quarantined for
    what they refer to, kept now or not. ``proactive_by_theme``: rows of the unit's own work that were not marked
    proactive, and are. ``displaced``: events of the history whose reference is of an event recorded before them.
    """

    tables: dict[str, pa.Table] = field(default_factory=dict)
    repeated: dict[str, pa.Table] = field(default_factory=dict)
    existing: dict[str, int] = field(default_factory=dict)
    tried_again: int = 0
    still_quarantined: int = 0
    proactive_by_theme: int = 0
    displaced: pa.Table | None = None

    @property
    def any_row(self) -> bool:
        """Return True when there is a row to write."""
        return any(table.num_rows for table in (*self.tables.values(), *self.repeated.values()))


def accept(sheets: dict[str, Sheet], profile: Profile, snapshot: Snapshot, loaded_at: int) -> Accepted:
    """Shape the rows and reject those that break a rule of the history; return the rest.

    Rows that earlier loads quarantined for what they refer to are tried again with them. A rejected row may be what
    another row refers to, so the rows are shaped again until none is rejected.
    """
    again = quarantined_corrections(snapshot, profile)
    both = sheets | {name: together(sheets.get(name), rows) for name, rows in again.items()}
    accepted = _accepted(both, profile, snapshot, loaded_at)
    for name in sheets.keys() & again.keys():
        take_back(sheets[name], both[name])
    accepted.still_quarantined = still_quarantined({name: both[name] for name in again})
    return accepted


def _accepted(sheets: dict[str, Sheet], profile: Profile, snapshot: Snapshot, loaded_at: int) -> Accepted:
    if not sheets:
        return Accepted()
    shape: Shape = import_module(module_of_shape(profile.shape)).shape
    while True:
        frames = shape(sheets, profile, snapshot)
        if _reject_faults(sheets, frames, profile, snapshot, loaded_at):
            continue
        accepted = _compared(sheets, frames, snapshot)
        if accepted is not None:
            return accepted


def _reject_faults(
    sheets: dict[str, Sheet], frames: Frames, profile: Profile, snapshot: Snapshot, loaded_at: int
) -> bool:
    """Reject rows that break a rule by themselves or with others; return whether there was any.

    Withdrawals of a whole record or incident are turned into those of each event, in ``frames``.
    """
    any_rejected = False
    if "events" in frames and len(frames["events"]):
        events = frames["events"].reset_index(drop=True)
        for fault in find_faults(events, snapshot, profile.zone):
            any_rejected |= _reject(sheets, events[fault.rows], fault.reason, fault.detail[fault.rows])
        if not any_rejected:
            frames["events"] = with_withdrawals_of_whole(events, snapshot)
    any_rejected |= _reject_before_birth(sheets, frames, snapshot)
    today_ends = end_of_day(loaded_at, profile.zone)
    for frame in frames.values():
        if not len(frame):
            continue
        if "birth_year" in frame:
            unborn = has_impossible_age(frame["birth_year"], frame["recorded_at"])
            # Who is known to be no one person has no birth year: a placeholder must not take the row that says so.
            nobody = unborn & (frame["kind"] != "person").to_numpy(dtype=bool)
            frame.loc[nobody, "birth_year"] = pd.NA
            unborn &= ~nobody
            any_rejected |= _reject(sheets, frame[unborn], "impossible_date", "birth_year")
        # A row dated by the day of the load counts as known at the end of that day, after the load: no future row.
        after = (frame["recorded_at"] > loaded_at) & (frame["recorded_at"] != today_ends)
        future = after.fillna(False).to_numpy(dtype=bool)
        any_rejected |= _reject(sheets, frame[future], "recorded_in_future")
    return any_rejected


def _compared(sheets: dict[str, Sheet], frames: Frames, snapshot: Snapshot) -> Accepted | None:
    """Return what of the rows the history does not have; None when a row contradicts the history and is rejected."""
    accepted, any_rejected = Accepted(), False
    for name in _ORDER:
        if name not in frames or not len(frames[name]):
            continue
        frame = frames[name].reset_index(drop=True)
        rows = to_arrow(name, frame)
        before = frame["incident_of_before"].fillna(NO_INCIDENT) if "incident_of_before" in frame else None
        comparison = compare(snapshot, name, rows, None if before is None else before.to_numpy(np.int64))
        any_rejected |= _reject(sheets, frame[comparison.contradicts], "key_reused")
        new = pa.Table.from_batches([fit(name, rows.filter(pa.array(comparison.new)))])
        accepted.tables[name] = pa.concat_tables([new, comparison.recalled])
        accepted.repeated[name] = rows.filter(pa.array(comparison.repeated))
        if comparison.earlier.any():
            accepted.tables["known_earlier"] = _known_earlier(rows, comparison)
        if comparison.displaced is not None:
            accepted.displaced = comparison.displaced
        _count(accepted, name, frame, comparison, _of_before(sheets, frame))
    return None if any_rejected else accepted


def _known_earlier(rows: pa.Table, comparison: Comparison) -> pa.Table:
    """Return the rows of ``known_earlier``: times alone, or the whole event where it took the reference of another."""
    whole = np.zeros(rows.num_rows, dtype=bool) if comparison.whole is None else comparison.whole
    rows = rows if comparison.kept is None else comparison.kept
    times = [name for name in ("event_id", *COLUMNS) if name in rows.column_names]
    parts = [rows.filter(pa.array(comparison.earlier & ~whole)).select(times), rows.filter(pa.array(whole))]
    return pa.concat_tables([pa.Table.from_batches([fit("known_earlier", part)]) for part in parts])


def _of_before(sheets: dict[str, Sheet], frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Mask of the rows of a frame that an earlier load had quarantined."""
    first = frame["from_file"].map({name: sheet.own_rows for name, sheet in sheets.items()})
    return (frame["from_row"] >= first).to_numpy(dtype=bool)


def _count(
    accepted: Accepted, name: str, frame: pd.DataFrame, comparison: Comparison, of_before: NDArray[np.bool_]
) -> None:
    """Count the rows of one table for the report; rows of before that are held count for nothing any more."""
    accepted.existing[name] = int((comparison.existing & ~of_before).sum())
    kept = frame[of_before & (comparison.new | comparison.earlier)]
    accepted.tried_again += len(kept[["from_file", "from_row"]].drop_duplicates())
    if "marked_by_theme" in frame:
        accepted.proactive_by_theme += int(frame["marked_by_theme"].astype(bool).sum())


def _reject_before_birth(sheets: dict[str, Sheet], frames: Frames, snapshot: Snapshot) -> bool:
    """Reject events before the birth of a person they name, or birth years; return whether there was any."""
    if "events" not in frames or not len(frames["events"]):
        return False
    events, persons = frames["events"], frames.get("persons", _NO_PERSONS)
    events = events[~is_undated(events)]
    if "birth_year" in persons:
        # A birth year that is itself impossible is quarantined for that alone: no event of the person goes with it.
        persons = persons[~has_impossible_age(persons["birth_year"], persons["recorded_at"])]
    existing = snapshot.table("persons", ["person_id", "birth_year"]).to_pandas().dropna(subset="birth_year")
    roles = [name for name in ("subject_id", "person_at_risk_id", "person_id") if name in events]
    named = pd.concat([events[role] for role in roles]).dropna().unique()
    existing = existing[existing["person_id"].isin(named)].groupby("person_id")["birth_year"].min().astype("Int64")
    wrong = before_birth(events, persons, existing)
    born_later = events[wrong.events]
    is_death = born_later["kind"].isin(DEATHS)
    said = "occurred before the birth of a person named"
    any_event = _reject(sheets, born_later[~is_death], "impossible_date", said)
    for name, rows in born_later[is_death].groupby("from_file"):
        without_date(sheets[str(name)], rows["from_row"].to_numpy(np.int64), said)
    any_event |= bool(is_death.any())
    any_year = _reject(sheets, persons[wrong.birth_years], "impossible_date", "birth_year lies after most events")
    return any_event or any_year


def _reject(sheets: dict[str, Sheet], rows: pd.DataFrame, reason: str, detail: str | pd.Series[Any] = "") -> bool:
    """Reject the rows of the sheets that these rows came from; return whether there was any.

    ``detail``: for all rows, or one per row.
    """
    for name, of_file in rows.assign(detail=detail).groupby("from_file"):
        where = of_file["from_row"].to_numpy(np.int64)
        mask, details = np.zeros(len(sheets[str(name)].reason), dtype=bool), sheets[str(name)].detail.copy()
        mask[where], details[where] = True, of_file["detail"].to_numpy(dtype=object)
        sheets[str(name)].reject(mask, reason, details)
    return len(rows) > 0
