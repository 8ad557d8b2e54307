"""The records of a file counted by its lines and quotes alone, apart from the parser that reads the cells.

A quote opens a cell only as the cell's first character; inside, a quote is written twice. So one stray quote makes
every line up to the next quote part of one cell, and a parser that follows the rule loses those rows without a word.
Here such a cell is recognised by what is in it: a line that is a row of its own.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from threat.errors import BadInput
from threat.history.intake.limits import Limits

_LF, _CR, _QUOTE, _COMMA = 10, 13, 34, 44

_GROUP = 1 << 19
"""Lines whose quotes are looked at together: their positions, 8 bytes each, then stay within some 100 MB."""


@dataclass(frozen=True, slots=True)
class RowShape:
    """The look of a row of the file: its number of cells, and which of them hold a time in every row.

    ``is_time``: whether a text is a time by the profile's formats.
    """

    cells: int
    times: tuple[int, ...]
    is_time: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Records:
    """Counts of a file without its header.

    ``count``: records. ``blank_lines``: empty lines between them, which are no records. ``multi_line``: records with a
    quoted cell over several lines.
    """

    count: int
    blank_lines: int
    multi_line: int


class Lines:
    """The physical lines of a file after its header: LF, CR LF and a lone CR end a line.

    ``starts``, ``stops``: position of each line in the content, without its end. ``written``: lines that are not blank.
    """

    def __init__(self, content: bytes, start: int, path: Path) -> None:
        self.content = content
        self.path = path
        # The header is line 1, or line 2 where a line before it names the delimiter.
        self._before = max(1, content.count(b"\n", 0, start))
        self.starts, self.stops = _positions(content, start)
        self.written = int(np.count_nonzero(self.starts != self.stops))

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def spans(self) -> tuple[memoryview[int], memoryview[int]]:
        """Return starts and stops as views: one position at a time, arrays are ten times as slow."""
        return self.starts.data.cast("B").cast("q"), self.stops.data.cast("B").cast("q")

    def of(self, at: int) -> int:
        """Return the number of the line that a position is in."""
        return bisect_right(self.spans[0], at) - 1

    def cells(self, start: int, stop: int, least: int) -> list[str]:
        """Return the cells between two positions of a line; none where there are fewer commas than ``least`` cells."""
        if self.content.count(b",", start, stop) < least - 1:
            return []
        try:
            return next(csv.reader([self.content[start:stop].decode("utf-8")]), [])
        except csv.Error:  # a cell beyond the csv module's own limit: no row looks like it
            return []

    def where(self, line: int) -> str:
        """Return file and line as an error shows them: lines are counted from 0 after the header."""
        return f"{self.path}, line {line + 1 + self._before:,}"


def check_lines(lines: Lines, limits: Limits) -> None:
    """Raise BadInput for a line that is longer than ``limits`` allows a record to be."""
    if len(lines):
        sizes = lines.stops - lines.starts
        longest = int(np.argmax(sizes))
        _check_length(lines, longest, int(sizes[longest]), limits)


def count_records(lines: Lines, parsed: int | None, shape: RowShape, limits: Limits) -> Records:
    """Count the records of a file.

    ``parsed``: the number that a parser of cells has, None where it failed. If that is the number of lines that are not
    blank, every line is a record, and no quote holds more than a line: then only the last line can have a quote that is
    not closed. Otherwise the quotes are followed through the file.

    Raises BadInput for a quote that is never closed, or whose cell takes in further rows, text after its closing quote,
    or more lines or bytes than ``limits`` allows.
    """
    if parsed == lines.written:
        if parsed:
            last = int(np.flatnonzero(lines.starts != lines.stops)[-1])
            _last_line(lines, last, shape)
        return Records(lines.written, len(lines) - lines.written, 0)
    spans = _spans(lines, shape)
    blank = lines.starts == lines.stops
    within = 0
    starts, stops = lines.spans
    for first, last in spans:
        _check_length(lines, first, stops[last] - starts[first], limits)
        if last - first >= limits.record_lines:
            raise BadInput(
                f"This record has too many lines: {last - first + 1:,}, by a quoted cell.",
                where=lines.where(first),
                way_out=(
                    "close the quote on the line it belongs to; for text that is as long as that, raise limits: "
                    f"record_lines ({limits.record_lines}) in the profile; nothing was loaded"
                ),
            )
        within += last - first
        blank[first : last + 1] = False  # a blank line within a cell is text
    between = int(np.count_nonzero(blank))
    return Records(len(lines) - between - within, between, len(spans))


def _positions(content: bytes, start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return start and stop of every line from a position on."""
    data = np.frombuffer(content, dtype=np.uint8)
    ends = np.flatnonzero(data[start:] == _LF) + start
    stops = ends
    if content.find(b"\r", start) >= 0:
        returns = np.flatnonzero(data[start:] == _CR) + start
        before_feed = data[np.minimum(returns + 1, len(data) - 1)] == _LF
        ends = np.sort(np.concatenate([ends, returns[~before_feed]]))
        # A CR belongs to the LF after it; a position before the first byte is nobody's.
        stops = ends - ((data[ends] == _LF) & (data[np.maximum(ends - 1, 0)] == _CR) & (ends > start))
    starts = np.concatenate([np.array([start], dtype=np.int64), ends + 1])
    stops = np.append(stops, len(content))
    whole = starts < len(content)
    return starts[whole], stops[whole]


def _spans(lines: Lines, shape: RowShape) -> list[tuple[int, int]]:
    """Return first and last line of every record over several lines."""
    spans: list[tuple[int, int]] = []
    last = -1
    for first in _untidy(lines):
        if first > last:
            last = _last_line(lines, first, shape)
            if last > first:
                spans.append((first, last))
    return spans


def _untidy(lines: Lines) -> list[int]:
    """Return the lines whose quotes do not all open and close a cell within the line.

    In a line where they do, every second quote ends a cell or is followed by its double: all parsers read it alike.
    Only the other lines are read character by character.
    """
    if lines.content.find(b'"') < 0:
        return []
    data = np.frombuffer(lines.content, dtype=np.uint8)
    out: list[int] = []
    for group in range(0, len(lines.starts), _GROUP):
        starts, stops = lines.starts[group : group + _GROUP], lines.stops[group : group + _GROUP]
        base, end = int(starts[0]), int(stops[-1])
        quotes = np.flatnonzero(data[base:end] == _QUOTE) + base
        if not len(quotes):
            continue
        first_quote = np.searchsorted(quotes, starts)
        line = np.searchsorted(starts, quotes, side="right") - 1
        opens = (np.arange(len(quotes)) - first_quote[line]) % 2 == 0
        before = data[np.maximum(quotes - 1, 0)]
        after = data[np.minimum(quotes + 1, len(data) - 1)]
        is_first = np.arange(len(quotes)) == first_quote[line]
        tidy = np.where(
            opens,
            (quotes == starts[line]) | (before == _COMMA) | ((before == _QUOTE) & ~is_first),
            (quotes + 1 == stops[line]) | (after == _COMMA) | (after == _QUOTE),
        )
        number = np.bincount(line, minlength=len(starts))
        wrong = (number % 2 == 1) | (np.bincount(line[~tidy], minlength=len(starts)) > 0)
        out += (np.flatnonzero(wrong) + group).tolist()
    return out


def _last_line(lines: Lines, first: int, shape: RowShape) -> int:
    """Return the line on which the record that begins on line ``first`` ends."""
    content, line, cell = lines.content, first, 0
    starts, stops = lines.spans
    at, stop = starts[first], stops[first]
    while True:
        if at < stop and content[at] == _QUOTE:
            close = _closing(content, at)
            if close < 0:
                raise BadInput(
                    "This quote is never closed: it takes in everything to the end of the file.",
                    where=lines.where(line),
                    way_out="close the quote or take it out, or export the file again; nothing was loaded",
                )
            if close >= stop:
                opened, line = line, lines.of(close)
                stop = stops[line]
                after = content[close + 1 : close + 2] if close + 1 < stop else b","
                # A time over several lines is no time: the quote began in another row.
                if (
                    after != b","
                    or cell in shape.times
                    or _takes_in_rows(lines, (opened, at), (line, close), cell, shape)
                ):
                    raise _takes_in(lines, opened, line)
            at = close + 1
        comma = content.find(b",", at, stop)
        if comma < 0:
            # Free text leaves a record its cells; a record of several lines without them is made of several rows.
            if line > first and cell + 1 != shape.cells:
                raise _takes_in(lines, first, line)
            return line
        at, cell = comma + 1, cell + 1


def _takes_in(lines: Lines, first: int, last: int) -> BadInput:
    return BadInput(
        "This quote is not closed where its cell ends: it takes in the rows after it.",
        value=f"lines {first + 2:,} to {last + 2:,} as one record",
        where=lines.where(first),
        way_out="close the quote or take it out, or export the file again; nothing was loaded",
    )


def _closing(content: bytes, opening: int) -> int:
    """Return the position of the quote that closes a cell, passing over doubled quotes; -1 where none does."""
    at = opening + 1
    while (at := content.find(b'"', at)) >= 0:
        if content[at + 1 : at + 2] != b'"':
            return at
        at += 2
    return -1


def _takes_in_rows(
    lines: Lines, opening: tuple[int, int], closing: tuple[int, int], cell: int, shape: RowShape
) -> bool:
    """Tell whether a quoted cell over several lines, the cell with number ``cell``, takes in rows of the file.

    ``opening``, ``closing``: line and position of its quotes. A line inside that is a row of its own proves it; so does
    the rest of the first line, or the beginning of the last, where it is the rest or the beginning of a row. Free text
    may have as many commas as a row has; it has no times in the very cells where rows have them.
    """
    (first, opened_at), (last, closed_at) = opening, closing
    starts, stops = lines.spans
    later = [number - cell for number in shape.times if number > cell]
    earlier = [number for number in shape.times if number < cell]
    # The rest of a row needs a time in it, and so does a beginning: free text has commas of its own.
    rest = shape.cells - cell
    if later and _is_row(lines.cells(opened_at + 1, stops[first], rest), rest, later, shape):
        return True
    if earlier and _is_row(lines.cells(starts[last], closed_at, cell + 1), cell + 1, earlier, shape):
        return True
    # Of a file without a time in every row, the number of cells is all there is to tell a whole row by.
    return shape.cells > 1 and any(
        _is_row(lines.cells(starts[line], stops[line], shape.cells), shape.cells, shape.times, shape)
        for line in range(first + 1, last)
    )


def _is_row(cells: list[str], number: int, times: Sequence[int], shape: RowShape) -> bool:
    """Tell whether cells are as many as a row has, with a time in each of these."""
    return len(cells) == number and all(shape.is_time(cells[time].strip()) for time in times)


def _check_length(lines: Lines, line: int, length: int, limits: Limits) -> None:
    if length > limits.record_bytes:
        raise BadInput(
            f"This record is too long: {length:,} bytes.",
            where=lines.where(line),
            way_out=(
                "look for a quote that is not closed or line ends that are missing; for text that is as long as that, "
                f"raise limits: record_bytes ({limits.record_bytes:,}) in the profile; nothing was loaded"
            ),
        )
