"""The codes that acts of casework write, with their titles and meanings: ``words.yaml``.

A code stays what it was, because rows of before hold it: it is retired, never deleted and never given another meaning.
"""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

from serving.casework.shipped import Closed, read
from serving.relationship.words_not_said import not_to_be_said
from threat.errors import UsageError

VocabularyName = Literal[
    "case_state",
    "referral_kind",
    "sight_result",
    "question_answer",
    "grade",
    "second_look",
    "grade_reason",
    "fact_relied_on",
    "missing",
    "threat_level",
    "confidence",
    "strategy",
    "power",
    "voice",
    "safe_contact",
    "plan_state",
    "action_state",
    "action_about",
    "contact",
    "worked",
    "review_kind",
    "review_result",
    "proposal_kind",
    "proposal_result",
    "referral_out_state",
    "referral_in_state",
    "person_told",
    "pack_template",
    "pack_state",
    "note_kind",
    "conflict_kind",
    "draft_form",
]
"""The vocabularies, by the names that code uses: a misspelt name is found before it runs."""

Required = Literal[
    "why",
    "note",
    "facts",
    "missing",
    "due",
    "reason",
    "grade_after",
    "probability",
    "what",
    "by_when",
    "how",
    "when",
    "result",
    "next_date",
    "message",
    "reference",
]
"""What may have to be said with a code: the names of the fields of a form."""

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*[a-z]$")]
_Title = Annotated[str, StringConstraints(pattern=r"^[A-Z][^\n]*[^.\n]$", max_length=60)]
_Sentence = Annotated[str, StringConstraints(pattern=r"^[A-Z][^\n]*\.$", max_length=120)]


class Code(Closed):
    """One code. ``requires``: what has to be said with it. ``retired``: since when no form offers it."""

    title: _Title
    meaning: _Sentence
    requires: tuple[Required, ...] = ()
    retired: date | None = None

    @property
    def in_use(self) -> bool:
        """Tell whether forms offer the code."""
        return self.retired is None


class Vocabulary(Closed):
    """The codes of one field, in the order in which forms and pages have them."""

    title: _Title
    meaning: _Sentence
    codes: dict[_Name, Code] = Field(min_length=1)

    def in_use(self) -> dict[str, Code]:
        """Return the codes that forms offer, by name."""
        return {name: code for name, code in self.codes.items() if code.in_use}


class Words(Closed):
    """The document ``words.yaml``."""

    version: int = Field(ge=1)
    vocabularies: dict[VocabularyName, Vocabulary]


@cache
def words() -> Words:
    """Return the words of casework. Raises UsageError with every problem of the file."""
    return read_words()


def read_words(text: str | None = None) -> Words:
    """Read the words from a text in place of ``words.yaml``. Raises UsageError with every problem."""
    return read("words.yaml", Words, _problems, text)


def vocabulary(name: VocabularyName) -> Vocabulary:
    """Return a vocabulary by its name."""
    return words().vocabularies[name]


def code(name: VocabularyName, given: str) -> Code:
    """Return a code of a vocabulary, in use or retired. Raises UsageError, naming near ones, for another word.

    >>> code("grade", "act_today").title
    'Act today'
    """
    codes = vocabulary(name).codes
    if given in codes:
        return codes[given]
    near = get_close_matches(given, codes, n=3)
    raise UsageError(
        f"Not a code of {vocabulary(name).title.lower()}.",
        value=given,
        where=f"serving/casework/words.yaml: {name}",
        way_out=f"did you mean {' or '.join(near)}?" if near else "one of " + ", ".join(vocabulary(name).in_use()),
    )


def code_to_write(name: VocabularyName, given: str) -> Code:
    """Return a code that an act may write now. Raises UsageError for one that is retired, or no code."""
    chosen = code(name, given)
    if not chosen.in_use:
        raise UsageError(
            "The code is retired.",
            value=given,
            where=f"serving/casework/words.yaml: {name}",
            way_out="one of " + ", ".join(vocabulary(name).in_use()),
        )
    return chosen


def title(name: VocabularyName, given: str) -> str:
    """Return the title of a code, in use or retired."""
    return code(name, given).title


def _problems(document: Words) -> list[str]:
    """Return what is wrong between the parts: a vocabulary missing, a title twice, words that may not be said."""
    out = [
        f"The vocabulary {name} is missing." for name in get_args(VocabularyName) if name not in document.vocabularies
    ]
    for name, vocabulary in document.vocabularies.items():
        titles = [each.title for each in vocabulary.codes.values() if each.in_use]
        out += [
            f"{name}: the title {said!r} is there twice." for said in sorted({t for t in titles if titles.count(t) > 1})
        ]
        said: dict[str, Vocabulary | Code] = {
            name: vocabulary,
            **{f"{name}.{key}": each for key, each in vocabulary.codes.items()},
        }
        for where, each in said.items():
            if wrong := not_to_be_said(f"{each.title} {each.meaning}"):
                out.append(f"{where}: the text says what may not be said: {', '.join(wrong)}.")
    return out
