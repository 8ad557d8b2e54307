"""The cells of a file of an export as text: the header checked, every record counted, torn records kept apart."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
from numpy.typing import NDArray

from threat.errors import BadInput
from threat.history.intake.profile import File, Profile
from threat.history.intake.records import Lines, Records, RowShape, check_lines, count_records
from threat.history.intake.times import is_time
from threat.history.intake.totals import stated_rows
from threat.history.intake.unpacked import read_unpacked

_PARSED_AT_ONCE = 1 << 24
"""16 MiB: Arrow reads no record that is longer than a block, and the limit on a record stays below."""

_SEPARATOR = re.compile(rb'"?sep=(.)"?[,;]*\r?\n', re.I)
"""A first line that tells Excel the delimiter; it is neither the header nor a row."""

_OTHER_DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}


class Torn(NamedTuple):
    """A record with too many or too few cells: its number in the file, its text, and why it is quarantined."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a file. ``raw``: every column as text, null where empty. ``number``: of each row in the file.

    The first record after the header has number 1. ``records``: the count that ``raw`` and ``torn`` add up to.
    ``names_separator``: a line before the header names the delimiter.
    """

    raw: pa.Table
    number: NDArray[np.int64]
    torn: list[Torn]
    records: Records
    names_separator: bool


def read_cells(
    path: Path, file: File, profile: Profile, advance: Callable[[float], None], *, may_be_empty: bool
) -> Cells:
    """Read one file; ``advance`` gets the number of bytes read. ``may_be_empty``: a header without rows is no fault.

    Raises BadInput when the file cannot be read as a whole: empty, cut off, beyond a limit of the profile, in another
    encoding, with other delimiters or line ends, with a quote that takes in rows, or where the parser finds another
    number of records than ``count_records``.
    """
    content = read_unpacked(path, profile.encoding, profile.limits, advance)
    begin = _after_separator(content, path)
    line = f"{path}, line {2 if begin else 1}"
    names, start = _header(content, begin, line, profile.limits.header_bytes)
    _check_delimiter(names, file, line)
    times = [
        names.index(c.source)
        for c in file.columns
        if c.type == "time" and c.required and c.source in names and not c.absent
    ]
    shape = RowShape(len(names), tuple(sorted(times)), lambda text: is_time(text, profile.formats))
    lines = Lines(content, start, path)
    check_lines(lines, profile.limits)
    if not lines.written:
        if may_be_empty:
            empty = pa.table({name: pa.array([], pa.string()) for name in names})
            return Cells(empty, np.arange(0), [], Records(0, len(lines), 0), begin > 0)
        raise BadInput(
            "The file has a header and no rows.", where=str(path), way_out="check the export; nothing was loaded"
        )
    try:
        raw, torn = _parse(content, start, names)
    except pa.ArrowInvalid as error:
        count_records(lines, None, shape, profile.limits)  # a quote that takes in rows is the likelier word for it
        raise BadInput("The file cannot be read as CSV.", value=error, where=str(path), way_out="check it") from None
    records = count_records(lines, raw.num_rows + len(torn), shape, profile.limits)
    if raw.num_rows + len(torn) != records.count:
        raise BadInput(
            "The file can be read in two ways: its lines and quotes do not fit together.",
            value=f"{records.count:,} records by lines and quotes, {raw.num_rows + len(torn):,} by cells",
            where=str(path),
            way_out="look for stray quotes and line ends, or export it again; nothing was loaded",
        )
    number = np.delete(np.arange(1, records.count + 1), [item.number - 1 for item in torn])
    return Cells(raw, number, torn, records, begin > 0)


def _after_separator(content: bytes, path: Path) -> int:
    """Return where the header begins: after the line ``sep=,`` if there is one, which is a word of Excel for itself."""
    match = _SEPARATOR.match(content)
    if match is None:
        return 0
    if match[1] != b",":
        delimiter = match[1].decode()
        raise BadInput(
            f"The cells are separated by {_OTHER_DELIMITERS.get(delimiter, delimiter)}, not by commas.",
            value=f"sep={delimiter}",
            where=f"{path}, line 1",
            way_out="export the file with commas; nothing was loaded",
        )
    return match.end()


def _header(content: bytes, begin: int, where: str, limit: int) -> tuple[list[str], int]:
    """Return the names of the columns and where the rows begin.

    ``begin``: where the header does. ``where``: its line, as an error shows it.
    """
    feed, first_return = content.find(b"\n", begin), content.find(b"\r", begin)
    if feed < 0 and 0 <= first_return < len(content) - 1:
        raise BadInput(
            "The lines of the file do not end with LF: they end with CR alone.",
            where=where,
            way_out="export the file with LF or CR LF at the end of each line; nothing was loaded",
        )
    ends = [at for at in (feed, first_return) if at >= 0]
    stop = min(ends, default=len(content))
    if stop - begin > limit:
        raise BadInput(
            f"The header is too long: {stop - begin:,} bytes.",
            where=where,
            way_out=f"check the line ends and the export; a header has at most {limit:,} bytes (limits: header_bytes)",
        )
    text = content[begin:stop].decode("utf-8")
    if not text.strip():
        blank = 'The line after "sep=," is blank.' if begin else "The first line is blank."
        raise BadInput(blank, where=where, way_out="begin the file with the names of the columns")
    if text.count('"') % 2:
        raise BadInput("The header has a quote that is not closed.", where=where, way_out="mend the header")
    names = [name.strip() for name in next(csv.reader([text]))]
    nameless = [str(number) for number, name in enumerate(names, 1) if not name]
    if nameless:
        raise BadInput(
            "The header has columns without a name.",
            value=f"column {', '.join(nameless)}",
            where=where,
            way_out="name them or leave them out: nothing is dropped silently",
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise BadInput("The header repeats a column.", value=", ".join(repeated), where=where, way_out="rename one")
    is_pair = content[stop : stop + 2] == b"\r\n"
    return names, min(stop + (2 if is_pair else 1), len(content))


def _check_delimiter(names: list[str], file: File, where: str) -> None:
    """Refuse a header that names the columns only when cut at another delimiter than the comma."""
    required = {column.source for column in file.columns if column.required and not column.absent}
    if required <= set(names):
        return
    text = ",".join(names)
    for delimiter, words in _OTHER_DELIMITERS.items():
        parts = {part.strip().strip('"') for part in text.split(delimiter)}
        if len(parts) > 1 and required <= parts:
            raise BadInput(
                f"The cells are separated by {words}, not by commas.",
                where=where,
                way_out="export the file with commas; nothing was loaded",
            )


def _parse(content: bytes, start: int, names: list[str]) -> tuple[pa.Table, list[Torn]]:
    torn: list[Torn] = []

    def keep_torn(row: Any) -> str:
        torn.append(
            Torn(
                int(row.number), row.text, "wrong_number_of_cells" if stated_rows(row.text) is None else "not_a_record"
            )
        )
        return "skip"

    raw = pc_csv.read_csv(
        pa.BufferReader(pa.py_buffer(content).slice(start)),
        read_options=pc_csv.ReadOptions(use_threads=False, column_names=names, block_size=_PARSED_AT_ONCE),
        parse_options=pc_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_torn),
        convert_options=pc_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
        ),
    )
    trimmed = [pc.utf8_trim_whitespace(column) for column in raw.columns]
    return pa.table([pc.if_else(pc.equal(column, ""), None, column) for column in trimmed], names=names), torn
