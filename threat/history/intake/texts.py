"""Text as sources write it, in one form: Unicode NFC, without characters that nobody sees.

This is the only thing done to every text of every file and profile; text of plain ASCII stays as it is.
"""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0f\ufeff"
"""Soft hyphen, joiners, direction marks, zero-width spaces, byte order mark: copied along from web pages and documents.

Written as a character class, because Arrow and Python both read one.
"""

_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Spaces that are no plain space: a no-break space at the end of a reference would make a second person."""

_INVISIBLE_PATTERN, _SPACES_PATTERN = re.compile(f"[{_INVISIBLE}]"), re.compile(f"[{_SPACES}]")


def clean(text: str) -> str:
    r"""Return a text in NFC, every space a plain space, without invisible characters.

    >>> clean("Jose\u0301\u200b"), clean("12\u00a03"), clean("00123 ")
    ('José', '12 3', '00123 ')
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _SPACES_PATTERN.sub(" ", _INVISIBLE_PATTERN.sub("", text)))


def clean_column(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of texts, each as ``clean`` returns it and without blanks around it; null where nothing is left.

    A column of plain ASCII is returned as it is: asking costs little, and most columns are.
    """
    if pc.all(pc.string_is_ascii(texts)).as_py() is not False:
        return texts
    # Each distinct text once: exports repeat names and references.
    encoded = texts.combine_chunks().dictionary_encode()
    cleaned = pa.array([clean(text).strip() or None for text in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([pc.take(cleaned, encoded.indices)])
