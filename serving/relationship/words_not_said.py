"""What a sentence for a reviewer, and a reviewer's page, may not say: ``words_not_said.csv``, each with why."""

from __future__ import annotations

import csv
import re
from functools import cache
from importlib.resources import files


@cache
def words_not_said() -> dict[str, str]:
    """Return the words and phrases that may not be said, with why."""
    text = files("serving.relationship").joinpath("words_not_said.csv").read_text(encoding="utf-8")
    return {row["word"]: row["why"] for row in csv.DictReader(text.splitlines())}


def not_to_be_said(text: str) -> list[str]:
    """Return the words of ``words_not_said.csv`` that a text has, in the order of the file.

    Whole words, in any case; a word in capitals in the file (RUN) only in capitals.

    >>> not_to_be_said("A rate of 2 a year"), not_to_be_said("Separated; run over"), not_to_be_said("of the RUN")
    (['rate'], [], ['RUN'])
    """
    return [word for word, pattern in _patterns().items() if pattern.search(text)]


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        word: re.compile(rf"(?<![\w-]){re.escape(word)}(?![\w-])", 0 if word.isupper() else re.IGNORECASE)
        for word in words_not_said()
    }
