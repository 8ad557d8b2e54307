"""References as sources write them: words that name nobody, digits that a spreadsheet has lost, numbers as text.

A reference is a source's own text for a person, record, incident, event or relationship, and ids are hashes of the
text. So a word such as NULL would be one person with the history of everybody who is not known. Spellings that only
look alike (00123 and 123) are never made one here, unless the profile says that the reference is a number:
``look_alikes`` lists them for a person to decide.
"""

from __future__ import annotations

import re
import string
from collections.abc import Collection
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_PARTIES = (
    *("person", "male", "female", "man", "woman", "individual", "party", "nominal", "name", "identity"),
    *("suspect", "offender", "perpetrator", "subject", "victim", "aggrieved", "injured party"),
)
"""What is written next to ``unknown`` and its like, before or after, to say of whom nothing is known."""

EMPTY_WORDS = (
    *("-", "?", "0", "-1", "none", "null", "nil", "nan", "na", "n/a", "n.a", "n/k", "nk", "u/k", "unk", "undefined"),
    *("unknown", "unidentified", "unnamed", "anonymous", "nobody", "no one", "blank", "empty", "missing", "no value"),
    *("not known", "not yet known", "not recorded", "not stated", "not applicable", "not available", "not provided"),
    *("not given", "not entered", "not specified", "not identified", "not yet identified", "not disclosed"),
    *("none known", "none given", "none recorded", "none stated", "none identified", "no suspect", "no victim"),
    *("to be confirmed", "to be identified", "tbc", "tba", "tbd", "#ref!", "#value!", "#name?"),
    *(f"{word} {party}" for word in ("unknown", "unidentified", "unnamed") for party in _PARTIES),
    *(f"{party} {word}" for word in ("unknown", "unidentified", "not known") for party in _PARTIES),
)
"""Words that name nobody, in lower case; a profile adds or removes some under ``empty_words``.

Case and punctuation around a word do not matter, nor what is between the words of a phrase (``NOT-KNOWN``,
``unknown_male``). ``-`` is any text of punctuation alone (``--``, ``...``, ``***``) and ``0`` any number of zeros. A
long row of nines is left out: it may be a person, so a force whose system writes one adds that row.
"""

FAMILIES = {
    **dict.fromkeys(("person", "subject", "person_at_risk", "source_person"), "person"),
    **dict.fromkeys(("event", "supersedes"), "event"),
    **{name: name for name in ("record", "incident", "relationship", "booking")},
}
"""What a column of this name refers to. Such a column is a reference without the profile saying so."""

_PUNCTUATION = string.punctuation + string.whitespace + "–—…“”‘’«»·•"
_SCIENTIFIC = r"^[0-9](?:[.,][0-9]+[eE]\+?|[eE]\+)[0-9]{1,3}$"
"""As spreadsheets write a long number. A plus sign or decimals keep real references such as 3E10 out."""

_BETWEEN = r"[\s_/.,()\[\]\-–—]+"
"""Signs between the words of a phrase."""

_NUMBER = r"^\+?0*([0-9]+)(?:\.0+)?$"


class References(NamedTuple):
    """A column of references: texts (null where empty), and of each row what was wrong.

    ``empty``: the word that was read as empty, or null. ``damaged``, ``no_number``: True where digits are lost, or
    where a reference that should be a number is none.
    """

    texts: pa.Array
    empty: pa.Array
    damaged: NDArray[np.bool_]
    no_number: NDArray[np.bool_]

    def counts(self) -> dict[str, int]:
        """Return how many rows have each word that was read as empty, most frequent first."""
        counts = [(item["values"], item["counts"]) for item in pc.value_counts(pc.drop_null(self.empty)).to_pylist()]
        return dict(sorted(counts, key=lambda count: (-count[1], count[0])))


def read_references(texts: pa.Array, reference: str, words: Collection[str]) -> References:
    """Read a column of references; ``reference`` is ``text`` or ``number``, ``words`` those that name nobody.

    >>> read_references(pa.array(["00123", "123.0", "n/a", "1.2E+12"]), "number", EMPTY_WORDS).texts.to_pylist()
    ['123', '123', None, '1.2E+12']
    """
    # Each distinct text once: events repeat persons and incidents.
    encoded = texts.dictionary_encode()
    distinct = encoded.dictionary
    empty = is_empty_word(distinct, words)
    damaged = pc.and_(pc.match_substring_regex(distinct, _SCIENTIFIC), pc.invert(empty))
    no_number = pa.array(np.zeros(len(distinct), dtype=bool))
    read = distinct
    if reference == "number":
        no_number = pc.invert(pc.or_(pc.or_(pc.match_substring_regex(distinct, _NUMBER), empty), damaged))
        read = pc.replace_substring_regex(distinct, _NUMBER, r"\1")
    read = pc.if_else(empty, pa.scalar(None, pa.string()), read)

    def mask(of_distinct: pa.Array) -> NDArray[np.bool_]:
        return np.asarray(pc.fill_null(pc.take(of_distinct, encoded.indices), False))

    words_read = pc.if_else(empty, distinct, pa.scalar(None, pa.string()))
    return References(
        pc.take(read, encoded.indices), pc.take(words_read, encoded.indices), mask(damaged), mask(no_number)
    )


def is_empty_word(texts: pa.Array, words: Collection[str]) -> pa.Array:
    """Mask of texts that are an empty word; case, blanks and punctuation around the word do not matter.

    ``-`` among the words means every text of punctuation alone, ``0`` every number of zeros. The words of a phrase may
    have other signs between them than a blank.

    >>> is_empty_word(pa.array(["(Unknown)", "NOT-KNOWN", "--", "000", "-1", "1", "anna"]), EMPTY_WORDS).to_pylist()
    [True, True, True, True, True, False, False]
    """
    lower = pc.utf8_lower(texts)
    right = pc.utf8_rtrim(lower, characters=_PUNCTUATION)
    bare = pc.utf8_ltrim(right, characters=_PUNCTUATION)
    # The minus of -1 is part of the word.
    signed = pc.utf8_ltrim(right, characters=_PUNCTUATION.replace("-", ""))
    wanted = pa.array(sorted(words), pa.string())
    empty = pc.is_in(lower, value_set=wanted)
    for stripped in (signed, bare):
        empty = pc.or_(empty, pc.and_(pc.is_in(stripped, value_set=wanted), pc.greater(pc.utf8_length(stripped), 0)))
    # Of phrases only: N A and U-K may be somebody's references.
    phrases = pa.array(sorted({re.sub(_BETWEEN, " ", word) for word in words if " " in word}), pa.string())
    empty = pc.or_(empty, pc.is_in(pc.replace_substring_regex(bare, _BETWEEN, " "), value_set=phrases))
    if "-" in words:
        empty = pc.or_(empty, pc.equal(bare, ""))
    if "0" in words:
        empty = pc.or_(empty, pc.match_substring_regex(bare, r"^0+(?:\.0+)?$"))
    return pc.fill_null(empty, False)


def look_alikes(texts: pa.Array) -> list[list[str]]:
    """Return groups of different references that a person would read as the same, in order of the text.

    Alike: equal but for case, padding with zeros, ``.0`` at the end, blanks inside, a dot at the end, or width.

    >>> look_alikes(pa.array(["00123", "123", "123.0", "A 1", "a  1", "A2", None]))
    [['00123', '123', '123.0'], ['A 1', 'a  1']]
    """
    distinct = pc.drop_null(pc.unique(texts))
    alike = pc.utf8_lower(pc.utf8_normalize(distinct, form="NFKC"))
    alike = pc.replace_substring_regex(alike, r"\s+", " ")
    alike = pc.replace_substring_regex(alike, r"(?:\.0+|\.+)$", "")
    alike = pc.replace_substring_regex(alike, r"(^|[^0-9.])0+([0-9])", r"\1\2")
    encoded = alike.dictionary_encode()
    codes = encoded.indices.to_numpy()
    shared = np.flatnonzero(np.bincount(codes, minlength=len(encoded.dictionary))[codes] > 1)
    groups: dict[int, list[str]] = {}
    for code, text in zip(codes[shared].tolist(), distinct.take(pa.array(shared)).to_pylist(), strict=True):
        groups.setdefault(code, []).append(text)
    return sorted(sorted(group) for group in groups.values())
