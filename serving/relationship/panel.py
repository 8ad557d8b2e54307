"""Why a relationship is where it is, as a reviewer reads it: composed when it is shown, from a list's frozen reasons.

What raises its place is told in incidents and dates, each record in one sentence. What is on record and got little
weight is told apart. Everything else of the sum is one total without names: no harm, absence, grade, agency,
withdrawal, conviction or custody is ever told as what lowers a place, because a reader takes that for reassurance.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from serving.relationship.case_records import CaseRecord, Way
from serving.relationship.occurrences import Occurrence, occurrences
from serving.relationship.reasons import IN_FORCE, LIBERTY, RAISING, RULE, ThemeReason, bar_length, theme_title
from serving.relationship.record_sentences import Calendar, RecordSentence, Subject, sentence_of
from threat.ids import show_id

MERGED_FROM = 0.8
"""A theme of whose records this share is counted by a stronger reason joins that reason: it would say them again."""

_NEVER_NAMED = frozenset({"records", "reporting", LIBERTY})
"""Themes that raise no place by name: how much is on record, who reported it and time at liberty happened to nobody."""

RULE_TITLE = "What the rule counts"


@dataclass(frozen=True, slots=True)
class PanelReason:
    """What raises a place. ``titles``: of the reason, and of those of the same records. ``part``: of the sum.

    ``strength``: length of its bar, 1 to 8; 0 for a rule, which weighs nothing.
    """

    titles: tuple[str, ...]
    part: float
    strength: int
    sentence: RecordSentence


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Something grave that is on record, a marker: its title and the ids of its records and answers of yes."""

    title: str
    event_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class LittleWeight:
    """Something grave on record that raises no place by much: its title and the sentence on its records."""

    title: str
    sentence: RecordSentence


@dataclass(frozen=True, slots=True)
class Panel:
    """The panel of one relationship.

    ``raises``: the strongest first. ``on_record``: what is on record and not among them. ``other``: total of all other
    parts of the sum, and ``other_strength`` the length of its bar, 0 to 8. Base, parts and ``other`` add up to the
    score.
    """

    ranking: Literal["model", "rule"]
    raises: tuple[PanelReason, ...]
    on_record: tuple[LittleWeight, ...]
    other: float
    other_strength: int

    def as_json(self) -> dict[str, Any]:
        """Return the panel as the commands print it."""
        return {
            "raises": [
                {"titles": list(reason.titles), "part": reason.part, "strength": reason.strength}
                | _sentence_as_json(reason.sentence)
                for reason in self.raises
            ],
            "on_record": [{"title": marker.title} | _sentence_as_json(marker.sentence) for marker in self.on_record],
            "other": self.other,
            "other_strength": self.other_strength,
        }


def _sentence_as_json(sentence: RecordSentence) -> dict[str, Any]:
    return {"text": sentence.text, "events": [show_id("E", event) for event in sorted(sentence.counted)]}


def panel(
    reasons: Sequence[ThemeReason],
    records: Mapping[int, CaseRecord],
    on_record: Sequence[OnRecord],
    calendar: Calendar,
) -> Panel:
    """Return the panel of a relationship.

    ``reasons``: as the list froze them. ``records``: by event id, at least those behind the reasons and ``on_record``,
    as ``case_records`` returns them. ``on_record``: the markers that are yes of the subject towards the person at risk.
    """
    of_event = occurrences(records.values(), calendar.zone)
    grave = frozenset().union(*(marker.event_ids for marker in on_record))
    by_rule = any(reason.theme == RULE for reason in reasons)
    drafts = _drafts([reason for reason in reasons if reason.theme != IN_FORCE], of_event)
    shown = math.fsum(draft.part for draft in drafts)
    other = math.fsum([*(reason.contribution for reason in reasons), -shown])
    if abs(other) <= _ROUNDING * max(abs(shown), 1e-300):
        other = 0.0
    strongest = max([*(draft.part for draft in drafts), abs(other)], default=0.0)
    raises = tuple(
        PanelReason(
            titles=(RULE_TITLE,) if by_rule else tuple(draft.titles),
            part=draft.part,
            strength=0 if by_rule else bar_length(draft.part, strongest),
            sentence=sentence_of(Subject(tuple(draft.occurrences.values()), tuple(draft.behind), grave), calendar),
        )
        for draft in sorted(drafts, key=lambda draft: -draft.part)
    )
    return Panel(
        ranking="rule" if by_rule else "model",
        raises=raises,
        on_record=_on_record(on_record, of_event, raises, calendar),
        other=other,
        other_strength=bar_length(other, strongest) if other else 0,
    )


_ROUNDING = 1e-12
"""Share of the parts shown under which the rest of a sum is 0: what is left of sums in floating point."""


@dataclass(slots=True)
class _Draft:
    """A reason while it is put together: ``behind`` has the records of each title, ``occurrences`` all by key."""

    titles: list[str]
    part: float
    occurrences: dict[tuple[str, ...], Occurrence]
    behind: list[frozenset[int]]

    def join(
        self, title: str, part: float, fresh: Mapping[tuple[str, ...], Occurrence], behind: frozenset[int]
    ) -> None:
        """Take in a weaker theme that has the same title, or depends on the same records."""
        self.part += part
        self.occurrences |= fresh
        if title in self.titles:
            at = self.titles.index(title)
            self.behind[at] |= behind
        else:
            self.titles.append(title)
            self.behind.append(behind)


def _drafts(reasons: Sequence[ThemeReason], of_event: Mapping[int, Occurrence]) -> list[_Draft]:
    """Return the reasons that raise a place, each occurrence in one of them, at most RAISING.

    Strongest theme first: what a stronger one counts is not counted again. A theme without a record that may be named
    is left out, and so is one that raises nothing.
    """
    drafts: list[_Draft] = []
    for reason in sorted(reasons, key=lambda reason: (-reason.contribution, reason.theme)):
        if not _may_be_named(reason):
            continue
        behind = frozenset(event for sentence in reason.sentences for event in sentence.event_ids if event in of_event)
        read = {of_event[event].key: of_event[event] for event in behind}
        if not read:
            continue
        counted_by = {key: draft for draft in drafts for key in draft.occurrences if key in read}
        again = [event for event in behind if of_event[event].key in counted_by]
        fresh = {key: occurrence for key, occurrence in read.items() if key not in counted_by}
        title, ways = reason_title(reason.theme, {occurrence.records[0].way for occurrence in read.values()})
        about = frozenset(event for event in behind if not ways or of_event[event].records[0].way in ways)
        alike = next((draft for draft in drafts if title in draft.titles), None)
        if alike is None and len(again) >= MERGED_FROM * len(behind):
            alike = max(drafts, key=lambda draft: sum(of_event[event].key in draft.occurrences for event in again))
        if alike is not None:
            alike.join(title, reason.contribution, fresh, about)
        elif len(drafts) < RAISING:
            drafts.append(_Draft([title], reason.contribution, fresh, [about]))
    return drafts


_TITLES = {"assessment": "Assessments", "separation": "Separation, or living together", "withdrawal": "Withdrawal"}
"""Titles that fit a sentence on records better than the title of the theme, which covers figures of other sorts too."""


def reason_title(theme: str, ways: Collection[Way]) -> tuple[str, frozenset[Way]]:
    """Return the title of a theme as a reason, and the ways that the title speaks of; no ways: it speaks of all.

    ``ways``: who did what to whom in the records behind the theme. A theme counts figures of several sorts, and its own
    title covers them all; over a sentence on incidents between the two alone, "Harm to anyone, and to others" would say
    that there were others.

    >>> reason_title("prior_harm", {"this_way"})[0], reason_title("prior_harm", {"this_way", "subject_to_others"})[0]
    ('Domestic incidents', 'Harm to other people')
    >>> reason_title("prior_harm", {"subject"})[0], reason_title("prior_harm", {"subject", "subject_to_others"})[0]
    ('Other offending', 'Harm to other people, and other offending')
    """
    if theme in _TITLES:
        return _TITLES[theme], frozenset()
    if theme == "escalation" or (theme in ("prior_harm", "person_at_risk") and set(ways) <= {"this_way"}):
        return theme_title("incidents"), frozenset()
    if theme == "prior_harm":
        of_others: Way = "subject_to_others"
        offending = frozenset(ways) - {"this_way"}
        if of_others not in offending:
            return "Other offending", offending
        alone = offending == {of_others}
        return ("Harm to other people" if alone else "Harm to other people, and other offending"), offending
    if theme == "person_at_risk":
        return "Harm to the person at risk by others", frozenset(ways) - {"this_way"}
    return theme_title(theme), frozenset()


def _may_be_named(reason: ThemeReason) -> bool:
    return reason.theme == RULE or (reason.contribution > 0 and reason.theme not in _NEVER_NAMED)


def _on_record(
    markers: Sequence[OnRecord],
    of_event: Mapping[int, Occurrence],
    raises: Sequence[PanelReason],
    calendar: Calendar,
) -> tuple[LittleWeight, ...]:
    """Return the markers of which no reason names a record, each with what is not counted elsewhere."""
    named = frozenset().union(*(reason.sentence.named for reason in raises))
    counted = frozenset().union(*(reason.sentence.counted for reason in raises))
    out = []
    for marker in markers:
        if marker.event_ids & named:
            continue
        # An incident of two markers is named under each by what each is about, so that no record is said twice.
        uncounted = marker.event_ids - counted
        of_marker = tuple(
            occurrence
            for whole in {of_event[event].key: of_event[event] for event in uncounted if event in of_event}.values()
            if (occurrence := whole.only(uncounted)) is not None
        )
        if of_marker:
            out.append(LittleWeight(marker.title, sentence_of(Subject(of_marker, (uncounted,), uncounted), calendar)))
            counted |= out[-1].sentence.counted
    return tuple(out)
