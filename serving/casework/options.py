"""What can be done about a threat: the options of plans, ``options.yaml``, and which the records of a case suggest.

A suggestion names the records it comes from. It is never ticked beforehand, and no order or place on a list is read.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from serving.casework.shipped import Closed, read
from serving.casework.words import VocabularyName, vocabulary
from serving.identity.person import Authority
from serving.relationship.words_not_said import not_to_be_said
from threat.errors import UsageError
from threat.vocabulary import kinds

Strength = Literal["evaluated", "guidance", "practice", "none_seen"]

STRENGTHS: dict[Strength, str] = {
    "evaluated": "An evaluation reports what came of it",
    "guidance": "Guidance asks for it",
    "practice": "It is done; what comes of it was not measured",
    "none_seen": "Nothing was seen that measures it",
}
"""How strong the evidence of an option is, in words."""


def _of(name: VocabularyName) -> AfterValidator:
    def check(given: str) -> str:
        if given not in vocabulary(name).in_use():
            raise ValueError(f"not a code in use of {vocabulary(name).title.lower()}")
        return given

    return AfterValidator(check)


def _kind(given: str) -> str:
    if given not in kinds():
        raise ValueError("not a kind of the vocabulary")
    return given


_Sentence = Annotated[str, StringConstraints(pattern=r"^[A-Z][^\n]*\.$", max_length=200)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*[a-z]$")]


class Danger(Closed):
    """How an option can raise danger. ``source``: the document that says so; without one it is judgement."""

    how: _Sentence
    source: str = ""


class Evidence(Closed):
    """What is known of an option. ``source``: the document that says so; none where nothing was seen."""

    strength: Strength
    says: _Sentence
    source: str = ""


class Option(Closed):
    """A row of ``options.yaml``, which says what each field is."""

    option: _Name
    title: Annotated[str, StringConstraints(pattern=r"^[A-Z][^\n]*[^.\n]$", max_length=60)]
    does: _Sentence
    strategies: tuple[Annotated[str, _of("strategy")], ...] = Field(min_length=1)
    needs: _Sentence
    owners: tuple[_Name, ...] = Field(min_length=1)
    power: Annotated[str, _of("power")] | None = None
    authority: Authority = "none"
    about: tuple[Annotated[str, _of("action_about")], ...] = Field(min_length=1)
    facing_subject: bool
    danger: Danger | None = None
    expires: bool = False
    facts: tuple[Annotated[str, AfterValidator(_kind)], ...]
    evidence: Evidence
    not_verified: _Sentence | None = None
    retired: date | None = None


class Catalogue(Closed):
    """The document ``options.yaml``."""

    version: int = Field(ge=1)
    owners: dict[_Name, str]
    options: tuple[Option, ...] = Field(min_length=1)

    def option(self, name: str) -> Option:
        """Return an option, in use or retired. Raises UsageError for a name that is none."""
        for option in self.options:
            if option.option == name:
                return option
        raise UsageError("Not an option of the catalogue.", value=name, where="serving/casework/options.yaml")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An option, and the recorded kinds that suggest it."""

    option: Option
    because: tuple[str, ...]


@cache
def options() -> Catalogue:
    """Return the catalogue. Raises UsageError with every problem of the file."""
    return read_options()


def read_options(text: str | None = None) -> Catalogue:
    """Read the catalogue from a text in place of ``options.yaml``. Raises UsageError with every problem."""
    return read("options.yaml", Catalogue, _problems, text)


def suggested(recorded: Collection[str]) -> tuple[Suggestion, ...]:
    """Return the options in use that recorded kinds suggest, in the order of the catalogue, each with those kinds.

    >>> [(each.option.option, each.because) for each in suggested({"firearm_access", "theft"})]
    [('firearms', ('firearm_access',))]
    """
    out = []
    for option in options().options:
        because = tuple(kind for kind in option.facts if kind in recorded)
        if because and option.retired is None:
            out.append(Suggestion(option, because))
    return tuple(out)


def _problems(catalogue: Catalogue) -> list[str]:
    names = [option.option for option in catalogue.options]
    out = [f"The option {name} is there twice." for name in sorted({name for name in names if names.count(name) > 1})]
    used = {owner for option in catalogue.options for owner in option.owners}
    out += [f"The owner {name} is not among the owners." for name in sorted(used - set(catalogue.owners))]
    out += [f"No option has the owner {name}." for name in sorted(set(catalogue.owners) - used)]
    for option in catalogue.options:
        out += [f"{option.option}: {problem}" for problem in _of_option(option)]
    return out


def _of_option(option: Option) -> list[str]:
    out = []
    if option.facing_subject and option.danger is None:
        out.append("the subject notices it and nothing is said of how it can raise danger.")
    if option.evidence.strength in ("evaluated", "guidance") and not option.evidence.source:
        out.append(f"its evidence is {option.evidence.strength} and no source is named.")
    if option.evidence.strength == "none_seen" and option.evidence.source:
        out.append("nothing was seen and a source is named.")
    texts = [option.title, option.does, option.needs, option.evidence.says, option.evidence.source]
    texts += [option.danger.how, option.danger.source] if option.danger else []
    if wrong := not_to_be_said(" ".join([*texts, option.not_verified or ""])):
        out.append(f"the text says what may not be said: {', '.join(wrong)}.")
    return out
