"""A profile tried on an export: everything a load would do, in memory only; no store is made or changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from threat.asof import show
from threat.dates import moment
from threat.history.batches import EMPTY
from threat.history.intake.columns import Column
from threat.history.intake.export import find_files
from threat.history.intake.load import read_export
from threat.history.intake.profile import Profile
from threat.history.intake.report import LoadReport, file_lines, reason_lines, reference_lines
from threat.history.intake.sheet import Sheet
from threat.history.snapshot import Snapshot

_NO_STORE = Path("no store")
"""In place of the folder of a store: a snapshot without batches reads none of it."""


@dataclass(frozen=True, slots=True)
class ColumnOfFile:
    """A column of a file: ``blank``, the share of its cells that are empty or read as empty, from 0 to 1.

    ``earliest``, ``latest``: of a column of times, UTC seconds among the rows that are kept; None elsewhere.
    ``constant``: what every row has where the file lacks the column; "" where the file has the column.
    """

    name: str
    source: str
    blank: float
    earliest: int | None = None
    latest: int | None = None
    constant: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a load would do. ``unmapped``: by file, what no list or word of the profile has, with rows, most first.

    ``columns``: by file, those that the profile reads. ``left_out``: by file, columns of the shape that the profile
    does not read. ``zone``: the profile's, in which the files write their times. ``ignored``: by file,
    columns of the file that the profile ignores.
    """

    report: LoadReport
    unmapped: Mapping[str, tuple[tuple[str, int], ...]]
    columns: Mapping[str, tuple[ColumnOfFile, ...]]
    left_out: Mapping[str, tuple[str, ...]]
    zone: str
    ignored: Mapping[str, tuple[str, ...]]

    def as_dict(self) -> dict[str, Any]:
        """Return the trial as ``threat profile try --json`` prints it."""
        report = self.report.as_dict()
        of_a_store = ("batch_id", "snapshot_id", "store", "already_loaded")
        return {name: value for name, value in report.items() if name not in of_a_store} | {
            "unmapped": {
                file: [{"code": code, "rows": rows} for code, rows in codes] for file, codes in self.unmapped.items()
            },
            "columns": {file: [_column_dict(column) for column in columns] for file, columns in self.columns.items()},
            "left_out": {file: list(names) for file, names in self.left_out.items()},
            "ignored": {file: list(names) for file, names in self.ignored.items()},
        }


def try_profile(
    profile: Profile,
    path: Path,
    loaded_at: int,
    against: Snapshot | None = None,
    advance: Callable[[float], None] = lambda amount: None,
) -> Trial:
    """Read an export as ``load`` would and return what would be kept, quarantined and new; nothing is written.

    ``loaded_at``: int64 UTC seconds. ``against``: a history to compare with; None: an empty one. Raises BadInput when a
    file cannot be read as a whole.
    """
    snapshot = against or Snapshot(_NO_STORE, EMPTY, [])
    export = read_export(profile, find_files(profile, path), snapshot, loaded_at, advance)
    sheets = export.sheets
    return Trial(
        report=export.report,
        zone=profile.zone,
        unmapped={name: _unmapped(sheet) for name, sheet in sheets.items() if sheet.unmapped},
        columns={
            name: tuple(_column(sheet, column) for column in sheet.file.columns if not column.absent)
            for name, sheet in sheets.items()
        },
        left_out=_names(sheets, lambda sheet: [column.name for column in sheet.file.columns if column.absent]),
        ignored=_names(sheets, lambda sheet: [name for name in sheet.file.ignored if name in sheet.raw.column_names]),
    )


def _names(sheets: Mapping[str, Sheet], of: Callable[[Sheet], list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(of(sheet)) for name, sheet in sheets.items() if of(sheet)}


def _unmapped(sheet: Sheet) -> tuple[tuple[str, int], ...]:
    # An empty cell is a missing value, not a code.
    counts = Counter(code for _, code in sheet.unmapped if not code.endswith(": "))
    return tuple(sorted(counts.items(), key=lambda count: (-count[1], count[0])))


def _column(sheet: Sheet, column: Column) -> ColumnOfFile:
    rows = max(len(sheet.reason), 1)
    if column.source not in sheet.raw.column_names:
        return ColumnOfFile(column.name, column.source, 1.0, constant=column.default or "nothing")
    read_as_empty = sum(sheet.empty_words.get(column.source, {}).values())
    blank = (sheet.raw.column(column.source).null_count + read_as_empty) / rows
    if column.type != "time":
        return ColumnOfFile(column.name, column.source, blank)
    times = pc.min_max(sheet.frame.loc[sheet.good, column.name].dropna().to_numpy("int64")).as_py()
    return ColumnOfFile(column.name, column.source, blank, times["min"], times["max"])


def _column_dict(column: ColumnOfFile) -> dict[str, Any]:
    out: dict[str, Any] = {"name": column.name, "column": column.source, "blank_share": round(column.blank, 4)}
    if column.constant:
        out["constant"] = column.constant
    if column.earliest is not None and column.latest is not None:
        out |= {"earliest": show(column.earliest), "latest": show(column.latest)}
    return out


def lines(trial: Trial) -> str:
    """Return the trial as people read it."""
    report = trial.report
    out = [f"{report.title}: tried, nothing was loaded", *file_lines(report), *reason_lines(report)]
    for file, codes in trial.unmapped.items():
        out.append(f"Not mapped in {file}:")
        out += [f"  {rows:>9,}  {code}" for code, rows in codes]
    out += reference_lines(report)
    for file, columns in trial.columns.items():
        out.append(f"Columns of {file} (times are those of {trial.zone}):")
        out += [_line(column, trial.zone) for column in columns]
        for words, names in (("left out by the profile", trial.left_out), ("ignored", trial.ignored)):
            if file in names:
                out.append(f"  {words}: {', '.join(names[file])}")
    if report.new:
        out.append("Would be new: " + ", ".join(f"{rows:,} {name}" for name, rows in report.new.items()))
    return "\n".join([*out, *([f"WOULD BE REFUSED: {report.refused}"] if report.refused else [])])


def _line(column: ColumnOfFile, zone: str) -> str:
    name = column.name if column.name == column.source else f"{column.name} ({column.source})"
    if column.constant:
        return f"  {name}: not in the file, read as {column.constant}"
    times = ""
    if column.earliest is not None and column.latest is not None:
        times = f", {moment(column.earliest, zone)} to {moment(column.latest, zone)}"
    return f"  {name}: {column.blank:.1%} blank{times}"
