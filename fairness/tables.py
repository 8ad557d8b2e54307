"""Read a table somebody hands in: every problem named with its column and line, nothing coerced."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from threat.errors import BadInput, UsageError, raise_all


def read_columns(path: Path, *, numbers: list[str], words: list[str]) -> pd.DataFrame:
    """Some columns of a CSV file (UTF-8, comma, header line): ``numbers`` as float64 (empty = NaN), ``words`` as text.

    Raises UsageError when there is no such file, BadInput listing every missing column and the first value of each
    column that is not a number, with its line.
    """
    if not path.is_file():
        raise UsageError("No RUN or file has this name.", where=str(path))
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except pd.errors.EmptyDataError:
        raise BadInput("The file is empty.", where=str(path)) from None
    except UnicodeDecodeError as error:
        raise BadInput("The file is not UTF-8.", value=error, where=str(path), way_out="save it as UTF-8") from None
    except pd.errors.ParserError as error:
        raise BadInput("The file is not a CSV table.", value=error, where=str(path)) from None
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
    except csv.Error as error:  # a name of more than 131,072 characters
        raise BadInput("The header of the file cannot be read.", value=error, where=str(path)) from None
    problems: list[Any] = [
        BadInput("The file names a column twice.", value=name, where=str(path))
        for name in dict.fromkeys(header)
        if header.count(name) > 1
    ]
    problems += [
        BadInput(
            "The file has no such column.", value=name, where=str(path), way_out=f"it has {', '.join(raw.columns)}"
        )
        for name in dict.fromkeys([*numbers, *words])
        if name not in raw.columns
    ]
    raise_all(problems)
    if raw.empty:
        raise BadInput("The file has a header and no rows.", where=str(path))
    out = {}
    for name in dict.fromkeys(numbers):
        text = raw[name].str.strip()
        values = pd.to_numeric(text, errors="coerce")
        # 1e999 is read as infinity, which is no number either.
        wrong = (values.isna() & ~text.str.lower().isin(["", "nan", "na"])) | np.isinf(values)
        if wrong.any():
            line = int(wrong.to_numpy().argmax())
            where = f"{path}, line {line + 2}"  # line 1 is the header
            problems.append(BadInput(f"Column {name} has a value that is not a number.", value=text[line], where=where))
        out[name] = values
    raise_all(problems)
    for name in dict.fromkeys(words):
        text = raw[name].str.strip()
        out[name] = text.where(text != "", None)
    return pd.DataFrame(out)
