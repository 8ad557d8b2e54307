"""Lines of an export that are no rows: the header again, and a line of totals that a query tool wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_NUMBER_FIRST = re.compile(
    r'^["\s(]*([\d,]*\d),* (?:rows?|records?)(?: affected| selected| returned| exported)?[\s.)",]*$', re.I
)
"""Such as "(1234 rows affected)", with or without empty cells after it."""

_WORD_FIRST = re.compile(
    r'^["\s(]*(?:grand |sub)?(?:(?:row|record)s?|(?:row |record )?(?:totals?|counts?)(?: (?:number )?(?:of )?'
    r'(?:rows?|records?))?)["\s]*[:=,\s]["\s:=,]*(\d[\d,]*)[\s.)",]*$',
    re.I,
)
"""Such as "Total: 7", "TOTAL,6" and "Row count,,7", in one cell or in two."""

_MAY_BE = r"(?i)\b(?:rows?|records?|sub)?(?:rows?|records?|totals?|counts?)\b"
"""Of a first cell: the few rows on which the patterns are tried."""


def stated_rows(text: str) -> int | None:
    """Return the number of rows that a line of totals states; None for any other line.

    >>> [stated_rows(text) for text in ("(1,234 rows affected)", "Total: 7", "TOTAL,6", "total,,", "Totally,6")]
    [1234, 7, 6, None, None]
    """
    match = _NUMBER_FIRST.match(text) or _WORD_FIRST.match(text)
    return int(match[1].replace(",", "")) if match else None


def not_records(raw: pa.Table) -> NDArray[np.bool_]:
    """Mask of rows that are the header again, or a line of totals whose other cells are empty.

    >>> rows = {"kind": ["theft", "kind", "(2 rows)", "Total"], "value": ["1", "value", None, "2"]}
    >>> not_records(pa.table(rows)).tolist()
    [False, True, True, True]
    """
    names = raw.column_names
    first = raw.column(0)
    is_header = pc.fill_null(pc.equal(first, names[0]), False).to_numpy()
    for name in names[1:] if is_header.any() else []:
        is_header = is_header & pc.fill_null(pc.equal(raw.column(name), name), False).to_numpy()
    is_total = np.zeros(raw.num_rows, dtype=bool)
    for row in _may_be_totals(first):
        is_total[row] = stated_rows(_written(raw, row)) is not None
    return np.asarray(is_header | is_total)


def totals(raw: pa.Table, torn: Sequence[str]) -> list[tuple[str, int]]:
    """Return every line of totals in a file: its text and the number of rows that it states.

    ``torn``: the texts of the lines with too many or too few cells.
    """
    texts = [_written(raw, row) for row in _may_be_totals(raw.column(0))]
    stated = [(text.strip().rstrip(",").strip('"'), stated_rows(text)) for text in [*texts, *torn]]
    return [(text, rows) for text, rows in stated if rows is not None]


def _may_be_totals(first: pa.ChunkedArray) -> list[int]:
    return np.flatnonzero(pc.fill_null(pc.match_substring_regex(first, _MAY_BE), False).to_numpy()).tolist()


def _written(raw: pa.Table, row: int) -> str:
    """Return the cells of a row in one text, empty cells too, so that only a row without other content is a total."""
    return ",".join(raw.column(name)[row].as_py() or "" for name in raw.column_names)
