"""The load: files in, rows kept or quarantined with a reason, one batch appended or nothing at all."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from threat.errors import BadInput
from threat.history.batches import Batch, Entry
from threat.history.checks import fit, stored_schema
from threat.history.feeds import EVERY_FEED, sources_of
from threat.history.intake.corrections import find_faults, with_withdrawals_of_whole
from threat.history.intake.existing_rows import compare
from threat.history.intake.export import find_files, sha256_of_export
from threat.history.intake.frames import Frames, Shape, to_arrow
from threat.history.intake.match_counts import Meeting, match_counts
from threat.history.intake.plausible import before_birth, has_impossible_age
from threat.history.intake.profile import File, Profile, load_profile
from threat.history.intake.report import FileCounts, LoadReport, reason_counts
from threat.history.intake.room import check_room
from threat.history.intake.sheet import Sheet, read_sheets
from threat.history.intake.sources import module_of_shape
from threat.history.intake.times import FIRST_START, TimeRule, end_of_day, read_times
from threat.history.quarantine import REASONS, SCHEMA
from threat.history.schema import REPEATED
from threat.history.snapshot import Snapshot
from threat.history.store import Store, Writer
from threat.vocabulary import kinds

_ORDER = ("persons", "identities", "protected", "person_links", "relationships", "events")
"""Tables in the order they are written; the report lists them so."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
"""No room on the disk, or no more of the quota."""

_NO_PERSONS = pd.DataFrame({"person_id": [], "from_file": [], "from_row": []})
"""An export without persons: each is a person, and nothing else is said of them."""


@dataclass(frozen=True, slots=True)
class _Accepted:
    """Rows to append, by table, rows that repeat what is in force, and how many rows the history had already."""

    tables: dict[str, pa.Table]
    repeated: dict[str, pa.Table]
    existing: dict[str, int]


@dataclass(frozen=True, slots=True)
class ExportRead:
    """An export read against a history, before anything is written."""

    sheets: dict[str, Sheet]
    accepted: _Accepted
    quarantined: pa.Table
    report: LoadReport


def load(
    profile: Profile | str,
    path: str | Path,
    store_path: str | Path,
    loaded_at: int,
    advance: Callable[[float], None] = lambda amount: None,
    *,
    covers_until: Mapping[str, int] | None = None,
) -> LoadReport:
    """Load one export (a folder, or a file where the profile has one) and return the report.

    ``loaded_at``: int64 UTC seconds. The same files under the same profile change nothing the second time; rows that
    the history has already are left out. Raises BadInput when a file cannot be read as a whole or the disk is full,
    UsageError when the store is being written to; then nothing is loaded. ``advance`` gets the number of bytes read.

    ``covers_until``: up to when the export covers each source system (UTC seconds), ``EVERY_FEED`` for all that this
    profile brings. It is recorded also where no row is new, so that a quiet feed is not taken for a stopped one.
    """
    profile = load_profile(profile) if isinstance(profile, str) else profile
    try:
        return _load(profile, find_files(profile, Path(path)), store_path, loaded_at, advance, covers_until or {})
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise BadInput(
            "The disk is full: nothing was loaded, the history is as it was.",
            value=os.strerror(error.errno or 0),
            where=str(error.filename or store_path),
            way_out="make room, then load again",
        ) from None


def _load(
    profile: Profile,
    files: list[tuple[File, Path]],
    store_path: str | Path,
    loaded_at: int,
    advance: Callable[[float], None],
    covers_until: Mapping[str, int],
) -> LoadReport:
    batch = Batch(
        profile=f"{profile.name}@{profile.digest}",
        loaded_at=loaded_at,
        sha256=sha256_of_export(files),
        feed_lag_seconds=profile.feed_lag_seconds,
        legal_basis=profile.legal_basis,
        history_start=_history_start(profile),
    )
    store = Store.open_or_create(store_path)
    with store.writer(batch) as writer:
        snapshot = store.snapshot()
        for entry in snapshot.entries:
            if (entry.batch.sha256, entry.batch.profile) == (batch.sha256, batch.profile) and not covers_until:
                writer.abandon()
                return _report_of_before(profile, files, entry, snapshot.id, store)
        # A quiet night's file has no row; without a word on what it covers it is taken for a broken export.
        export = read_export(profile, files, snapshot, loaded_at, advance, may_be_empty=bool(covers_until))
        accepted, quarantined, report = export.accepted, export.quarantined, export.report
        if report.refused:
            writer.abandon()
            return replace(report, new={}, snapshot_id=snapshot.id)
        writer.batch = replace(batch, covers_until=_covers_until(covers_until, profile, snapshot, accepted))
        appended = [*accepted.tables.values(), *accepted.repeated.values()]
        nothing_new = not quarantined.num_rows and not any(table.num_rows for table in appended)
        if nothing_new and not covers_until:
            writer.abandon()
        else:
            _write(writer, accepted, quarantined, report)
    return replace(report, batch_id=writer.batch_id or None, snapshot_id=store.snapshot().id)


def read_export(
    profile: Profile,
    files: list[tuple[File, Path]],
    snapshot: Snapshot,
    loaded_at: int,
    advance: Callable[[float], None],
    *,
    may_be_empty: bool = False,
) -> ExportRead:
    """Read an export, compare the rows with a history and return what a load would append; nothing is written.

    ``files``: from ``find_files``. ``loaded_at``: int64 UTC seconds. Raises BadInput when a file cannot be read.
    """
    sheets = read_sheets(files, profile, advance, may_be_empty=may_be_empty)
    accepted = _accept(sheets, profile, snapshot, loaded_at)
    check_room(snapshot, accepted.tables)
    quarantined = _quarantine(sheets, profile)
    meeting = match_counts(sheets, profile, snapshot)
    report = _report(profile, sheets, accepted, quarantined, meeting)
    return ExportRead(sheets, accepted, quarantined, replace(report, store=str(snapshot.store_path)))


def _covers_until(said: Mapping[str, int], profile: Profile, snapshot: Snapshot, accepted: _Accepted) -> dict[str, int]:
    """Return up to when each source system is covered; what is said of one system counts before what is said of all."""
    if EVERY_FEED not in said:
        return dict(said)
    sources = {profile.source_system} | sources_of(snapshot, profile.name)
    if "events" in accepted.tables:
        sources |= set(pc.unique(accepted.tables["events"].column("source_system")).cast(pa.string()).to_pylist())
    return {source: said.get(source, said[EVERY_FEED]) for source in sorted(sources | (said.keys() - {EVERY_FEED}))}


def _history_start(profile: Profile) -> dict[str, int]:
    if profile.history_start is None:
        return {}
    rule = TimeRule(profile.zone, (*profile.formats, "ISO8601"), "earlier", "shift_forward", FIRST_START)
    values, _, _ = read_times(pd.Series([profile.history_start], dtype="str"), rule)
    return {profile.source_system: int(values[0])}


def _accept(sheets: dict[str, Sheet], profile: Profile, snapshot: Snapshot, loaded_at: int) -> _Accepted:
    """Shape the rows and reject those that break a rule of the history; return the rest.

    A rejected row may be what another row refers to, so the rows are shaped again until none is rejected.
    """
    shape: Shape = import_module(module_of_shape(profile.shape)).shape
    while True:
        accepted = _accept_once(sheets, shape, profile, snapshot, loaded_at)
        if accepted is not None:
            return accepted


def _accept_once(
    sheets: dict[str, Sheet], shape: Shape, profile: Profile, snapshot: Snapshot, loaded_at: int
) -> _Accepted | None:
    frames = shape(sheets, profile, snapshot)
    if "events" in frames and len(frames["events"]):
        events = frames["events"].reset_index(drop=True)
        any_fault = False
        for fault in find_faults(events, snapshot, profile.zone):
            any_fault |= _reject(sheets, events[fault.rows], fault.reason, fault.detail[fault.rows])
        if any_fault:
            return None
        frames["events"] = with_withdrawals_of_whole(events, snapshot)
    tables, repeated, existing = {}, {}, {}
    any_rejected = _reject_before_birth(sheets, frames, snapshot)
    today_ends = end_of_day(loaded_at, profile.zone)
    for name in _ORDER:
        if name not in frames or not len(frames[name]):
            continue
        frame = frames[name].reset_index(drop=True)
        if "birth_year" in frame:
            unborn = has_impossible_age(frame["birth_year"], frame["recorded_at"])
            any_rejected |= _reject(sheets, frame[unborn], "impossible_date", "birth_year")
            frame = frame[~unborn].reset_index(drop=True)
        # A row dated by the day of the load counts as known at the end of that day, after the load: no future row.
        after = (frame["recorded_at"] > loaded_at) & (frame["recorded_at"] != today_ends)
        future = after.fillna(False).to_numpy(dtype=bool)
        any_rejected |= _reject(sheets, frame[future], "recorded_in_future")
        rows = to_arrow(name, frame)
        formed = frame["incident_formed"].to_numpy(dtype=bool) if "incident_formed" in frame else None
        comparison = compare(snapshot, name, rows, formed)
        any_rejected |= _reject(sheets, frame[comparison.contradicts], "key_reused")
        new = pa.Table.from_batches([fit(name, rows.filter(pa.array(comparison.new)))])
        tables[name] = pa.concat_tables([new, comparison.recalled])
        repeated[name] = rows.filter(pa.array(comparison.repeated))
        existing[name] = comparison.held
        if comparison.earlier.any():
            columns = [field for field in stored_schema("known_earlier").names if field in rows.column_names]
            tables["known_earlier"] = rows.filter(pa.array(comparison.earlier)).select(columns)
    return None if any_rejected else _Accepted(tables, repeated, existing)


def _reject_before_birth(sheets: dict[str, Sheet], frames: Frames, snapshot: Snapshot) -> bool:
    """Reject events before the birth of a person they name, or birth years; return whether there was any."""
    if "events" not in frames or not len(frames["events"]):
        return False
    events, persons = frames["events"], frames.get("persons", _NO_PERSONS)
    existing = snapshot.table("persons", ["person_id", "birth_year"]).to_pandas().dropna(subset="birth_year")
    roles = [name for name in ("subject_id", "person_at_risk_id", "person_id") if name in events]
    named = pd.concat([events[role] for role in roles]).dropna().unique()
    existing = existing[existing["person_id"].isin(named)].groupby("person_id")["birth_year"].min().astype("Int64")
    wrong = before_birth(events, persons, existing)
    any_event = _reject(sheets, events[wrong.events], "impossible_date", "occurred before the birth of a person named")
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


def _quarantine(sheets: dict[str, Sheet], profile: Profile) -> pa.Table:
    """Return every rejected row as the source wrote it, in file order."""
    rows: list[dict[str, Any]] = []
    severe_kinds = [kind.name for kind in kinds().values() if kind.must_see]
    severe = profile.severe or re.compile("|".join(severe_kinds))
    for name, sheet in sheets.items():
        telling = [c.source for c in sheet.file.columns if c.type == "word" or c.name in {"charge", "kind", "code"}]
        telling = [source for source in telling if source in sheet.raw.column_names]
        for row in np.flatnonzero(~sheet.good):
            texts = [sheet.raw.column(source)[int(row)].as_py() or "" for source in telling]
            kind = sheet.frame["kind"].iloc[row] if "kind" in sheet.frame and name == "events" else None
            rows.append(
                {
                    "file": name,
                    "row": int(sheet.number[row]),
                    "reason": sheet.reason[row],
                    "detail": sheet.detail[row],
                    "severe": bool(any(severe.search(text) for text in texts) or kind in severe_kinds),
                    "record": sheet.record(int(row)),
                }
            )
        rows += [
            {
                "file": name,
                "row": torn.number,
                "reason": torn.reason,
                "detail": "",
                "severe": bool(severe.search(torn.text)),
                "record": torn.text,
            }
            for torn in sheet.torn
        ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _write(writer: Writer, accepted: _Accepted, quarantined: pa.Table, report: LoadReport) -> None:
    writer.batch = replace(writer.batch, rows_in=report.rows_in, rows_quarantined=report.rows_quarantined)
    repeated = {name + REPEATED: table for name, table in accepted.repeated.items()}
    for name, table in {**accepted.tables, **repeated}.items():
        if table.num_rows:
            writer.write(name, table)
    writer.quarantine(quarantined)


def _report(
    profile: Profile,
    sheets: dict[str, Sheet],
    accepted: _Accepted,
    quarantined: pa.Table,
    meeting: Meeting,
) -> LoadReport:
    """Return the report before anything is written: the ids of batch and snapshot, and the store, come after."""
    rows = quarantined.to_pandas()
    unexpected = ~rows["reason"].isin(profile.expected)
    files: dict[str, FileCounts] = {}
    for name, sheet in sheets.items():
        rejected = int((~sheet.good).sum()) + len(sheet.torn)
        files[name] = FileCounts(sheet.rows_in, sheet.rows_in - rejected, rejected, **sheet.counts)
    return LoadReport(
        profile=profile.name,
        title=profile.title,
        already_loaded=False,
        files=files,
        rows_in=sum(counts.rows_in for counts in files.values()),
        rows_kept=sum(counts.kept for counts in files.values()),
        rows_quarantined=len(rows),
        rows_quarantined_unexpectedly=int(unexpected.sum()),
        severe_quarantined=int(rows.loc[unexpected, "severe"].sum()),
        reasons=reason_counts(rows, REASONS, profile.expected),
        new={name: table.num_rows for name, table in accepted.tables.items()},
        existing=accepted.existing,
        batch_id=None,
        snapshot_id="",
        store="",
        references=meeting.matches,
        empty_words={name: sheet.empty_words for name, sheet in sheets.items() if any(sheet.empty_words.values())},
        notices=(*meeting.notices, *(notice for sheet in sheets.values() for notice in sheet.notices)),
        refused=meeting.refused,
        quarantine_limit=_quarantine_limit(profile, sum(counts.rows_in for counts in files.values())),
        warnings=tuple(warning for sheet in sheets.values() for warning in sheet.warnings),
    )


def _quarantine_limit(profile: Profile, rows_in: int) -> int:
    """Return the rows that may be quarantined unexpectedly: a profile states them, or their share of all rows."""
    limit = profile.quarantine_limit
    return int(limit * rows_in) if isinstance(limit, float) else limit


def _report_of_before(
    profile: Profile, files: list[tuple[File, Path]], entry: Entry, snapshot_id: str, store: Store
) -> LoadReport:
    """Return the report of files that a batch of the history came from: its counts, and nothing new."""
    return LoadReport(
        profile=profile.name,
        title=profile.title,
        already_loaded=True,
        files=dict.fromkeys(file.name for file, _ in files),
        rows_in=entry.batch.rows_in or 0,
        rows_kept=entry.rows_kept,
        rows_quarantined=entry.batch.rows_quarantined,
        rows_quarantined_unexpectedly=0,
        severe_quarantined=0,
        reasons=(),
        new={},
        existing={},
        batch_id=entry.batch_id,
        snapshot_id=snapshot_id,
        store=str(store.path),
    )
