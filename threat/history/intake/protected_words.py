"""Words for protected characteristics, as sources write them, to the closed lists of ``threat.protected_codes``.

A characteristic, a code or the title of a code is taken in any case and with any punctuation; other words only where
the profile maps them: a source whose ``gender`` means sex has to say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from threat.history.intake.columns import Column, File
from threat.protected_codes import ANY_SCHEME, characteristics, codes, schemes


def map_protected(frame: pd.DataFrame, file: File) -> Iterator[tuple[pd.Series[Any], pd.Series[Any]]]:
    """Replace characteristic and code of every row by those of the lists; yield masks of rows to quarantine, and why.

    ``frame``: the columns of the file, among them the texts ``characteristic``, ``code`` and ``scheme``.
    """
    columns = {column.name: column for column in file.columns}
    written = frame["characteristic"]
    listed = {name: name for name in characteristics()}
    frame["characteristic"] = _mapped(written, listed, columns["characteristic"].words)
    yield frame["characteristic"].isna() & written.notna(), _shown("characteristic", written)
    pairs = zip(frame["characteristic"].fillna(""), frame["scheme"].fillna(""), strict=True)
    is_listed = [scheme in schemes(name) or ANY_SCHEME in schemes(name) for name, scheme in pairs]
    yield (
        ~pd.Series(is_listed, frame.index, dtype=bool),
        _shown("scheme of " + frame["characteristic"], frame["scheme"]),
    )
    written = frame["code"]
    frame["code"] = _codes(frame, columns["code"])
    yield frame["code"].isna() & written.notna(), _shown("code of " + frame["characteristic"], written)


def _codes(frame: pd.DataFrame, column: Column) -> pd.Series[Any]:
    """Return the code of each row, null where the list of its characteristic and scheme has none such."""
    out = pd.Series([None] * len(frame), index=frame.index, dtype="str")
    for (characteristic, scheme), rows in frame.groupby(["characteristic", "scheme"]):
        listed = codes(str(characteristic), str(scheme))
        words = column.words_of.get(str(characteristic), {})
        words = {word: code for word, code in words.items() if code in listed}
        by_title = {title: code for code, title in listed.items()}
        out[rows.index] = _mapped(rows["code"], by_title | {code: code for code in listed}, words)
    return out


def _mapped(texts: pd.Series[Any], listed: dict[str, str], words: Any) -> pd.Series[Any]:
    """Map texts in any case and punctuation; a word of the profile before a word of the list."""
    plain = {_plain(word): code for word, code in {**listed, **words}.items()}
    return texts.map({text: plain.get(_plain(text)) for text in texts.dropna().unique()}).astype("str")


def _plain(text: str) -> str:
    """Return a word without case and punctuation; a word of punctuation alone as it is.

    >>> _plain("White: British"), _plain(" white british"), _plain("+")
    ('white british', 'white british', '+')
    """
    return re.sub(r"[\W_]+", " ", text.lower()).strip() or text


def _shown(name: Any, texts: pd.Series[Any]) -> pd.Series[Any]:
    return (name if isinstance(name, str) else name.fillna("")) + ": " + texts.fillna("")
