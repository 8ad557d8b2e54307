"""One file of an export: read whole, typed column by column, each row kept or rejected with a reason."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
from numpy.typing import NDArray

from threat.asof import seconds
from threat.errors import BadInput
from threat.history.intake.profile import Column, File, Profile
from threat.history.intake.protected_words import map_protected
from threat.history.intake.references import read_references
from threat.history.intake.texts import clean_column
from threat.history.intake.times import TimeRule, read_times

_BLOCK = 1 << 22
"""4 MiB read at a time: progress moves, and a block of any encoding fits in memory several times over."""

YES_NO = {"yes": True, "true": True, "1": True, "y": True, "no": False, "false": False, "0": False, "n": False}


class Sheet:
    """The rows of one file.

    ``raw``: every column as text, null where empty. ``frame``: our columns, typed (times int64 seconds, nullable Int64
    where empty; words and text str). ``reason``: "" for a row that is kept, otherwise why not; ``detail``: the value at
    fault. ``empty_words``: by column of the file, how many rows have which word that is read as empty.
    ``number``: the row's number in the file, the first row after the header being 1. Rows with too many or too
    few cells are in ``torn`` (number, text) and in no other place.
    """

    def __init__(self, file: File, raw: pa.Table, number: NDArray[np.int64], torn: list[tuple[int, str]]) -> None:
        self.file = file
        self.raw = raw
        self.number = number
        self.torn = torn
        self.frame = pd.DataFrame(index=pd.RangeIndex(raw.num_rows))
        self.reason: NDArray[np.object_] = np.full(raw.num_rows, "", dtype=object)
        self.detail: NDArray[np.object_] = np.full(raw.num_rows, "", dtype=object)
        self.empty_words: dict[str, dict[str, int]] = {}

    @property
    def rows_in(self) -> int:
        return len(self.reason) + len(self.torn)

    @property
    def good(self) -> NDArray[np.bool_]:
        """True where a row is still kept."""
        return np.asarray(self.reason == "", dtype=bool)

    def reject(self, where: Any, reason: Any, detail: Any = "") -> None:
        """Quarantine rows: ``where`` a mask, ``reason`` and ``detail`` a text or a text per row.

        A row that was rejected before keeps its first reason.
        """
        mask = np.asarray(where, dtype=bool) & self.good
        if not mask.any():
            return
        for target, value in ((self.reason, reason), (self.detail, detail)):
            target[mask] = value if isinstance(value, str) else np.asarray(value, dtype=object)[mask]

    def record(self, row: int) -> str:
        """Return the row as the source wrote it, as JSON."""
        return json.dumps(
            {name: self.raw.column(name)[row].as_py() for name in self.raw.column_names}, ensure_ascii=False
        )


def read_sheet(
    path: Path, file: File, profile: Profile, advance: Callable[[float], None], *, may_be_empty: bool = False
) -> Sheet:
    """Read and type one file; ``advance`` gets the number of bytes read.

    ``may_be_empty``: a header without rows is a file of no row (a quiet night), not a broken export.

    Raises BadInput when the file cannot be read as a whole: empty, truncated, in another encoding, without a column it
    needs or with a column the profile does not know.
    """
    raw, number, torn = _parse(_bytes(path, profile.encoding, advance), path, may_be_empty=may_be_empty)
    _check_header(raw.column_names, file, path)
    sheet = Sheet(file, raw, number, torn)
    for column in file.columns:
        _type(sheet, column, profile)
    if file.name == "protected":
        for where, detail in map_protected(sheet.frame, file):
            sheet.reject(where, "unknown_code", detail)
    if file.key and raw.num_rows:
        keys = sheet.frame[list(file.key)]
        named = keys.notna().all(axis=1).to_numpy() & sheet.good
        twice = np.zeros(len(named), dtype=bool)
        twice[named] = keys[named].duplicated(keep="first").to_numpy()
        shown = keys.astype("str").fillna("").agg(", ".join, axis=1).to_numpy() if twice.any() else ""
        sheet.reject(twice, "duplicate_key", shown)
    return sheet


def _bytes(path: Path, encoding: str, advance: Callable[[float], None]) -> bytes:
    """Return the file, unpacked and as UTF-8 without a byte order mark."""
    out = io.BytesIO()
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 1
    with path.open("rb") as plain:
        magic = plain.read(2)
        plain.seek(0)
        stream: Any = gzip.GzipFile(fileobj=plain) if magic == b"\x1f\x8b" or path.suffix == ".gz" else plain
        try:
            done = 0
            while block := stream.read(_BLOCK):
                advance(plain.tell() - done)
                done = plain.tell()
                out.write(decoder.decode(block).encode("utf-8"))
                lines += block.count(b"\n")
            out.write(decoder.decode(b"", final=True).encode("utf-8"))
        except EOFError:
            raise BadInput(
                "The file ends too early: its compressed data is cut off.",
                where=str(path),
                way_out="export or copy it again; nothing was loaded",
            ) from None
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BadInput(
                "The file is named .gz but is damaged or not compressed.",
                value=error,
                where=str(path),
                way_out="export or copy it again; nothing was loaded",
            ) from None
        except UnicodeDecodeError as error:
            line = lines + error.object[: error.start].count(b"\n")
            raise BadInput(
                f"The file is not in the encoding the profile names ({encoding}).",
                value=f"byte 0x{error.object[error.start]:02x}",
                where=f"{path}, about line {line}",
                way_out="export it in that encoding, or change encoding in the profile (for example cp1252)",
            ) from None
    content = out.getvalue().removeprefix(codecs.BOM_UTF8)
    if not content.strip():
        raise BadInput("The file is empty.", where=str(path), way_out="check the export; nothing was loaded")
    return content


def _parse(
    content: bytes, path: Path, *, may_be_empty: bool
) -> tuple[pa.Table, NDArray[np.int64], list[tuple[int, str]]]:
    torn: list[tuple[int, str]] = []

    def keep_torn(row: Any) -> str:
        # Arrow counts the header as row 1.
        torn.append((int(row.number) - 1, row.text))
        return "skip"

    header = content.partition(b"\n")[0].decode("utf-8").rstrip("\r")
    names = [name.strip() for name in next(csv.reader([header]))]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput("The header repeats a column.", value=", ".join(repeated), where=str(path), way_out="rename one")
    if not content.partition(b"\n")[2].strip():
        if may_be_empty:
            return pa.table({name: pa.array([], pa.string()) for name in names}), np.arange(0), torn
        raise BadInput(
            "The file has a header and no rows.", where=str(path), way_out="check the export; nothing was loaded"
        )
    try:
        raw = pc_csv.read_csv(
            io.BytesIO(content),
            read_options=pc_csv.ReadOptions(use_threads=False, column_names=names, skip_rows=1, block_size=_BLOCK * 4),
            parse_options=pc_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_torn),
            convert_options=pc_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid as error:
        raise BadInput("The file cannot be read as CSV.", value=error, where=str(path), way_out="check it") from None
    trimmed = [pc.utf8_trim_whitespace(column) for column in raw.columns]
    raw = pa.table([pc.if_else(pc.equal(column, ""), None, column) for column in trimmed], names=names)
    number = np.delete(np.arange(1, raw.num_rows + len(torn) + 1), [at - 1 for at, _ in torn])
    return raw, number, torn


def _check_header(header: list[str], file: File, path: Path) -> None:
    missing = [c.source for c in file.columns if c.required and not c.absent and c.source not in header]
    if missing:
        raise BadInput(
            f"{'A column is' if len(missing) == 1 else 'Columns are'} missing.",
            value=", ".join(missing),
            where=str(path),
            way_out=f"the header has {', '.join(header)}; export the column or name it in the profile",
        )
    named = {column.source for column in file.columns if not column.absent}
    unknown = sorted(set(header) - named - set(file.ignored))
    if unknown:
        raise BadInput(
            "The file has columns the profile does not know.",
            value=", ".join(unknown),
            where=str(path),
            way_out="map them in the profile, or list them there as ignored: nothing is dropped silently",
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
        shown = column.source + ": " + texts.fillna("")
        sheet.reject(references.damaged, "damaged_reference", shown)
        sheet.reject(references.no_number, "unreadable_number", shown)
        texts = references.texts.to_pandas().astype("str")
    if column.required and column.default is None:
        detail = column.source + (": " + written.to_pandas().astype("str") + " is read as empty").fillna("")
        sheet.reject(texts.isna().to_numpy(), "missing_value", detail)
    return texts


def _typed(sheet: Sheet, column: Column, texts: pd.Series[Any], profile: Profile) -> Any:
    empty = texts.isna().to_numpy()
    if column.type == "time":
        rule = TimeRule(
            zone=profile.zone,
            formats=profile.formats,
            ambiguous=column.ambiguous or profile.ambiguous,
            nonexistent=profile.nonexistent,
            earliest=seconds(datetime.fromisoformat(profile.earliest).replace(tzinfo=UTC)),
        )
        values, reasons = read_times(texts, rule)
        sheet.reject(reasons != "", reasons, column.source + ": " + texts.fillna(""))
        return (
            pd.array(values, dtype="Int64").copy() if not empty.any() else pd.Series(values, dtype="Int64").mask(empty)
        )
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
