"""What a sentence counts as one thing: an incident, an assessment with its answers, or a record of neither.

A reader counts incidents, not rows: a strangulation, an assault and a child who was there on one evening are one
incident with three records. So a sentence that names an incident counts all its records, and no other sentence does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from serving.relationship.case_records import CaseRecord
from serving.relationship.kind_words import ITEM
from threat.dates import day

Form = Literal["incident", "assessment", "record"]

GRADE = "risk_grade"
CHILD_PRESENT = "child_present"
"""The kind that says who else was there, which goes with what happened."""

_QUESTIONS = (
    "item_strangled",
    "item_threat_to_kill",
    "item_fears_being_killed",
    "item_weapon",
    "item_sexual",
    "item_stalked",
    "item_subject_suicidal",
    "item_person_suicidal",
    "item_hurt_children",
    "item_escalating",
    "item_worsening",
    "item_controlling",
    "item_separated",
)
"""Questions of an assessment whose yes is named first, in the order of the markers; the others in the order of the
vocabulary. Gravity can't decide: an answer has no harm days."""

_SAYS_NOTHING = {("relationship_recorded", "unknown"), ("relationship_recorded", "not_related")}
"""Records that are kept out of sentences for their code: they say that nobody knew."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An incident, an assessment or another record, with all its records that may be named, the gravest first.

    ``key``: of which no two occurrences of a relationship are alike.
    """

    key: tuple[str, ...]
    form: Form
    records: tuple[CaseRecord, ...]

    @property
    def severity(self) -> tuple[bool, bool, int]:
        """Severity of the gravest record."""
        return self.records[0].severity

    @property
    def last_at(self) -> int:
        """Time of its latest record, UTC seconds."""
        return max(record.occurred_at for record in self.records)

    @property
    def first_at(self) -> int:
        """Beginning of its earliest record, UTC seconds."""
        return min(record.began_at for record in self.records)

    def only(self, events: Collection[int]) -> Occurrence | None:
        """Return the occurrence with these records alone; None when it has none of them."""
        kept = tuple(record for record in self.records if record.event_id in events)
        return Occurrence(self.key, self.form, kept) if kept else None

    def named(self, behind: Sequence[Collection[int]], always: Collection[int] = ()) -> tuple[CaseRecord, ...]:
        """Return the records that a sentence names, one a kind and code, the gravest first.

        ``behind``: ids of the records that each title of the sentence is about, of which the gravest is named. With
        them go the gravest two crimes, the must-see kinds, that a child was there, and ``always``: an incident is never
        named by its lesser part. Of an assessment all are.
        """
        if self.form == "assessment":
            return self.records
        of_titles = [next((record for record in self.records if record.event_id in ids), None) for ids in behind]
        crimes = [record for record in self.records if record.kind.crime][:2]
        chosen = [
            record
            for i, record in enumerate(self.records)
            if i == 0
            or record in crimes
            or record in of_titles
            or record.kind.must_see
            or record.kind.name == CHILD_PRESENT
            or record.event_id in always
        ]
        if any(record.kind.name not in (CHILD_PRESENT, "domestic_incident") for record in chosen):
            # Next to what happened, that it was a domestic incident says nothing.
            chosen = [r for r in chosen if r.kind.name != "domestic_incident" or r.event_id in always]
        if any(record.kind.theme == "assault" and record.kind.name != "injury" for record in chosen):
            # "Assault with injury and injury": the marker that reads an injury reads the assault, which is named.
            chosen = [record for record in chosen if record.kind.name != "injury"]
        return tuple({(record.kind.name, record.code): record for record in reversed(chosen)}.values())[::-1]


def may_be_named(record: CaseRecord) -> bool:
    """Tell whether a sentence may name a record as what raises a place.

    Not an answer other than yes, which is no sign of anything; not a grade below high, whose word would soothe; not
    what the unit did itself; not a row about rows, or about what nobody knew.
    """
    name = record.kind.name
    if name.startswith(ITEM):
        return record.code == "yes"
    if name == GRADE:
        return record.code == "high"
    return record.kind.theme != "unit" and name != "withdrawn" and (name, record.code) not in _SAYS_NOTHING


def occurrences(records: Iterable[CaseRecord], zone: str) -> dict[int, Occurrence]:
    """Return the occurrence of every record that may be named, by event id. ``zone``: in which a day is one day.

    Records of one kind, code and day that are of no incident are one occurrence: two systems wrote down one fact.
    """
    gathered: dict[tuple[str, ...], list[CaseRecord]] = {}
    for record in records:
        if may_be_named(record):
            gathered.setdefault(_key(record, zone), []).append(record)
    by_event: dict[int, Occurrence] = {}
    for key, members in gathered.items():
        form: Form = "incident" if key[0] == "incident" else "assessment" if key[0] == "assessment" else "record"
        occurrence = Occurrence(key, form, tuple(sorted(members, key=_gravest_first)))
        by_event |= dict.fromkeys((record.event_id for record in members), occurrence)
    return by_event


def _key(record: CaseRecord, zone: str) -> tuple[str, ...]:
    if record.kind.in_incident:
        return "incident", record.way, str(record.incident_id)
    when = day(record.occurred_at, zone)
    if record.kind.name.startswith(ITEM) or record.kind.name == GRADE:
        return "assessment", record.way, str(record.incident_id), when
    return "record", record.way, record.kind.name, record.code, when


def _gravest_first(record: CaseRecord) -> tuple[object, ...]:
    """Sort key: answers in the order of ``_QUESTIONS``, all else by severity; then the latest, then the id."""
    name = record.kind.name
    question = _QUESTIONS.index(name) if name in _QUESTIONS else len(_QUESTIONS)
    must_see, like_must_see, gravity = record.severity
    return not must_see, not like_must_see, question, -gravity, -record.occurred_at, record.event_id
