"""The load: files in, rows kept or put aside with a reason, one batch appended or nothing at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from threat.asof import seconds
from threat.errors import BadInput, UsageError
from threat.files import sha256_of
from threat.history.batches import Batch
from threat.history.intake.already_held import new_rows
from threat.history.intake.profile import File, Profile, load_profile
from threat.history.intake.shaped import to_arrow
from threat.history.intake.sheet import Sheet, read_sheet
from threat.history.intake.sources.multnomah import shape as multnomah
from threat.history.intake.sources.standard_csv import shape as standard
from threat.history.intake.times import TimeRule, read_times
from threat.history.quarantine import REASONS, SCHEMA
from threat.history.snapshot import Snapshot
from threat.history.store import Store, Writer
from threat.vocabulary import kinds

_ORDER = ("persons", "identities", "protected", "person_links", "relationships", "events")
BIRTH_YEARS = (1850, 2200)
"""A birth year outside is a slip (a whole date, an age, a 0 for unknown)."""
EXAMPLES = 3


def load(
    profile: Profile | str,
    path: str | Path,
    store_path: str | Path,
    loaded_at: int,
    advance: Callable[[float], None] = lambda amount: None,
) -> dict[str, Any]:
    """Load one export (a folder, or a file where the profile has one) and return the report (see ``describe``).

    ``loaded_at``: int64 UTC seconds. The same files under the same profile change nothing the second time; rows that
    are held already are left out. Raises BadInput when a file cannot be read as a whole, UsageError when the store is
    being written to; then nothing is loaded. ``advance`` is told the bytes read.
    """
    profile = load_profile(profile) if isinstance(profile, str) else profile
    found = find_files(profile, Path(path))
    digest = _digest(found)
    tag = f"{profile.name}@{profile.digest}"
    store = Store.open_or_create(store_path)
    batch = Batch(
        profile=tag,
        loaded_at=loaded_at,
        sha256=digest,
        feed_lag_seconds=profile.feed_lag_seconds,
        legal_basis=profile.legal_basis,
        history_start=_history_start(profile),
    )
    with store.writer(batch) as writer:
        snapshot = store.snapshot()
        earlier = [e for e in snapshot.entries if e.batch.sha256 == digest and e.batch.profile == tag]
        if earlier:
            writer.abandon()
            return _already(profile, store, snapshot, earlier[0].batch_id, found)
        sheets = {file.name: read_sheet(where, file, profile, advance) for file, where in found}
        tables, held = _settle(sheets, profile, snapshot, loaded_at)
        aside = _quarantine(sheets, profile)
        report = describe(profile, sheets, tables, held, aside)
        if not aside.num_rows and not any(table.num_rows for table in tables.values()):
            writer.abandon()
        else:
            _write(writer, tables, aside, report)
    report["batch_id"] = writer.batch_id or None
    report["snapshot_id"] = store.snapshot().id
    report["store"] = str(store.path)
    return report


def find_files(profile: Profile, path: Path) -> list[tuple[File, Path]]:
    """The files of an export, in the profile's order. Raises BadInput when one is not there."""
    if not path.exists():
        raise BadInput("There is nothing to load here.", value=path, way_out="name the folder or file of the export")
    if path.is_file():
        fits = [file for file in profile.files if file.path == path.name] or list(profile.files)
        if len(fits) != 1 or any(not file.optional and file is not fits[0] for file in profile.files):
            names = ", ".join(file.path for file in profile.files)
            raise UsageError("This profile reads several files.", value=path, way_out=f"name the folder with {names}")
        return [(fits[0], path)]
    found, missing = [], []
    for file in profile.files:
        options = [path / file.path, path / f"{file.path}.gz"]
        there = [option for option in options if option.is_file()]
        if there:
            found.append((file, there[0]))
        elif not file.optional:
            missing.append(file.path)
    if missing or not found:
        names = ", ".join(missing or [file.path for file in profile.files])
        raise BadInput("A file of the export is missing.", value=names, where=str(path), way_out="export it again")
    return found


def _digest(found: list[tuple[File, Path]]) -> str:
    if len(found) == 1:
        return sha256_of(found[0][1])
    return sha256_of("".join(f"{f.name}:{sha256_of(p)}\n" for f, p in found).encode())


def _history_start(profile: Profile) -> dict[str, int]:
    if profile.history_start is None:
        return {}
    rule = TimeRule(profile.zone, (*profile.formats, "ISO8601"), "earlier", "shift_forward", seconds(_EPOCH))
    values, reasons = read_times(pd.Series([profile.history_start], dtype="str"), rule)
    if reasons[0]:
        raise UsageError("history_start cannot be read.", value=profile.history_start, where=f"profile {profile.name}")
    return {profile.source_system: int(values[0])}


_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)


def _settle(
    sheets: dict[str, Sheet], profile: Profile, snapshot: Snapshot, loaded_at: int
) -> tuple[dict[str, pa.Table], dict[str, int]]:
    """Shape the rows until none of what they make contradicts the history: each round rejects rows or is the last.

    Returns the rows to append and how many were held already, by table.
    """
    while True:
        make = multnomah.shape if profile.shape == "multnomah" else standard.shape
        shaped = make(sheets, profile, snapshot)
        tables, held, rejected = {}, {}, False
        for name in _ORDER:
            if name not in shaped or not len(shaped[name]):
                continue
            frame = shaped[name].reset_index(drop=True)
            if "birth_year" in frame:
                unborn = ~frame["birth_year"].between(*BIRTH_YEARS).fillna(True).to_numpy(dtype=bool)
                rejected |= _reject(sheets, frame[unborn], "impossible_date", "birth_year")
                frame = frame[~unborn].reset_index(drop=True)
            future = (frame["recorded_at"] > loaded_at).fillna(False).to_numpy(dtype=bool)
            rejected |= _reject(sheets, frame[future], "recorded_in_future")
            rows = to_arrow(name, frame)
            fresh, contradicts = new_rows(snapshot, name, rows)
            rejected |= _reject(sheets, frame[np.asarray(contradicts)], "key_reused")
            tables[name] = rows.filter(fresh)
            held[name] = rows.num_rows - tables[name].num_rows
        if not rejected:
            return tables, held


def _reject(sheets: dict[str, Sheet], rows: pd.DataFrame, reason: str, detail: str = "") -> bool:
    for name, some in rows.groupby("from_file"):
        mask = np.zeros(len(sheets[str(name)].reason), dtype=bool)
        mask[some["from_row"].to_numpy(np.int64)] = True
        sheets[str(name)].reject(mask, reason, detail)
    return len(rows) > 0


def _quarantine(sheets: dict[str, Sheet], profile: Profile) -> pa.Table:
    """Every rejected row as the source wrote it, in file order."""
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
                "row": number,
                "reason": "wrong_number_of_cells",
                "detail": "",
                "severe": bool(severe.search(text)),
                "record": text,
            }
            for number, text in sheet.torn
        ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def describe(
    profile: Profile, sheets: dict[str, Sheet], tables: dict[str, pa.Table], held: dict[str, int], aside: pa.Table
) -> dict[str, Any]:
    """The report: rows in = kept + quarantined, by file and in all; each reason with its rows and a few examples; what
    is new in each table and what was held already; how many severe rows were put aside, and by which reasons.
    """
    frame = aside.to_pandas()
    reasons = []
    for reason, rows in frame.groupby("reason", sort=False):
        expected = reason in profile.expected
        some = rows.drop_duplicates("detail").head(0 if expected else EXAMPLES)
        reasons.append(
            {
                "reason": reason,
                "meaning": REASONS[str(reason)],
                "rows": len(rows),
                "severe": int(rows["severe"].sum()),
                "expected": expected,
                "examples": [
                    {"file": file, "row": int(row), "detail": detail}
                    for file, row, detail in zip(some["file"], some["row"], some["detail"], strict=True)
                ],
            }
        )
    files = {}
    for name, sheet in sheets.items():
        put_aside = int((~sheet.good).sum()) + len(sheet.torn)
        files[name] = {"rows_in": sheet.rows_in, "kept": sheet.rows_in - put_aside, "quarantined": put_aside}
    usual = frame["reason"].isin(profile.expected)
    return {
        "profile": profile.name,
        "title": profile.title,
        "already_loaded": False,
        "files": files,
        "rows_in": sum(file["rows_in"] for file in files.values()),
        "rows_kept": sum(file["kept"] for file in files.values()),
        "rows_quarantined": len(frame),
        "rows_quarantined_unexpectedly": int((~usual).sum()),
        "severe_quarantined": int(frame.loc[~usual, "severe"].sum()),
        "reasons": sorted(reasons, key=lambda item: -int(str(item["rows"]))),
        "new": {name: table.num_rows for name, table in tables.items()},
        "held_already": held,
    }


def _write(writer: Writer, tables: dict[str, pa.Table], aside: pa.Table, report: dict[str, Any]) -> None:
    writer.batch = replace(writer.batch, rows_in=report["rows_in"], rows_quarantined=report["rows_quarantined"])
    for name, table in tables.items():
        if table.num_rows:
            writer.write(name, table)
    writer.quarantine(aside)


def _already(
    profile: Profile, store: Store, snapshot: Snapshot, batch_id: str, found: list[tuple[File, Path]]
) -> dict[str, Any]:
    entry = next(entry for entry in snapshot.entries if entry.batch_id == batch_id)
    return {
        "profile": profile.name,
        "title": profile.title,
        "already_loaded": True,
        "files": {file.name: {} for file, _ in found},
        "rows_in": entry.batch.rows_in,
        "rows_kept": entry.rows_kept,
        "rows_quarantined": entry.batch.rows_quarantined,
        "rows_quarantined_unexpectedly": 0,
        "severe_quarantined": 0,
        "reasons": [],
        "new": {},
        "held_already": {},
        "batch_id": batch_id,
        "snapshot_id": snapshot.id,
        "store": str(store.path),
    }


def lines(report: dict[str, Any]) -> str:
    """The report as people read it."""
    out = []
    if report["already_loaded"]:
        return f"{report['title']}: loaded before as batch {report['batch_id']}. Nothing changed."
    out.append(f"{report['title']}, into {report['store']}")
    for name, file in report["files"].items():
        out.append(
            f"  {name}: {file['rows_in']:,} rows in = {file['kept']:,} kept + {file['quarantined']:,} quarantined"
        )
    if report["reasons"]:
        out.append("Quarantined:")
    for item in report["reasons"]:
        usual = " (usual in this source)" if item["expected"] else ""
        out.append(f"  {item['rows']:>9,}  {item['reason']}: {item['meaning']}{usual}")
        out += [f"             {e['file']}, row {e['row']}: {e['detail']}" for e in item["examples"]]
    if report["new"]:
        out.append("New in the history: " + ", ".join(f"{rows:,} {name}" for name, rows in report["new"].items()))
    held = {name: rows for name, rows in report["held_already"].items() if rows}
    if held:
        out.append("Held already: " + ", ".join(f"{rows:,} {name}" for name, rows in held.items()))
    out.append(f"Batch {report['batch_id']}, snapshot {report['snapshot_id']}")
    if report["severe_quarantined"]:
        out.append(
            f"ALARM: {report['severe_quarantined']:,} of the quarantined rows look severe. Mend the profile or the "
            "export and load again; until then nobody sees them."
        )
    return "\n".join(out)
