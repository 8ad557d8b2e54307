"""What each marker reads, from ``markers.csv``: which kinds, said of whom, go into which lane.

The order of the file is the order in which pages show the markers. ``whose`` says what a marker is about:

- ``acts``: what one person does to another (strangulation). Of a kind about one person, such as possession of a weapon,
  that person is the one who acts.
- ``pair``: a fact of the two (separation), whichever of them a source names as subject; it has no other way round.
- ``each``: a fact of one person (suicidality): this way of the subject, the other way of the person at risk.
- ``person_at_risk``: the same, this way of the person at risk (pregnancy).
- ``others``: what the subject does to anybody but the person at risk; the other way, what the person at risk does to
  anybody but the subject.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from serving.relationship.case_parts import Part
from threat.vocabulary import kind, kinds

Whose = Literal["acts", "pair", "each", "person_at_risk", "others"]
LaneName = Literal["this_way", "other_way", "elsewhere"]

Use = Literal["record", "context", "answer", "answer_of_another"]
"""What a record is to a lane. ``answer_of_another``: an answer of an assessment that is not between the two; a yes of
it counts, and nothing else of it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A lane that a record goes into: the marker by its number, the lane, and as what."""

    marker: int
    lane: LaneName
    use: Use


@dataclass(frozen=True, slots=True)
class MarkerDefinition:
    """One row of ``markers.csv``: the kinds that say yes, those that are said next to a yes, and the questions asked.

    ``asked_of_subject``: questions of an assessment on the subject; ``asked_of_person_at_risk``: on the person at risk.
    """

    name: str
    title: str
    whose: Whose
    kinds: tuple[str, ...]
    context: tuple[str, ...] = ()
    asked_of_subject: tuple[str, ...] = ()
    asked_of_person_at_risk: tuple[str, ...] = ()

    def has_other_way(self) -> bool:
        """Return False for a fact of the two, which is the same both ways round."""
        return self.whose != "pair"

    def questions(self, lane: LaneName) -> tuple[tuple[str, Part], ...]:
        """Return the questions whose answers say no to a lane, each with the way round of its assessment."""
        same: Part = "this_way" if lane == "this_way" else "other_way"
        opposite: Part = "other_way" if lane == "this_way" else "this_way"
        ways: dict[Whose, list[tuple[tuple[str, ...], Part]]] = {
            "acts": [(self.asked_of_subject, same)],
            "pair": [(self.asked_of_subject, "this_way"), (self.asked_of_subject, "other_way")],
            "each": [(self.asked_of_subject, same), (self.asked_of_person_at_risk, opposite)],
            "person_at_risk": [(self.asked_of_person_at_risk, same)],
            "others": [(self.asked_of_subject, same)],
        }
        return tuple((name, way) for names, way in ways[self.whose] for name in names)

    def places(self) -> Iterator[tuple[str, Part, LaneName, Use]]:
        """Yield each kind that the marker reads with the part that it is read in, the lane it goes to, and as what."""
        for name in self.kinds:
            for part, lane in _OF_PERSON[self.whose] if kind(name).about == "person" else _BETWEEN[self.whose]:
                yield name, part, lane, "record"
        for name in self.context:
            for part, lane in _BETWEEN[self.whose]:
                yield name, part, lane, "context"
        lanes: tuple[LaneName, ...] = ("this_way", "other_way") if self.has_other_way() else ("this_way",)
        for lane in lanes:
            for name, part in self.questions(lane):
                yield name, part, lane, "answer"
        for name in self.asked_of_subject:
            for part, lane in _SUBJECT_ASKED_ELSEWHERE[self.whose]:
                yield name, part, lane, "answer_of_another"
        for name in self.asked_of_person_at_risk:
            for part, lane in _PERSON_AT_RISK_ASKED_ELSEWHERE[self.whose]:
                yield name, part, lane, "answer_of_another"


Ways = dict[Whose, tuple[tuple[Part, LaneName], ...]]

_BETWEEN: Ways = {
    "acts": (("this_way", "this_way"), ("other_way", "other_way"), ("by_subject_elsewhere", "elsewhere")),
    "pair": (
        ("this_way", "this_way"),
        ("other_way", "this_way"),
        ("by_subject_elsewhere", "elsewhere"),
        ("to_subject_elsewhere", "elsewhere"),
    ),
    "each": (),
    "person_at_risk": (),
    "others": (("by_subject_elsewhere", "this_way"), ("by_person_at_risk_elsewhere", "other_way")),
}
"""The lane of a kind about a relationship, by where the record is."""

_OF_PERSON: Ways = {
    "acts": (("of_subject", "this_way"), ("of_person_at_risk", "other_way")),
    "pair": (),
    # A record that names two persons and not which of them it is about may be about either: neither is passed over.
    "each": (
        ("of_subject", "this_way"),
        ("names_subject", "this_way"),
        ("of_person_at_risk", "other_way"),
        ("names_person_at_risk", "other_way"),
    ),
    "person_at_risk": (
        ("of_person_at_risk", "this_way"),
        ("names_person_at_risk", "this_way"),
        ("of_subject", "other_way"),
        ("names_subject", "other_way"),
    ),
    "others": (),
}
"""The lane of a kind about one person, by whose the record is."""

_SUBJECT_ASKED_ELSEWHERE: Ways = {
    "acts": (("by_subject_elsewhere", "elsewhere"),),
    "pair": (("by_subject_elsewhere", "elsewhere"), ("to_subject_elsewhere", "elsewhere")),
    "each": (("by_subject_elsewhere", "this_way"), ("by_person_at_risk_elsewhere", "other_way")),
    "person_at_risk": (),
    # Somebody else's assessment that says "hurt someone else" may mean this person at risk: it is no other harm.
    "others": (),
}
_PERSON_AT_RISK_ASKED_ELSEWHERE: Ways = {
    "acts": (),
    "pair": (),
    "each": (("to_person_at_risk_elsewhere", "other_way"), ("to_subject_elsewhere", "this_way")),
    "person_at_risk": (("to_person_at_risk_elsewhere", "this_way"), ("to_subject_elsewhere", "other_way")),
    "others": (),
}


@cache
def marker_definitions() -> tuple[MarkerDefinition, ...]:
    """Return the twelve markers in the order of ``markers.csv``. Raises UsageError for a kind not in the vocabulary."""
    text = files("serving.relationship").joinpath("markers.csv").read_text(encoding="utf-8")
    return tuple(
        MarkerDefinition(
            name=row["name"],
            title=row["title"],
            whose=_whose(row["whose"]),
            kinds=_names(row["kinds"]),
            context=_names(row["context"]),
            asked_of_subject=_names(row["asked_of_subject"]),
            asked_of_person_at_risk=_names(row["asked_of_person_at_risk"]),
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def unread_must_see() -> tuple[MarkerDefinition, ...]:
    """Return a definition for each must-see kind that no marker reads, such as attempted murder, by its own name.

    Without those known in advance: a release to come is stated as a circumstance.
    """
    # Harm to others reads a kind only where it is towards others; towards this person it needs a lane of its own.
    read = {name for marker in marker_definitions() if marker.whose != "others" for name in marker.kinds}
    return tuple(
        MarkerDefinition(unread.name, unread.title, "acts", (unread.name,))
        for unread in kinds().values()
        if unread.must_see and not unread.known_in_advance and unread.name not in read
    )


def places_of(definitions: Iterable[MarkerDefinition]) -> dict[tuple[int, Part], list[Place]]:
    """Return the lanes that a record goes into, by the number of its kind and its part."""
    out: dict[tuple[int, Part], list[Place]] = {}
    for number, definition in enumerate(definitions):
        for name, part, lane, use in definition.places():
            out.setdefault((kind(name).number, part), []).append(Place(number, lane, use))
    return out


def _names(text: str) -> tuple[str, ...]:
    return tuple(kind(name).name for name in text.split("|") if name)


def _whose(word: str) -> Whose:
    """Return the word of the column ``whose``. Raises ValueError for another word: the file ships with the code."""
    for whose in _BETWEEN:
        if whose == word:
            return whose
    raise ValueError(f"{word} is not one of {tuple(_BETWEEN)}")
