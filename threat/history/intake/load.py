"""The load: files in, rows kept or quarantined with a reason, one batch appended or nothing at all."""

from __future__ import annotations

import errno
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from threat.asof import show
from threat.errors import BadInput
from threat.history.batches import Batch, Entry
from threat.history.feeds import EVERY_FEED, sources_of
from threat.history.intake.acceptance import Accepted, accept
from threat.history.intake.date_order import say_date_order
from threat.history.intake.erased_again import said_of_erased
from threat.history.intake.export import find_files, sha256_of_export
from threat.history.intake.match_counts import Meeting, match_counts
from threat.history.intake.plausible import said_of_long_ago
from threat.history.intake.profile import File, Profile, load_profile
from threat.history.intake.report import FileCounts, LoadReport, reason_counts
from threat.history.intake.room import check_room
from threat.history.intake.sheet import Sheet, read_sheets
from threat.history.intake.times import FIRST_START, TimeRule, read_times
from threat.history.intake.undated_deaths import said_of_undated_deaths
from threat.history.quarantine import REASONS, SCHEMA
from threat.history.schema import REPEATED
from threat.history.snapshot import Snapshot
from threat.history.store import Store, Writer
from threat.vocabulary import kinds

_FULL = {errno.ENOSPC, errno.EDQUOT}
"""No room on the disk, or no more of the quota."""


@dataclass(frozen=True, slots=True)
class ExportRead:
    """An export read against a history, before anything is written."""

    sheets: dict[str, Sheet]
    accepted: Accepted
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
        # A delivery without a row is no file that was loaded: the same empty file may be a broken export tonight.
        read = [entry for entry in snapshot.entries if entry.batch.rows_in]
        same = [e for e in read if (e.batch.sha256, e.batch.profile) == (batch.sha256, batch.profile)]
        if same and not covers_until:
            report = _load_again(writer, profile, files, same[0], snapshot)
        else:
            # A quiet night's file has no row; without a word on what it covers it is taken for a broken export.
            export = read_export(profile, files, snapshot, loaded_at, advance, may_be_empty=bool(covers_until))
            report = _append_export(writer, profile, export, snapshot, covers_until)
            again = said_of_erased(store.manifest().erasures, export.accepted.tables)
            report = replace(report, warnings=(*report.warnings, *again))
    # The ids are there once the writer has ended.
    return replace(report, batch_id=writer.batch_id or report.batch_id, snapshot_id=store.snapshot().id)


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
    for sheet in sheets.values():
        say_date_order(sheet, profile, loaded_at)
    accepted = accept(sheets, profile, snapshot, loaded_at)
    check_room(snapshot, accepted.tables)
    quarantined = _quarantine(sheets, profile)
    meeting = match_counts(sheets, profile, snapshot)
    report = _report(profile, sheets, accepted, quarantined, meeting)
    return ExportRead(sheets, accepted, quarantined, replace(report, store=str(snapshot.store_path)))


def _append_export(
    writer: Writer, profile: Profile, export: ExportRead, snapshot: Snapshot, covers_until: Mapping[str, int]
) -> LoadReport:
    """Write what of an export is kept or quarantined, unless it is refused or has nothing new; return the report."""
    accepted, report = export.accepted, export.report
    if report.refused:
        writer.abandon()
        return replace(report, new={})
    covers = _covers_until(covers_until, profile, snapshot, accepted)
    rows_in, quarantined = report.rows_in, report.rows_quarantined
    writer.batch = replace(writer.batch, covers_until=covers, rows_in=rows_in, rows_quarantined=quarantined)
    if not export.quarantined.num_rows and not accepted.any_row and not covers_until:
        writer.abandon()
    else:
        _append(writer, accepted)
        writer.quarantine(pa.concat_tables([export.quarantined, _displaced(accepted)]))
    said = (f"The delivery covers {source} up to {show(until)}." for source, until in covers.items())
    return replace(report, notices=(*report.notices, *said))


def _displaced(accepted: Accepted) -> pa.Table:
    """Return the events of the history that lost their reference as quarantined rows; row 0: of no file of the load."""
    events = [] if accepted.displaced is None else accepted.displaced.to_pylist()
    severe = {kind.name for kind in kinds().values() if kind.must_see or kind.death_of}
    rows = [
        {
            "file": "events",
            "row": 0,
            "reason": "key_reused",
            "detail": f"of the history: {event['source_id'] or event['event_id']}",
            "severe": event["kind"] in severe,
            "record": json.dumps(event, ensure_ascii=False),
        }
        for event in events
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _load_again(
    writer: Writer, profile: Profile, files: list[tuple[File, Path]], entry: Entry, snapshot: Snapshot
) -> LoadReport:
    """Return the report of a load of before, whose files come again; append only what is tried again and kept now."""
    accepted = accept({}, profile, snapshot, writer.batch.loaded_at)
    report = _report_of_before(profile, files, entry, snapshot)
    if accepted.tried_again:
        writer.batch = replace(writer.batch, rows_in=0)
        _append(writer, accepted)
    else:
        writer.abandon()
    new = {name: table.num_rows for name, table in accepted.tables.items() if table.num_rows}
    kept, rejected = accepted.tried_again, accepted.still_quarantined
    return replace(report, new=new, tried_again=kept, still_quarantined=rejected)


def _covers_until(said: Mapping[str, int], profile: Profile, snapshot: Snapshot, accepted: Accepted) -> dict[str, int]:
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
    times = read_times(pd.Series([profile.history_start], dtype="str"), rule)
    return {profile.source_system: int(times.seconds[0])}


def _quarantine(sheets: dict[str, Sheet], profile: Profile) -> pa.Table:
    """Return every rejected row as the source wrote it, in file order."""
    rows: list[dict[str, Any]] = []
    severe_kinds = [kind.name for kind in kinds().values() if kind.must_see or kind.death_of]
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


def _append(writer: Writer, accepted: Accepted) -> None:
    repeated = {name + REPEATED: table for name, table in accepted.repeated.items()}
    for name, table in {**accepted.tables, **repeated}.items():
        if table.num_rows:
            writer.write(name, table)


def _report(
    profile: Profile,
    sheets: dict[str, Sheet],
    accepted: Accepted,
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
        proactive_by_theme=accepted.proactive_by_theme,
        tried_again=accepted.tried_again,
        still_quarantined=accepted.still_quarantined,
        references=meeting.matches,
        empty_words={name: sheet.empty_words for name, sheet in sheets.items() if any(sheet.empty_words.values())},
        notices=(
            *meeting.notices,
            *(notice for sheet in sheets.values() for notice in sheet.notices),
            *_said_of_long_ago(sheets),
        ),
        refused=meeting.refused,
        quarantine_limit=_quarantine_limit(profile, sum(counts.rows_in for counts in files.values())),
        warnings=(
            *(warning for sheet in sheets.values() for warning in sheet.warnings),
            *said_of_undated_deaths(sheets),
            *_said_of_displaced(accepted),
        ),
    )


def _said_of_long_ago(sheets: dict[str, Sheet]) -> list[str]:
    """Return a sentence on the kept events that happened long before they were recorded; none without any."""
    sheet = sheets.get("events")
    if sheet is None or not {"occurred_at", "recorded_at"} <= set(sheet.frame.columns):
        return []
    kept = sheet.frame[sheet.good]
    return said_of_long_ago(kept["occurred_at"], kept["recorded_at"])


def _said_of_displaced(accepted: Accepted) -> list[str]:
    """Return a sentence on events of the history that lost their reference; none without any."""
    number = 0 if accepted.displaced is None else accepted.displaced.num_rows
    if not number:
        return []
    return [
        f"{number:,} events of the history have the reference of an event with other content that was recorded before "
        "them and came now: what was recorded first counts, and they are quarantined as key_reused."
    ]


def _quarantine_limit(profile: Profile, rows_in: int) -> int:
    """Return the rows that may be quarantined unexpectedly: a profile states them, or their share of all rows."""
    limit = profile.quarantine_limit
    return int(limit * rows_in) if isinstance(limit, float) else limit


def _report_of_before(profile: Profile, files: list[tuple[File, Path]], entry: Entry, snapshot: Snapshot) -> LoadReport:
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
        snapshot_id=snapshot.id,
        store=str(snapshot.store_path),
    )
