"""Records counted by lines and quotes alone, compared with a count by hand and with the parser of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fixtures.record_count import count_slowly
from fixtures.standard_export import GOOD, line, write
from fixtures.standard_export import HEADER as HEADER_OF_EVENTS
from hypothesis import given, settings
from hypothesis import strategies as st

from threat.errors import BadInput
from threat.history.intake import records as records_module
from threat.history.intake.cells import Cells, read_cells
from threat.history.intake.columns import Column, File
from threat.history.intake.limits import Limits
from threat.history.intake.profile import load_profile
from threat.history.intake.records import Lines, Records, RowShape, count_records
from threat.history.intake.sheet import read_sheet

TWO_COLUMNS = File("things", "things.csv", (Column("x", "x"), Column("y", "y")))
SHAPE = RowShape(2, (), lambda text: False)
HEADER = b"x,y\n"


def bodies() -> st.SearchStrategy[bytes]:
    """CSV bytes of few characters, so that quotes, delimiters and line ends meet in every way."""
    pieces = [b"a", b"b", b" ", b",", b",", b'"', b'"', b'""', b'",', b',"', b"\n", b"\r\n", b"\r"]
    return st.lists(st.sampled_from(pieces), max_size=40).map(b"".join)


def problem_or(made: Callable[[], Any]) -> Any:
    """Return what a call makes, or the problem of the BadInput that it raises."""
    try:
        return made()
    except BadInput as error:
        return error.problem


def count(body: bytes, parsed: int | None = None, shape: RowShape = SHAPE) -> Records:
    lines = Lines(HEADER + body, len(HEADER), Path("things.csv"))
    return count_records(lines, parsed, shape, Limits())


@given(bodies(), st.sampled_from([1, 2, 1 << 19]))
def test_the_count_is_that_of_a_reading_character_by_character(body: bytes, lines_at_once: int) -> None:
    expected = count_slowly(body)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records_module, "_GROUP", lines_at_once)
        counted = problem_or(lambda: count(body))
    if isinstance(counted, Records):
        assert expected == (counted.count, counted.blank_lines)
    else:
        assert counted.startswith("This quote")
        assert expected is None or "where its cell ends" in counted


@given(bodies())
def test_rows_in_are_the_records_of_the_file_or_the_file_is_refused(
    tmp_path_factory: pytest.TempPathFactory, body: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "things.csv"
    path.write_bytes(HEADER + body)
    profile, expected = load_profile("standard_csv"), count_slowly(body)
    cells = problem_or(lambda: read_cells(path, TWO_COLUMNS, profile, lambda amount: None, may_be_empty=False))
    if isinstance(cells, Cells):
        assert (cells.raw.num_rows + len(cells.torn), cells.records.blank_lines) == expected
        numbers = sorted([*cells.number.tolist(), *(torn.number for torn in cells.torn)])
        assert numbers == list(range(1, cells.records.count + 1))
    else:
        no_rows = expected is not None and expected[0] == 0
        assert expected is None or no_rows or "where its cell ends" in cells


@settings(deadline=None)  # typing a sheet takes longer on a machine under load
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12), st.booleans()), min_size=1, max_size=2))
def test_stray_quotes_in_an_export_lose_no_row(
    tmp_path_factory: pytest.TempPathFactory, strays: list[tuple[int, int, bool]]
) -> None:
    rows = [line(**GOOD | {"event": f"E{number}", "code": ""}).split(",") for number in range(6)]
    for row, cell, at_start in strays:
        rows[row][cell] = '"' + rows[row][cell] if at_start else rows[row][cell] + '"'
    folder = tmp_path_factory.mktemp("export")
    write(folder, events=[HEADER_OF_EVENTS, *(",".join(row) for row in rows)])
    file = next(file for file in load_profile("standard_csv").files if file.name == "events")
    sheet = problem_or(
        lambda: read_sheet(folder / "events.csv", file, load_profile("standard_csv"), lambda amount: None)
    )
    assert sheet.startswith("This quote") if isinstance(sheet, str) else sheet.rows_in == 6


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a,b\nc,d\n", Records(2, 0, 0)),
        (b"a,b\r\nc,d", Records(2, 0, 0)),
        (b"\n\na,b\n\nc,d\n\n", Records(2, 4, 0)),
        (b'a,"two\n\nlines"\nc,d\n', Records(2, 0, 1)),
        (b'a,"say ""no""\nto that"\n"c","d"\n', Records(2, 0, 1)),
        (b'five foot 6",b\nc,d"d\n', Records(2, 0, 0)),
    ],
    ids=str,
)
def test_what_is_a_record(body: bytes, expected: Records) -> None:
    assert count(body) == expected


@pytest.mark.parametrize(
    ("body", "problem", "line"),
    [
        (b'a,b\nc,"d\ne,f\n', "This quote is never closed", 3),
        (b'a,b\nc,"d\n', "This quote is never closed", 3),
        (b'a,b\nc,"d\n\n\n', "This quote is never closed", 3),
        (b'a,b\nc,d\ne,"f', "This quote is never closed", 4),
        (b'a,"b\n"c",d\n', "This quote is not closed where its cell ends", 2),
        # A line inside that has as many cells as a row.
        (b'a,"b\nc,d\ne,f"\n', "This quote is not closed where its cell ends", 2),
    ],
    ids=str,
)
def test_a_quote_that_takes_in_rows_is_refused_with_its_line(body: bytes, problem: str, line: int) -> None:
    parsed = None if b"\n" in body.rstrip(b"\n").partition(b'"')[2] else body.strip(b"\n").count(b"\n") + 1
    with pytest.raises(BadInput, match=problem) as raised:
        count(body, parsed)
    assert raised.value.where == f"things.csv, line {line}"


WITH_TIMES = RowShape(4, (1, 3), lambda text: text.startswith("2024"))


@pytest.mark.parametrize(
    "rows",
    [
        # The quote opens before the times of a row, between them and after them; and closes in the next row or later.
        ['"a,2024,b,2024', 'c",2024,d,2024'],
        ['a,2024,"b,2024', 'c,2024,d",2024'],
        ["a,2024,b,2024", 'c,2024,"d,2024', "e,2024,f,2024", 'g,2024,h",2024'],
        ['"a,2024,b,2024', "c,2024,d,2024", 'e",2024,f,2024'],
    ],
    ids=str,
)
def test_rows_with_times_inside_a_cell_are_seen(rows: list[str]) -> None:
    with pytest.raises(BadInput, match="takes in the rows after it"):
        count("\n".join(rows).encode(), shape=WITH_TIMES)


@pytest.mark.parametrize(
    "text",
    [
        "she said, he said,\nand so on, and so on",
        "first, second, third\nfourth, fifth, sixth\nlast",
        "2024\n2024",
        "\n",
    ],
)
def test_free_text_over_several_lines_stays_a_cell(text: str) -> None:
    assert count(f'a,2024,"{text}",2024\n'.encode(), shape=WITH_TIMES) == Records(1, 0, 1)


@pytest.mark.parametrize(
    ("limits", "body", "problem"),
    [
        (Limits(record_bytes=20), b"a," + b"b" * 30, "This record is too long: 32 bytes."),
        (Limits(record_bytes=20), b'a,"' + b"b\n" * 15 + b'"', "This record is too long: 34 bytes."),
        (Limits(record_lines=3), b'a,"b\nc\nd\ne"', "This record has too many lines: 4, by a quoted cell."),
    ],
)
def test_records_beyond_a_limit_are_refused(tmp_path: Path, limits: Limits, body: bytes, problem: str) -> None:
    (tmp_path / "things.csv").write_bytes(HEADER + body)
    profile = replace(load_profile("standard_csv"), limits=limits)

    with pytest.raises(BadInput) as raised:
        read_cells(tmp_path / "things.csv", TWO_COLUMNS, profile, lambda amount: None, may_be_empty=False)
    assert raised.value.problem == problem
    assert raised.value.where.endswith("things.csv, line 2")
