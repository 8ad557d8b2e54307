"""Malformed files: refused with a first sentence, or loaded with these counts and reasons."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fixtures.standard_export import GOOD, HEADER, NOW, events, line

from threat.errors import BadInput
from threat.history import Store
from threat.history.intake.load import load
from threat.history.intake.report import LoadReport, lines


def rows(number: int, **changes: str) -> list[str]:
    return [line(**GOOD | {"event": f"E{i}"} | changes) for i in range(number)]


def text(*parts: str, end: str = "\n") -> bytes:
    return (end.join([HEADER, *parts]) + end).encode()


def loaded(folder: Path, content: bytes, name: str = "events.csv") -> LoadReport:
    (folder / "export").mkdir()
    (folder / "export" / name).write_bytes(content)
    return load("standard_csv", folder / "export", folder / "store", NOW)


FIRST, SECOND, THIRD = rows(3)
TORN = 'E9,"open' + FIRST[2:]

REFUSED: dict[str, tuple[bytes, str]] = {
    "a quote opened and never closed": (text(FIRST, TORN, THIRD), "This quote is never closed"),
    "a file cut within a quoted cell": (text(FIRST, 'E9,"cut he')[:-1], "This quote is never closed"),
    "a quote closed rows later": (
        text(FIRST, 'E8,I1,"anna,ben,' + SECOND, THIRD, 'E9,"I1",anna,ben'),
        "This quote is not closed where its cell ends",
    ),
    "a last cell opened, and closed in the last cell of the next row": (
        text(FIRST + '"x', SECOND + 'x"', THIRD),
        "This quote is not closed where its cell ends",
    ),
    "a cell of three hundred lines": (
        text(FIRST, line(**GOOD | {"subject": '"' + "a\n" * 300 + '"'})),
        "This record has too many lines: 301, by a quoted cell.",
    ),
    "a line of two million bytes": (
        text(FIRST, line(**GOOD | {"subject": "a" * 2_000_000})),
        "This record is too long",
    ),
    "a header of 300 kB": (b"kind," + b"x" * 300_000 + b"\n", "The header is too long: 300,005 bytes."),
    "no line end in 300 kB": (b"a" * 300_000, "The header is too long: 300,000 bytes."),
    "lines that end with CR alone": (text(*rows(3), end="\r"), "The lines of the file do not end with LF"),
    "a NUL byte": (text(FIRST, SECOND.replace("anna", "an\0a")), "The file holds a NUL byte, which no text has."),
    "UTF-16 with its mark": (
        text(FIRST).decode().encode("utf-16"),
        "The file is not in the encoding the profile names",
    ),
    "UTF-16 without its mark": (text(FIRST).decode().encode("utf-16-le"), "The file holds a NUL byte"),
    "semicolons": (text(FIRST).replace(b",", b";"), "The cells are separated by semicolons, not by commas."),
    "tabs": (text(FIRST).replace(b",", b"\t"), "The cells are separated by tabs, not by commas."),
    "a header that ends with delimiters": (
        text(FIRST + ",,").replace(b"supersedes\n", b"supersedes,,\n"),
        "The header has columns without a name.",
    ),
    "a blank line first": (b"\n" + text(FIRST), "The first line is blank."),
    "a header with a quote that is not closed": (
        text(FIRST).replace(b"event,", b'"event,', 1),
        "The header has a quote",
    ),
    "a workbook": (b"PK\x03\x04" + bytes(range(256)) + b"xl/workbook.xml", "The file is an Excel workbook, not CSV."),
    "a zip archive": (b"PK\x03\x04" + bytes(range(256)), "The file is a zip archive, not CSV."),
    "an old workbook": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "The file is an Excel workbook of the old kind",
    ),
    "a web page": (b"\xef\xbb\xbf\r\n<HTML><table><tr><td>event</td></tr></table>", "The file is a web page (HTML)"),
    "an XML workbook": (b"<?xml version='1.0'?><Workbook/>", "The file is XML, not CSV."),
    "a separator that is no comma": (b"sep=;\n" + text(FIRST), "The cells are separated by semicolons, not by commas."),
    "a quote after a line that names the separator": (b"sep=,\n" + text(TORN), "This quote is never closed"),
    "nothing after a line that names the separator": (b"sep=,\n", 'The line after "sep=," is blank.'),
    "a column misspelt": (
        text(FIRST).replace(b"kind", b"knd", 1).replace(b"incident", b"incidnt", 1),
        "A column is missing, and the file has columns the profile does not know.",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_files_that_are_refused(tmp_path: Path, case: str) -> None:
    content, problem = REFUSED[case]
    with pytest.raises(BadInput) as raised:
        loaded(tmp_path, content)
    assert raised.value.problem.startswith(problem)
    assert (raised.value.exit_code, "events.csv" in raised.value.where, bool(raised.value.way_out)) == (3, True, True)
    assert Store.open(tmp_path / "store").snapshot().batches == ()


@pytest.mark.parametrize(("before", "line"), [(b"", 1), (b"sep=,\n", 2)])
def test_what_is_wrong_with_a_header_is_said_with_its_line(tmp_path: Path, before: bytes, line: int) -> None:
    with pytest.raises(BadInput, match="The header has a quote") as raised:
        loaded(tmp_path, before + text(FIRST).replace(b"event,", b'"event,', 1))
    assert str(raised.value.where).endswith(f"events.csv, line {line}")


@dataclass(frozen=True)
class Counted:
    """What the report of a load must say: rows in and kept, reasons, further counts, a word of its text."""

    rows: tuple[int, int]
    reasons: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    says: str = ""
    exit_code: int = 0


LOADED: dict[str, tuple[bytes, Counted]] = {
    "CR LF and LF mixed": (text(FIRST) + (SECOND + "\r\n" + THIRD).encode(), Counted((3, 3))),
    "a byte order mark": (b"\xef\xbb\xbf" + text(FIRST), Counted((1, 1))),
    "blank lines in the middle": (
        text(FIRST, "", "", SECOND, ""),
        Counted((2, 2), counts={"blank_lines": 3}, says="3 blank lines, which are no rows"),
    ),
    "free text over several lines": (
        text(line(**GOOD | {"kind": "theft", "code": '"anna,\nso she says"'}), THIRD),
        Counted((2, 2), counts={"multi_line_records": 1}, says="1 rows with text over several lines"),
    ),
    "a quote in the middle of a cell": (
        text(line(**GOOD | {"kind": "theft", "code": 'five foot 6"'}), THIRD),
        Counted((2, 2)),
    ),
    "the header again": (text(FIRST, HEADER, SECOND), Counted((3, 2), {"not_a_record": 1}, exit_code=6)),
    "a line of totals": (
        text(*rows(3), "(3 rows affected)"),
        Counted((4, 3), {"not_a_record": 1}, says="not_a_record", exit_code=6),
    ),
    "a total that is not the number of rows": (
        text(*rows(3), "(1,234 rows affected)" + "," * HEADER.count(",")),
        Counted((4, 3), {"not_a_record": 1}, says="says (1,234 rows affected) and has 3 rows", exit_code=6),
    ),
    "a total of rows that are lost": (
        text(*rows(3), "(1234 rows affected)" + "," * HEADER.count(",")),
        Counted((4, 3), {"not_a_record": 1}, says="(1234 rows affected) and has 3 rows: some may be lost", exit_code=6),
    ),
    "rows that end with a delimiter": (
        text(FIRST + ",", SECOND),
        Counted((2, 1), {"wrong_number_of_cells": 1}, exit_code=6),
    ),
    "a total in a word and a cell": (
        text(*rows(3), "TOTAL,6"),
        Counted((4, 3), {"not_a_record": 1}, says="says TOTAL,6 and has 3 rows: some may be lost", exit_code=6),
    ),
    "a total in one cell": (
        text(*rows(3), "Total: 7" + "," * HEADER.count(",")),
        Counted((4, 3), {"not_a_record": 1}, says="says Total: 7 and has 3 rows: some may be lost", exit_code=6),
    ),
    "a line that names the separator": (
        b"sep=,\r\n" + text(FIRST, SECOND),
        Counted((2, 2), says="begins with the line sep=, which names the delimiter and is no row"),
    ),
    "rows of delimiters": (text(FIRST, "," * HEADER.count(",")), Counted((2, 1), {"missing_value": 1}, exit_code=6)),
}


@pytest.mark.parametrize("case", LOADED)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_files_that_are_loaded_and_what_is_said(tmp_path: Path, case: str, packed: bool) -> None:
    content, expected = LOADED[case]
    name = "events.csv.gz" if packed else "events.csv"
    report = loaded(tmp_path, gzip.compress(content) if packed else content, name)
    assert (report.rows_in, report.rows_kept) == expected.rows
    assert {reason.reason: reason.rows for reason in report.reasons} == expected.reasons
    counts = report.files["events"]
    assert counts is not None
    assert {name: getattr(counts, name) for name in expected.counts} == expected.counts
    assert expected.says in lines(report)
    assert report.exit_code == expected.exit_code


def test_every_file_that_cannot_be_read_is_said_at_once(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    (export / "persons.csv").write_text("")
    (export / "events.csv").write_bytes(text(FIRST, TORN))
    with pytest.raises(BadInput, match="2 problems") as raised:
        load("standard_csv", export, tmp_path / "store", NOW)
    assert "The file is empty." in str(raised.value)
    assert "This quote is never closed" in str(raised.value)


def test_a_column_that_matters_is_not_missing_in_silence(tmp_path: Path) -> None:
    names = [name for name in HEADER.split(",") if name != "domestic"]
    content = "\n".join([",".join(names), ",".join(GOOD.get(name, "") for name in names)])
    report = loaded(tmp_path, content.encode())
    assert report.rows_kept == 1
    assert report.exit_code == 6
    (warning,) = report.warnings
    assert warning.startswith("events.csv has no column domestic: every row is read as unknown")
    assert f"WARNING: {warning}" in lines(report)
    assert "domestic (read as unknown)" in report.notices[-1]


def test_the_columns_an_export_lacks_are_said(tmp_path: Path) -> None:
    report = loaded(tmp_path, "\n".join(events(GOOD)).encode())
    assert report.exit_code == 0
    expected = "events.csv lacks the columns record (left empty), proactive (read as no), reported_by (read as unknown)"
    assert any(notice.startswith(expected) for notice in report.notices)


def test_what_is_missing_and_what_is_not_known_are_said_together_with_names_that_are_near(tmp_path: Path) -> None:
    content, _ = REFUSED["a column misspelt"]
    with pytest.raises(BadInput) as raised:
        loaded(tmp_path, content)
    assert raised.value.value == "missing: kind; not known: incidnt, knd"
    assert raised.value.way_out.startswith("perhaps incidnt is incident; perhaps knd is kind; the header has event,")


def test_a_line_is_counted_from_the_top_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as raised:
        loaded(tmp_path, REFUSED["a quote after a line that names the separator"][0])
    assert raised.value.where.endswith("line 3")
