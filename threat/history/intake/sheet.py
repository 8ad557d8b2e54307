"""One file of an export: read whole, typed column by column, each row kept or rejected with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from threat.asof import seconds
from threat.errors import BadInput, ThreatError, raise_all
from threat.history.intake.cells import Torn, read_cells
from threat.history.intake.identical_rows import identical_rows
from threat.history.intake.plausible import is_before_living_memory, is_beyond_records
from threat.history.intake.profile import Column, File, Profile
from threat.history.intake.protected_words import map_protected
from threat.history.intake.references import read_references
from threat.history.intake.texts import clean_column
from threat.history.intake.times import FIRST_RECORDED, LAST_OF_DAY, TimeRule, days, read_times
from threat.history.intake.totals import not_records, totals

YES_NO = {"yes": True, "true": True, "1": True, "y": True, "no": False, "false": False, "0": False, "n": False}

PRECISIONS = {"occurred_at": "occurred_precision", "recorded_at": "recorded_precision"}
"""The column that says how exact a time is: "day", or null for a time to the second."""

OF_THE_FACT = ("occurred_at", "until")
"""Columns that say when a fact happened and ended, not when it was recorded."""

_MUST_BE_SAID = {("events", "domestic")}
"""Columns without which a load never ends with 0: without the flag, no event makes a relationship."""

_MIDNIGHTS = (10, 0.05)
"""Times of 00:00 that are said: at least so many, and so large a share of a column. By chance 1 in 1,440 is."""


class Sheet:
    """The rows of one file.

    ``raw``: every column as text, null where empty. ``frame``: our columns, typed (times int64 seconds, nullable Int64
    where empty; words and text str), and ``occurred_precision`` and ``recorded_precision`` ("day" or null) next to the
    two times. ``reason``: "" for a row that is kept, otherwise why not; ``detail``: the value at fault.
    ``empty_words``: by column of the file, how many rows have which word that is read as empty. ``unmapped``: rows
    (places in the frame) with a code or word that is in no list, and which. ``number``: the row's number in the file,
    the first row after the header being 1. Rows with too many or too few cells are in ``torn`` and in no other place.
    ``counts``: what else was counted, as ``FileCounts`` of the report names it.
    ``notices``, ``warnings``: sentences for the report; a warning makes the load end with exit code 6. ``own_rows``:
    how many rows are of this load; after them come rows of before that are tried again. ``bad_dates``: by column, the
    rows whose time cannot be used, of when a thing happened or ended; ``undated``: the deaths among them that are kept
    all the same (``undated_deaths``), by place, and what is wrong with their date.
    """

    def __init__(self, file: File, raw: pa.Table, number: NDArray[np.int64], torn: list[Torn]) -> None:
        self.file = file
        self.raw = raw
        self.number = number
        self.torn = torn
        self.frame = pd.DataFrame(index=pd.RangeIndex(raw.num_rows))
        self.reason: NDArray[np.object_] = np.full(raw.num_rows, "", dtype=object)
        self.detail: NDArray[np.object_] = np.full(raw.num_rows, "", dtype=object)
        self.own_rows = raw.num_rows
        # Next to the reasons: comparing a million texts takes longer than most checks of a column.
        self._good = np.ones(raw.num_rows, dtype=bool)
        self.empty_words: dict[str, dict[str, int]] = {}
        self.counts: dict[str, int] = {}
        self.notices: list[str] = []
        self.warnings: list[str] = []
        self.unmapped: set[tuple[int, str]] = set()
        self.bad_dates = {name: np.zeros(raw.num_rows, dtype=bool) for name in OF_THE_FACT}
        self.by_dates_alone = np.zeros(raw.num_rows, dtype=bool)
        self.undated: dict[int, str] = {}

    @property
    def rows_in(self) -> int:
        return len(self.reason) + len(self.torn)

    @property
    def good(self) -> NDArray[np.bool_]:
        """True where a row is still kept."""
        return self._good.copy()

    def reject(self, where: Any, reason: Any, detail: Any = "", column: str = "") -> None:
        """Quarantine rows: ``where`` a mask, ``reason`` and ``detail`` a text or a text per row.

        A row that was rejected before keeps its first reason. ``column``: whose value is at fault, where it is one.
        """
        places = np.flatnonzero(np.asarray(where, dtype=bool))
        if not len(places):
            return
        reasons, details = (
            np.full(len(places), value, dtype=object) if isinstance(value, str) else np.asarray(value, object)[places]
            for value in (reason, detail)
        )
        # Also of rows that have another fault: whoever mends a profile needs every code.
        unmapped = reasons == "unknown_code"
        self.unmapped.update(zip(places[unmapped].tolist(), details[unmapped], strict=True))
        first = self._good[places]
        if column in OF_THE_FACT:
            self.bad_dates[column][places] = True
            self.by_dates_alone[places[first]] = True
        else:
            self.by_dates_alone[places] = False
        self.reason[places[first]], self.detail[places[first]] = reasons[first], details[first]
        self._good[places] = False

    def keep(self, where: NDArray[np.bool_]) -> None:
        """Keep rows that were rejected."""
        self.reason[where], self.detail[where] = "", ""
        self._good |= where

    def set_reasons(self, reason: NDArray[np.object_], detail: NDArray[np.object_]) -> None:
        """Set why each row is not kept ("" for a row that is), in place of all reasons and details of before."""
        self.reason, self.detail = reason, detail
        self._good = np.asarray(reason == "", dtype=bool)

    def record(self, row: int) -> str:
        """Return the row as the source wrote it, as JSON."""
        return json.dumps(
            {name: self.raw.column(name)[row].as_py() for name in self.raw.column_names}, ensure_ascii=False
        )


def read_sheets(
    files: list[tuple[File, Path]],
    profile: Profile,
    advance: Callable[[float], None] = lambda amount: None,
    *,
    may_be_empty: bool = False,
) -> dict[str, Sheet]:
    """Read and type the files of an export, by name. Raises BadInput with every file that cannot be read."""
    sheets: dict[str, Sheet] = {}
    problems: list[ThreatError] = []
    for file, path in files:
        try:
            sheets[file.name] = read_sheet(path, file, profile, advance, may_be_empty=may_be_empty)
        except BadInput as error:
            problems.append(error)
    raise_all(problems)
    return sheets


def read_sheet(
    path: Path, file: File, profile: Profile, advance: Callable[[float], None], *, may_be_empty: bool = False
) -> Sheet:
    """Read and type one file; ``advance`` gets the number of bytes read.

    ``may_be_empty``: a header without rows is a file of no row (a quiet night), not a broken export.

    Raises BadInput when the file cannot be read as a whole (see ``read_cells``), lacks a column it needs or has a
    column the profile does not know.
    """
    cells = read_cells(path, file, profile, advance, may_be_empty=may_be_empty)
    _check_header(cells.raw.column_names, file, path)
    sheet = typed_sheet(file, cells.raw, cells.number, cells.torn, profile)
    sheet.counts |= {"blank_lines": cells.records.blank_lines, "multi_line_records": cells.records.multi_line}
    _say_absent_columns(sheet, path.name)
    if cells.names_separator:
        sheet.notices.append(f"{path.name} begins with the line sep=, which names the delimiter and is no row.")
    stated_totals = totals(sheet.raw, [line.text for line in sheet.torn])
    rows = sheet.rows_in - len(stated_totals)
    for text, stated in stated_totals:
        if stated != rows:
            sheet.warnings.append(f"{path.name} says {text} and has {rows:,} rows: some may be lost.")
    return sheet


def typed_sheet(file: File, raw: pa.Table, number: NDArray[np.int64], torn: list[Torn], profile: Profile) -> Sheet:
    """Return the rows of a file typed by the profile; rows that do not fit are rejected with a reason.

    ``raw``: every column as text, null where empty. ``number``: of each row in the file.
    """
    sheet = Sheet(file, raw, number, torn)
    if raw.num_rows:
        sheet.reject(not_records(raw), "not_a_record", "the header again, or a line of totals")
    for column in file.columns:
        _type(sheet, column, profile)
    if file.name == "protected":
        for where, detail in map_protected(sheet.frame, file):
            sheet.reject(where, "unknown_code", detail)
    _read_open_ends(sheet, profile)
    _reject_copies(sheet, profile)
    return sheet


def _read_open_ends(sheet: Sheet, profile: Profile) -> None:
    """Read an end centuries ahead as no end, counted; reject rows that say a thing happens then."""
    frame = sheet.frame
    if "recorded_at" not in frame:
        return
    recorded = frame["recorded_at"]
    open_ends = days(profile.open_ends, profile.zone)
    for name in ("until", "withdrawn_at"):
        if name in frame:
            is_open = is_beyond_records(frame[name], recorded, open_ends)
            frame[name] = frame[name].mask(is_open)
            sheet.counts["open_ends"] = sheet.counts.get("open_ends", 0) + int((is_open & sheet.good).sum())
    if "occurred_at" in frame:
        never = is_beyond_records(frame["occurred_at"], recorded, open_ends)
        sheet.reject(never, "impossible_date", "occurred_at lies beyond any record's years", "occurred_at")
        long_before = is_before_living_memory(frame["occurred_at"], recorded)
        sheet.reject(
            long_before, "impossible_date", "occurred_at lies over 100 years before its recording", "occurred_at"
        )


def _reject_copies(sheet: Sheet, profile: Profile) -> None:
    """Reject rows that repeat the key of an earlier row, and copies of a row without a key beyond the limit."""
    keyed = np.zeros(len(sheet.reason), dtype=bool)
    if sheet.file.key and len(keyed):
        keys = sheet.frame[list(sheet.file.key)]
        keyed = keys.notna().all(axis=1).to_numpy()
        named = keyed & sheet.good
        twice = np.zeros(len(named), dtype=bool)
        twice[named] = keys[named].duplicated(keep="first").to_numpy()
        shown = keys.astype("str").fillna("").agg(", ".join, axis=1).to_numpy() if twice.any() else ""
        sheet.reject(twice, "duplicate_key", shown)
    times = [c.source for c in sheet.file.columns if c.type == "time" and c.source in sheet.raw.column_names]
    copies = identical_rows(sheet.raw, ~keyed & sheet.good, first=times)
    sheet.counts |= {"identical_rows": copies.rows, "largest_identical_group": copies.largest}
    beyond = copies.ordinal >= profile.identical_rows
    sheet.reject(beyond, "identical_row", f"more than {profile.identical_rows} equal rows")


def _check_header(header: list[str], file: File, path: Path) -> None:
    """Refuse a header without a column that is needed, or with one that the profile does not know: both at once."""
    lacking = [column for column in file.columns if not column.absent and column.source not in header]
    missing = [column.source for column in lacking if column.required]
    unknown = sorted(set(header) - {c.source for c in file.columns if not c.absent} - set(file.ignored))
    if not missing and not unknown:
        return
    are_missing = f"{'A column is' if len(missing) == 1 else 'Columns are'} missing"
    if missing and unknown:
        problem = f"{are_missing}, and the file has columns the profile does not know."
        value = f"missing: {', '.join(missing)}; not known: {', '.join(unknown)}"
    else:
        problem = f"{are_missing}." if missing else "The file has columns the profile does not know."
        value = ", ".join(missing or unknown)
    ways_out = [f"perhaps {name} is {near}" for name, near in _near(unknown, [column.source for column in lacking])]
    if missing:
        ways_out.append(f"the header has {', '.join(header)}; export the column or name it in the profile")
    if unknown:
        ways_out.append("map them in the profile, or list them there as ignored: nothing is dropped silently")
    raise BadInput(problem, value=value, where=str(path), way_out="; ".join(ways_out))


def _near(unknown: list[str], lacking: list[str]) -> list[tuple[str, str]]:
    """Return the columns of a file that look like a column that it lacks, with that column."""
    in_lower_case = {name.lower(): name for name in lacking}
    near = ((name, get_close_matches(name.lower(), in_lower_case, n=1)) for name in unknown)
    return [(name, in_lower_case[match[0]]) for name, match in near if match]


def _say_absent_columns(sheet: Sheet, name: str) -> None:
    """Say which columns of the profile the file lacks, and how their rows are read."""
    header = sheet.raw.column_names
    absent = [column for column in sheet.file.columns if not column.absent and column.source not in header]
    read_as = [f"{c.source} ({'left empty' if c.default is None else f'read as {c.default}'})" for c in absent]
    if read_as:
        columns = "the column" if len(read_as) == 1 else "the columns"
        sheet.notices.append(f"{name} lacks {columns} {', '.join(read_as)}, in all {sheet.rows_in:,} rows.")
    for column in absent:
        if (sheet.file.name, column.name) in _MUST_BE_SAID:
            sheet.warnings.append(
                f"{name} has no column {column.source}: every row is read as {column.default}, and no event makes a "
                "relationship. Export the column; if the source has none, leave it out of the profile."
            )


def _type(sheet: Sheet, column: Column, profile: Profile) -> None:
    texts = _texts(sheet, column)
    # Words have their default afterwards: it is our word, not a code of the source.
    if column.default is not None and not column.words:
        texts = texts.fillna(column.default)
    values = _typed(sheet, column, texts, profile)
    sheet.frame[column.name] = values.fillna(column.default) if column.default is not None and column.words else values


def _texts(sheet: Sheet, column: Column) -> pd.Series[Any]:
    """Return the texts of a column, NaN where empty or a word that is read as empty; quarantine damaged references."""
    if column.absent or column.source not in sheet.raw.column_names:
        return pd.Series([None] * len(sheet.reason), dtype="str")
    written = clean_column(sheet.raw.column(column.source)).combine_chunks()
    texts = written.to_pandas().astype("str")
    if column.reference or column.empty_words:
        references = read_references(written, column.reference, column.empty_words)
        sheet.empty_words[column.source] = references.counts()
        for mask, reason in ((references.damaged, "damaged_reference"), (references.no_number, "unreadable_number")):
            if mask.any():
                sheet.reject(mask, reason, column.source + ": " + texts.fillna(""))
        texts = references.texts.to_pandas().astype("str")
    missing = texts.isna().to_numpy()
    if column.required and column.default is None and missing.any():
        word = written.to_pandas().astype("str")
        detail = column.source + (": " + word + " is read as empty").fillna("")
        sheet.reject(missing, "missing_value", detail, column.name)
    return texts


def _typed(sheet: Sheet, column: Column, texts: pd.Series[Any], profile: Profile) -> Any:
    empty = texts.isna().to_numpy()
    if column.type == "time":
        return _typed_time(sheet, column, texts, profile)
    if column.type in {"integer", "number"}:
        numbers = pd.to_numeric(texts, errors="coerce")
        # No infinity, and nothing that a float64 cannot count exactly or the float32 of the sightings cannot hold.
        largest = float(1 << 53) if column.type == "integer" else float(np.finfo(np.float32).max)
        wrong = ~(numbers.abs() <= largest).to_numpy(dtype=bool) & ~empty
        if column.type == "integer":
            wrong |= ~empty & (numbers.fillna(0) % 1 != 0).to_numpy()
        sheet.reject(wrong, "unreadable_number", column.source + ": " + texts.fillna(""))
        numbers = numbers.mask(wrong)
        return numbers.astype("Int64") if column.type == "integer" else numbers.astype("Float64")
    if column.type == "yes_no":
        answers = texts.str.lower().map(YES_NO)
        sheet.reject(answers.isna().to_numpy() & ~empty, "unknown_code", column.source + ": " + texts.fillna(""))
        return answers.astype("boolean")
    if column.type == "word" and column.words:
        words = texts.map(column.words)
        sheet.reject(words.isna().to_numpy() & ~empty, "unknown_code", column.source + ": " + texts.fillna(""))
        return words.astype("str")
    return texts


def _typed_time(sheet: Sheet, column: Column, texts: pd.Series[Any], profile: Profile) -> Any:
    """Return the times of a column; put its precision next to it, and say when its times look like days."""
    empty = texts.isna().to_numpy()
    earliest = seconds(datetime.fromisoformat(profile.earliest).replace(tzinfo=UTC))
    rule = TimeRule(
        zone=profile.zone,
        formats=profile.formats,
        ambiguous=column.ambiguous or profile.ambiguous,
        nonexistent=profile.nonexistent,
        earliest=max(earliest, FIRST_RECORDED) if column.name in {"recorded_at", "withdrawn_at"} else earliest,
        last_of_day=column.name in LAST_OF_DAY,
    )
    times = read_times(texts, rule)
    sheet.reject(times.reasons != "", times.reasons, column.source + ": " + texts.fillna(""), column.name)
    if column.name in PRECISIONS:
        precision = pd.Series(pd.NA, index=texts.index, dtype="str").mask(times.is_day, "day")
        sheet.frame[PRECISIONS[column.name]] = precision
        midnights = int(np.count_nonzero(times.is_midnight))
        number, share = _MIDNIGHTS
        if midnights >= number and midnights >= share * (len(texts) - empty.sum()):
            sheet.notices.append(
                f"{midnights:,} times in the column {column.source} are 00:00. If they are days without a time, put a "
                'format such as "%Y-%m-%dT00:00:00" first under time: formats: a day counts as known at its end.'
            )
    values = pd.array(times.seconds, dtype="Int64").copy()
    return values if not empty.any() else pd.Series(values).mask(empty)
