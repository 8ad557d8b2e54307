"""What each kind of record is called in running text, read from ``kind_words.csv``.

``threat/vocabulary.csv`` has the title of a kind, which heads a record of its own. Inside a sentence, next to a date,
a kind is named by the fewest words that a professional would use: "strangulation 13 Dec", "knife used 9 Nov".
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

ITEM = "item_"
"""How the kinds of assessment questions begin. ``kind_words.csv`` has the question; ``ANSWERS`` says the answer."""

ANSWERS = {
    "yes": "answered yes: {question}",
    "no": "answered no: {question}",
    "refused": "not answered (refused): {question}",
    "not_known": "not answered (not known): {question}",
    "not_asked": "not asked: {question}",
}
"""An answer of an assessment, by its code. Refused, not known and not asked are never said as a no."""


def said(kind: str, code: str | None = "") -> str:
    """Return the words of a kind and its code in running text; a code without words of its own reads as the kind.

    Raises KeyError for a kind that is not in the vocabulary.

    >>> said("non_fatal_strangulation"), said("weapon_used", "knife"), said("breach_restraining_order", "contact")
    ('strangulation', 'knife used', 'breach of a restraining order (contact)')
    >>> said("item_strangled", "yes"), said("item_strangled", "refused")
    ('answered yes: strangled or choked', 'not answered (refused): strangled or choked')
    """
    words, _ = _words_of(kind, code or "")
    answer = ANSWERS.get(code or "") if kind.startswith(ITEM) else None
    return answer.format(question=words) if answer else words


def several(kind: str, code: str | None, number: int) -> str:
    """Return the words for ``number`` records of a kind and code; for 1 record the words of ``said``.

    Raises KeyError for a kind that is not in the vocabulary.

    >>> several("threat_to_kill", "", 3), several("weapon_used", "knife", 2), several("stalking", None, 1)
    ('3 threats to kill', 'knife used 2 times', 'stalking')
    >>> several("item_frightened", "yes", 2)
    'answered yes 2 times: person at risk is frightened'
    """
    if number == 1:
        return said(kind, code)
    if kind.startswith(ITEM):
        answer, colon, question = said(kind, code).partition(": ")
        return f"{answer} {number:,} times{colon}{question}" if colon else f"{number:,} answers on: {answer}"
    return _words_of(kind, code or "")[1].format(n=f"{number:,}")


def _words_of(kind: str, code: str) -> tuple[str, str]:
    words = kind_words()
    return words.get((kind, code)) or words[kind, ""]


@cache
def kind_words() -> dict[tuple[str, str], tuple[str, str]]:
    """Return every row of ``kind_words.csv``: by kind and code, the words for a record and for several records."""
    text = files("serving.relationship").joinpath("kind_words.csv").read_text(encoding="utf-8")
    return {(row["kind"], row["code"]): (row["said"], row["several"]) for row in csv.DictReader(text.splitlines())}


def capitalised(words: str) -> str:
    """Return running text as a sentence begins it.

    >>> capitalised("breach of bail"), capitalised("")
    ('Breach of bail', '')
    """
    return words[:1].upper() + words[1:]
