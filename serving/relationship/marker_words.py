"""Markers in words: short for a row, a lane in full for a case. Dates as running text has them.

A yes is said with when and how often; a no, a refusal and a question not put are said as what they are; and nothing is
said of a marker that would calm anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from serving.relationship.kind_words import capitalised, said
from serving.relationship.marker_table import LaneName, Whose
from serving.relationship.markers import Lane, Marker, MarkerRecord
from threat.dates import NO_DAY, local, short_day
from threat.vocabulary import kinds

KINDS_IN_A_ROW = 2
"""Kinds of a marker that a row names, the latest first; must-see kinds are named all, however many there are."""

LANE_TITLES: dict[Whose, dict[LaneName, str]] = {
    "acts": {
        "this_way": "By the subject towards the person at risk",
        "other_way": "By the person at risk towards the subject",
        "elsewhere": "By the subject towards others",
    },
    "pair": {"this_way": "Between the two", "elsewhere": "The subject and others"},
    "each": {"this_way": "The subject", "other_way": "The person at risk"},
    "person_at_risk": {"this_way": "The person at risk", "other_way": "The subject"},
    "others": {"this_way": "By the subject", "other_way": "By the person at risk"},
}
"""Whom a lane is about, in words."""

_OF_OTHER_PARTY = {"each": "of the person at risk", "person_at_risk": "of the subject"}
"""A fact of one person is said of that person: read after "by the person at risk" it would be an act."""


@dataclass(frozen=True, slots=True)
class Days:
    """How days are said: short, as of the date of a list (UTC seconds), in a zone.

    ``undated``: ids of the records of no known day, of which the day that stands in their row is never said.
    """

    as_of: int
    zone: str
    undated: frozenset[int] = frozenset()

    def day(self, at: int) -> str:
        """Return the day of an instant in running text."""
        return short_day(at, self.as_of, self.zone)

    def of(self, event_id: int, at: int) -> str:
        """Return the day of a record that happened at an instant, or that the day is not known.

        >>> [Days(0, "UTC", frozenset({7})).of(event, 0) for event in (6, 7)]
        ['1 Jan', 'on a day not known']
        """
        return NO_DAY if event_id in self.undated else self.day(at)

    def span(self, record: MarkerRecord) -> str:
        """Return the day of a record; of a course of conduct, from when to when."""
        if record.event_id in self.undated:
            return NO_DAY
        last = self.day(record.occurred_at)
        same = local(record.began_at, self.zone).date() == local(record.occurred_at, self.zone).date()
        return last if same else f"{self.day(record.began_at)} to {last}"


def short(marker: Marker, lane_name: LaneName, days: Days) -> str:
    """Return what a lane that says yes is on record for: the kinds, when each was last, and in how many incidents.

    >>> when = 1_717_200_000
    >>> threat = MarkerRecord("threat_to_kill", "", when - 86_400, when - 86_400, 1, 1)
    >>> earlier = MarkerRecord("threat_to_kill", "", when - 864_000, when - 864_000, 2, 2)
    >>> marker = Marker("threat_to_kill", "Threat to kill", "acts", Lane("yes", (threat, earlier)), None, None)
    >>> short(marker, "this_way", Days(when, "UTC"))
    'threat to kill 31 May (2)'
    >>> knife = MarkerRecord("weapon_used", "knife", when - 86_400, when - 86_400, 3, 3)
    >>> short(Marker("weapon", "Weapons", "acts", Lane("yes", (knife,)), None, None), "this_way", Days(when, "UTC"))
    'weapons: knife used 31 May'
    """
    lane = marker.lanes()[lane_name]
    title = marker.title.lower()
    if lane_name == "other_way" and marker.whose in _OF_OTHER_PARTY:
        title = f"{title} {_OF_OTHER_PARTY[marker.whose]}"
    elif marker.whose == "each":
        title = f"{title} of the subject"
    if not lane.records:
        return f"{title} (answered yes {days.day(lane.yes_at or 0)})"
    named = [_counted(records, days) for records in _named_in_a_row(lane.records)]
    words = said(lane.records[0].kind, lane.records[0].code)
    repeats = words.startswith(title) or title.startswith(words)
    return ", ".join(named) if repeats else f"{title}: {', '.join(named)}"


def _named_in_a_row(records: Sequence[MarkerRecord]) -> list[list[MarkerRecord]]:
    """Return the records of each kind that a row names, the kind with the latest record first."""
    by_kind: dict[str, list[MarkerRecord]] = {}
    for record in records:
        by_kind.setdefault(record.kind, []).append(record)
    must_see = [kind for kind in by_kind if kinds()[kind].must_see]
    others = [kind for kind in by_kind if kind not in must_see]
    chosen = {*must_see, *others[: max(0, KINDS_IN_A_ROW - len(must_see))]}
    return [of_kind for kind, of_kind in by_kind.items() if kind in chosen]


def _counted(records: Sequence[MarkerRecord], days: Days) -> str:
    """Return the words of records of one kind, the day of the latest, and of how many incidents they are."""
    incidents = len({record.incident_id for record in records})
    number = f" ({incidents})" if incidents > 1 else ""
    return f"{said(records[0].kind, records[0].code)} {days.of(records[0].event_id, records[0].occurred_at)}{number}"


def one_of_each_incident(records: Sequence[MarkerRecord]) -> list[MarkerRecord]:
    """Return the first record of each incident, in the order given."""
    by_incident: dict[int, MarkerRecord] = {}
    for record in records:
        by_incident.setdefault(record.incident_id, record)
    return list(by_incident.values())


def named_record(record: MarkerRecord, days: Days) -> str:
    """Return what a link to a record says that it leads to.

    >>> named_record(MarkerRecord("weapon_used", "knife", 0, 0, 1, 1), Days(1_717_200_000, "UTC"))
    'knife used, 1 Jan 1970'
    >>> named_record(MarkerRecord("item_strangled", "yes", 0, 0, 1, 1), Days(0, "UTC"))
    'answered yes, 1 Jan'
    """
    words, _, _ = said(record.kind, record.code).partition(":")
    return f"{words}, {days.span(record)}"


def sentence(lane: Lane, days: Days) -> str:
    """Return what a lane says, without the records themselves, which follow it as links.

    >>> when = 1_717_200_000
    >>> threat = MarkerRecord("threat_to_kill", "", when, when, 1, 1)
    >>> refused = MarkerRecord("item_threat_to_kill", "refused", when, when, 2, 2)
    >>> days = Days(when, "UTC")
    >>> sentence(Lane("yes", (threat,)), days), sentence(Lane("unanswered", (), (refused,)), days)
    ('Yes: 1 incident, 1 Jun.', 'Asked and not answered (refused), 1 Jun.')
    >>> sentence(Lane("not_asked"), days), sentence(Lane("no_record"), days)
    ('Not asked.', 'No record.')
    >>> murder = MarkerRecord("murder", "", when, when, 3, 3)
    >>> undated = Days(when, "UTC", frozenset({3}))
    >>> sentence(Lane("yes", (murder,)), undated), sentence(Lane("yes", (murder, threat)), undated)
    ('Yes: 1 incident, on a day not known.', 'Yes: 2 incidents, 1 Jun, and on a day not known.')
    """
    if lane.state == "yes":
        return " ".join(_yes(lane, days))
    if lane.state == "answered_no":
        return f"Answered no, {days.day(lane.answered_at or 0)}."
    if lane.state == "unanswered":
        codes = ("refused", "not_known", "")
        answer = next(answer for answer in lane.answers if answer.code in codes)
        why = f" ({answer.code.replace('_', ' ')})" if answer.code else ""
        return f"Asked and not answered{why}, {days.day(answer.occurred_at)}."
    return "Not asked." if lane.state == "not_asked" else "No record."


def _when(records: Sequence[MarkerRecord], days: Days) -> str:
    """Return when the first and the last of some records were, and that a day is not known where none is."""
    dated = [record for record in records if record.event_id not in days.undated]
    if not dated:
        return NO_DAY
    first = days.day(min(record.began_at for record in dated))
    last = days.day(max(record.occurred_at for record in dated))
    when = last if first == last else f"first {first}, last {last}"
    return when if len(dated) == len(records) else f"{when}, and {NO_DAY}"


def _yes(lane: Lane, days: Days) -> list[str]:
    parts = []
    if lane.records:
        incidents = "1 incident" if lane.incidents == 1 else f"{lane.incidents:,} incidents"
        parts.append(f"Yes: {incidents}, {_when(lane.records, days)}.")
    if lane.yes_at is not None:
        said_yes = f"answered yes, {days.day(lane.yes_at)}."
        parts.append(f"Also {said_yes}" if parts else f"Yes: {said_yes}")
    if lane.no_at is not None:
        parts.append(f"Later answered no, {days.day(lane.no_at)}: that takes nothing back.")
    if lane.context:
        record = lane.context[0]
        recorded = capitalised(said(record.kind, record.code))
        parts.append(f"{recorded} recorded {days.day(record.occurred_at)}: that takes nothing back.")
    return parts
