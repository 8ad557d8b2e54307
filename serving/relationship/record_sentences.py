"""Records told in a sentence: how many incidents, since when, and what happened on which day.

"5 incidents since March: strangulation 13 Dec, stalking 9 Nov, threat to kill 3 Oct and 2 more (harassment)." No figure
that a person would have to work out: no sums, averages or rates.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from serving.relationship.case_records import CaseRecord, Way
from serving.relationship.kind_words import ITEM, capitalised, said, several
from serving.relationship.occurrences import CHILD_PRESENT, GRADE, Occurrence
from threat.asof import NEVER, happened
from threat.dates import NO_DAY, day, how_long_ago, local, short_day

DATES_AT_MOST = 4
"""Dates in one sentence. With more it is a table, and the cards of the incidents are that table."""

_ANSWERS_AT_MOST = 3
"""Answers named of one assessment."""

_CHILDREN_IN_LEAD = 2
"""From so many incidents with a child present, the lead of the sentence says at how many."""

_KINDS_OF_THE_REST = 3
"""Kinds named among those that are only counted, unless they are must-see kinds, which are all named."""

_OF_ALL: dict[Way, str] = {
    "this_way": "",
    "other_way": " by the person at risk towards the subject",
    "subject": " about the subject",
    "person_at_risk": " about the person at risk",
    "subject_to_others": " by the subject towards other people",
    "others_to_subject": " by other people towards the subject",
    "person_at_risk_to_others": " by the person at risk towards other people",
    "others_to_person_at_risk": " by other people towards the person at risk",
}
"""Who did what to whom, where it is the same of all that a sentence counts."""

_OF_EACH: dict[Way, str] = {
    "this_way": "",
    "other_way": " (by the person at risk)",
    "subject": " (the subject)",
    "person_at_risk": " (the person at risk)",
    "subject_to_others": " (towards somebody else)",
    "others_to_subject": " (by somebody else, towards the subject)",
    "person_at_risk_to_others": " (by the person at risk, towards somebody else)",
    "others_to_person_at_risk": " (by somebody else)",
}
"""The same after a date, where it differs."""

_OF_ASSESSMENT: dict[Way, str] = _OF_EACH | {
    "other_way": " (of the relationship the other way round)",
    "subject_to_others": " (with somebody else at risk)",
    "others_to_subject": " (of the subject as the person at risk)",
    "person_at_risk_to_others": " (of the person at risk as the subject)",
    "others_to_person_at_risk": " (of another relationship)",
}
"""The same of an assessment, which nobody makes towards anybody."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What days are said by: the list's ``as_of`` (UTC seconds) and ``zone``; ``undated``: records of no known day."""

    as_of: int
    zone: str
    undated: frozenset[int] = frozenset()

    def short(self, at: int) -> str:
        """Return a day for running text."""
        return short_day(at, self.as_of, self.zone)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence. ``event_id``: the record that it leads to, 0 for none. ``label``: what that is, in full."""

    text: str
    event_id: int = 0
    label: str = ""


@dataclass(frozen=True, slots=True)
class RecordSentence:
    """A sentence in pieces, without a full stop. ``counted``: ids of every record; ``named``: those whose kind is said.

    ``named`` is a part of ``counted``: the rest is said as a number.
    """

    pieces: tuple[Piece, ...]
    counted: frozenset[int]
    named: frozenset[int]

    @property
    def text(self) -> str:
        """The whole sentence."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a sentence is about: the occurrences it counts, and the records behind each title of its reason.

    ``occurrences``: at least 1. ``behind``: ids by title; each title's gravest occurrence is among those with a date.
    ``always``: ids of records whose kind is said in any case.
    """

    occurrences: tuple[Occurrence, ...]
    behind: tuple[frozenset[int], ...]
    always: frozenset[int] = frozenset()


Naming = Mapping[tuple[str, ...], tuple[CaseRecord, ...]]
"""The records that are named of each occurrence, by its key."""


def sentence_of(subject: Subject, calendar: Calendar) -> RecordSentence:
    """Return the sentence on some occurrences: the gravest with their dates, the latest first, the rest counted."""
    shown = _shown(subject)
    rest = [occurrence for occurrence in subject.occurrences if occurrence not in shown]
    naming: Naming = {
        occurrence.key: occurrence.named(subject.behind, subject.always) for occurrence in subject.occurrences
    }
    named = {record.event_id for occurrence in shown for record in naming[occurrence.key]}
    if len(subject.occurrences) == 1:
        pieces = _single(shown[0], naming[shown[0].key], calendar)
    else:
        naming, with_children, children = _children(subject.occurrences, naming)
        since = _since(subject.occurrences, calendar) if rest else ""
        lead, alike = _lead(subject.occurrences, naming, f"{since}{with_children}")
        tail, named_in_tail = _tail(rest, naming, subject.always, alike)
        named |= children | named_in_tail
        each = _each_once([_mention(occurrence, naming[occurrence.key], calendar, alike) for occurrence in shown])
        pieces = [Piece(lead), *_joined(each, tail)]
    counted = frozenset(record.event_id for occurrence in subject.occurrences for record in occurrence.records)
    return RecordSentence(tuple(pieces), counted, _with_alike(named, subject.occurrences))


def _with_alike(named: Collection[int], occurrences: Sequence[Occurrence]) -> frozenset[int]:
    """Return the named records with those of their kind and code in the same occurrence: one word says them all."""
    return frozenset(
        record.event_id
        for occurrence in occurrences
        for said_kinds in [{(r.kind.name, r.code) for r in occurrence.records if r.event_id in named}]
        for record in occurrence.records
        if (record.kind.name, record.code) in said_kinds
    )


def _children(occurrences: Sequence[Occurrence], naming: Naming) -> tuple[Naming, str, frozenset[int]]:
    """Return the naming without the children who were there, what the lead says of them instead, and their records.

    Said once as a number where a child was there more than once: "with a child present" four times hides the rest.
    """
    records = [r for occurrence in occurrences for r in occurrence.records if r.kind.name == CHILD_PRESENT]
    number = sum(any(r.kind.name == CHILD_PRESENT for r in occurrence.records) for occurrence in occurrences)
    only_children = all(record.kind.name == CHILD_PRESENT for named in naming.values() for record in named)
    if number < _CHILDREN_IN_LEAD or only_children:
        return naming, "", frozenset()
    without = {
        key: tuple(record for record in named if record.kind.name != CHILD_PRESENT) or named
        for key, named in naming.items()
    }
    at = "each" if number == len(occurrences) else f"{number:,}"
    return without, f" (a child present at {at})", frozenset(record.event_id for record in records)


def said_of(records: Sequence[CaseRecord]) -> str:
    """Return the words of the records that are named of one occurrence."""
    if _is_assessment(records):
        return "assessment"
    kinds = [said(record.kind.name, record.code) for record in records if record.kind.name != CHILD_PRESENT]
    if not kinds:
        return said(CHILD_PRESENT)
    return listed(kinds) + (" with a child present" if len(kinds) < len(records) else "")


def listed(words: Sequence[str]) -> str:
    """Return words as a list in a sentence.

    >>> listed(["strangulation"]), listed(["strangulation", "knife used"]), listed(["a", "b", "c"])
    ('strangulation', 'strangulation and knife used', 'a, b and c')
    """
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _is_assessment(records: Sequence[CaseRecord]) -> bool:
    return any(record.kind.name.startswith(ITEM) for record in records)


def _shown(subject: Subject) -> list[Occurrence]:
    """Choose the occurrences with a date: the latest, of each title the gravest, of each kind the gravest, then others.

    The latest first. It is one of them however grave the others are: old dates alone would read as if nothing had
    happened since. Kinds come before repetitions: "breach, breach, breach and 9 more" would hide what else there was.
    """
    gravest = sorted(
        subject.occurrences, key=lambda occurrence: (occurrence.severity, occurrence.last_at), reverse=True
    )
    firsts = (
        next((o for o in gravest if any(record.event_id in ids for record in o.records)), None)
        for ids in subject.behind
    )
    kinds = {occurrence.records[0].kind.name: occurrence for occurrence in reversed(gravest)}
    of_kinds = [occurrence for occurrence in gravest if kinds[occurrence.records[0].kind.name] is occurrence]
    latest = max(subject.occurrences, key=lambda occurrence: (occurrence.last_at, occurrence.severity))
    chosen = dict.fromkeys(
        occurrence for occurrence in (latest, *firsts, *of_kinds, *gravest) if occurrence is not None
    )
    return sorted([*chosen][:DATES_AT_MOST], key=lambda occurrence: (occurrence.last_at, occurrence.key), reverse=True)


def _lead(occurrences: Sequence[Occurrence], naming: Naming, since: str) -> tuple[str, _Alike]:
    """Return how a sentence on several occurrences begins, and what need not be said again of each.

    ``since``: how the lead ends.
    """
    ways = {occurrence.records[0].way for occurrence in occurrences}
    way = ways.pop() if len(ways) == 1 else None
    kinds = {tuple((record.kind.name, record.code) for record in naming[o.key]) for o in occurrences}
    number = len(occurrences)
    forms = {occurrence.form for occurrence in occurrences}
    alike = _Alike(way=way is not None)
    noun = {"incident": "incidents", "assessment": "assessments"}.get(forms.pop() if len(forms) == 1 else "", "records")
    counted = f"{number:,} {noun}"
    if noun == "assessments":
        alike = _Alike(way=way is not None, words=True)
    elif len(kinds) == 1 and len(of_all := kinds.pop()) == 1:
        counted, alike = several(*of_all[0], number), _Alike(way=way is not None, words=True)
    # "Had a knife 2 times about the subject" is no English.
    of_person = alike.words and way in ("subject", "person_at_risk")
    whom = "" if way is None else _OF_EACH[way] if of_person else _OF_ALL[way]
    return f"{capitalised(counted)}{whom}{since}: ", alike


@dataclass(frozen=True, slots=True)
class _Alike:
    """What is the same of all occurrences of a sentence and is said in its lead: who to whom, the words."""

    way: bool = False
    words: bool = False


def _since(occurrences: Sequence[Occurrence], calendar: Calendar) -> str:
    """Return since which month; empty where a day is not known, or nothing happened yet."""
    records = [record for occurrence in occurrences for record in occurrence.records]
    first = min(occurrence.first_at for occurrence in occurrences)
    if any(record.event_id in calendar.undated for record in records) or not happened(first, calendar.as_of):
        return ""
    when, year = local(first, calendar.zone), local(calendar.as_of, "UTC").year
    return f" since {when:%B}" + ("" if when.year == year else f" {when.year}")


def _single(occurrence: Occurrence, records: Sequence[CaseRecord], calendar: Calendar) -> list[Piece]:
    first, *further = _mention(occurrence, records, calendar, _Alike())
    text = capitalised(first.text)
    leading = records[0]
    plain = _when(leading, calendar) == calendar.short(leading.occurred_at)
    ago = f", {how_long_ago(leading.occurred_at, calendar.as_of, calendar.zone)}" if plain else ""
    return [Piece(text, first.event_id, first.label), Piece(ago), *further]


def _mention(occurrence: Occurrence, records: Sequence[CaseRecord], calendar: Calendar, alike: _Alike) -> list[Piece]:
    """Return what is said of one occurrence: words and date, which lead to its gravest record, whom, answers."""
    leading, words = records[0], said_of(records)
    when = _when(leading, calendar)
    text = when if alike.words else f"{words} {when}"
    label = f"{words}, {day(leading.occurred_at, calendar.zone)}" if leading.event_id not in calendar.undated else words
    is_assessment = _is_assessment(records)
    whom = "" if alike.way else (_OF_ASSESSMENT if is_assessment else _OF_EACH)[leading.way]
    detail = _answers(records) if is_assessment else ""
    pieces = [Piece(text, leading.event_id, label)]
    return [*pieces, Piece(f"{whom}{detail}")] if whom or detail else pieces


def _each_once(mentions: list[list[Piece]]) -> list[list[Piece]]:
    """Return the mentions with the answers that an earlier mention gave word for word said as "the same"."""
    given: set[str] = set()
    out = []
    for mention in mentions:
        last = mention[-1]
        whom, answers, rest = last.text.partition(_YES)
        again = answers and rest in given
        out.append([*mention[:-1], Piece(f"{whom} (the same)")] if again else mention)
        given.add(rest)
    return out


_YES = " (yes to: "
"""How the answers of an assessment begin."""


def _answers(records: Sequence[CaseRecord]) -> str:
    answers = [said(record.kind.name) for record in records if record.kind.name != GRADE]
    graded = "; graded high" if len(answers) < len(records) else ""
    shown, rest = answers[:_ANSWERS_AT_MOST], len(answers) - _ANSWERS_AT_MOST
    return f"{_YES}{', '.join(shown)}{f' and {rest} more' if rest > 0 else ''}{graded})"


def _when(record: CaseRecord, calendar: Calendar) -> str:
    """Return when a record was, in running text: a day, a span of days, since when, or when it is due."""
    if record.event_id in calendar.undated:
        return NO_DAY
    on = calendar.short(record.occurred_at)
    if record.ahead:
        return f"due {on}"
    lasts = record.kind.lasts
    if lasts in ("", "course"):
        began = calendar.short(record.began_at)
        return on if began == on or lasts == "" else f"{began} to {on}"
    if record.until == NEVER:
        return f"since {on}"
    end = calendar.short(record.until)
    over = happened(record.until, calendar.as_of)
    return on if over and end == on else f"{on} to {end}" if over else f"from {on} to {end}"


def _tail(
    rest: Sequence[Occurrence], naming: Naming, always: Collection[int], alike: _Alike
) -> tuple[str, frozenset[int]]:
    """Return how the occurrences without a date are counted, and the ids of the records whose kinds are said.

    ``always``: ids of records whose kinds are said.
    """
    records: dict[tuple[str, str, Way], list[CaseRecord]] = {}
    for occurrence in sorted(rest, key=lambda occurrence: occurrence.severity, reverse=True):
        for record in naming[occurrence.key]:
            if record.kind.name != CHILD_PRESENT or len(naming[occurrence.key]) == 1:
                records.setdefault((record.kind.name, record.code, record.way), []).append(record)
    grave = [key for key in records if any(r.kind.must_see or r.event_id in always for r in records[key])]
    lesser = [key for key in records if key not in grave][: max(0, _KINDS_OF_THE_REST - len(grave))]
    named = frozenset(record.event_id for key in (*grave, *lesser) for record in records[key])
    kinds = []
    for kind, code, way in (*grave, *lesser):
        number = len(records[kind, code, way])
        # The number of all the rest is said already.
        words = said(kind, code) if number == len(rest) else several(kind, code, number)
        kinds.append(words + ("" if alike.way else _OF_EACH[way]))
    in_brackets = f" ({listed(kinds)})" if kinds and not alike.words else ""
    return (f"{len(rest):,} more{in_brackets}" if rest else ""), named


def _joined(mentions: Sequence[Sequence[Piece]], tail: str) -> list[Piece]:
    """Return mentions as a list in a sentence; a comma goes before the last "and" where a mention has one itself."""
    last: list[Piece] = [Piece(tail)] if tail else [*mentions[-1]]
    before = [*mentions] if tail else [*mentions[:-1]]
    ambiguous = any(" and " in piece.text for mention in mentions for piece in mention)
    out: list[Piece] = []
    for i, mention in enumerate(before):
        out += [*([Piece(", ")] if i else []), *mention]
    joint = ", and " if ambiguous and before else " and "
    return [*out, *([Piece(joint)] if out else []), *last]
