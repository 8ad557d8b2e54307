"""The twelve markers of a relationship: what kills, or comes before it, on record or answered, each way round.

Shown on every row and every case, whatever ranks; no ranking reads them. A marker is not a score and not a finding: it
says what is on record, since when, how often, and what was asked and answered. A yes is never taken back by a later no.
``tests/spec/markers`` draws the rule, case by case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from serving.relationship.case_parts import Ints, Part, parts_of
from serving.relationship.marker_table import (
    LaneName,
    MarkerDefinition,
    Use,
    Whose,
    marker_definitions,
    places_of,
    unread_must_see,
)
from threat.asof import happened
from threat.history.sightings import NO_PERSON, Rows, Sightings
from threat.vocabulary import kinds

State = Literal["yes", "answered_no", "unanswered", "not_asked", "no_record"]

_KINDS = tuple(kinds().values())
_IS_QUESTION = np.array([kind.name.startswith("item_") for kind in _KINDS])


@dataclass(frozen=True, slots=True)
class MarkerRecord:
    """One record of a lane; times in UTC seconds. ``began_at``: of a course of conduct its beginning."""

    kind: str
    code: str
    began_at: int
    occurred_at: int
    event_id: int
    incident_id: int


@dataclass(frozen=True, slots=True)
class Lane:
    """What is on record of a marker one way round: records and answers, the latest first.

    ``yes``: a record, or an answer of yes. Otherwise what the assessments between the two say: ``answered_no`` (the
    latest yes-or-no answer to each question is no), ``unanswered`` (refused or not known), ``not_asked`` (an assessment
    without this question, or with the question not put). ``no_record``: no record and no assessment.

    ``answers``: those between the two, and every yes that says the same of the party in another assessment.
    ``context``: records that take nothing back and are said next to a yes: a reconciliation after a separation.
    """

    state: State
    records: tuple[MarkerRecord, ...] = ()
    answers: tuple[MarkerRecord, ...] = ()
    context: tuple[MarkerRecord, ...] = ()

    @property
    def first(self) -> int | None:
        """Return when the first record began, UTC seconds; None without a record."""
        return min((record.began_at for record in self.records), default=None)

    @property
    def last(self) -> int | None:
        """Return when the latest record happened, UTC seconds; None without a record."""
        return self.records[0].occurred_at if self.records else None

    @property
    def incidents(self) -> int:
        """Return how many incidents the records are of."""
        return len({record.incident_id for record in self.records})

    @property
    def yes_at(self) -> int | None:
        """Return when yes was answered last, UTC seconds; None where it never was."""
        return next((answer.occurred_at for answer in self.answers if answer.code == "yes"), None)

    @property
    def answered_at(self) -> int | None:
        """Return when the state was answered (a no, a refusal), UTC seconds; None for a yes and for nothing asked."""
        codes = {"answered_no": ("no",), "unanswered": ("refused", "not_known", "")}.get(self.state, ())
        return next((answer.occurred_at for answer in self.answers if answer.code in codes), None)

    @property
    def no_at(self) -> int | None:
        """Return when no was answered after the latest yes and the latest record, UTC seconds; else None.

        Of several questions, the no to a question that was never answered yes says nothing of the question that was.
        """
        if self.state != "yes":
            return None
        said_yes = {answer.kind for answer in self.answers if answer.code == "yes"}
        no = (each for each in self.answers if each.code == "no" and (not said_yes or each.kind in said_yes))
        latest = next(no, None)
        earlier = [at for at in (self.last, self.yes_at) if at is not None]
        return latest.occurred_at if latest is not None and all(at < latest.occurred_at for at in earlier) else None


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker of one relationship. ``name``, ``title`` and ``whose`` as in ``markers.csv``.

    ``other_way``: None for a fact of the two and where nobody is known as the person at risk. ``elsewhere``: what the
    subject is on record for towards other people; None unless it is a yes.
    """

    name: str
    title: str
    whose: Whose
    this_way: Lane
    other_way: Lane | None
    elsewhere: Lane | None

    def lanes(self) -> dict[LaneName, Lane]:
        """Return the lanes that there are, by name."""
        named: dict[LaneName, Lane | None] = {
            "this_way": self.this_way,
            "other_way": self.other_way,
            "elsewhere": self.elsewhere,
        }
        return {name: lane for name, lane in named.items() if lane is not None}

    def is_yes(self) -> bool:
        """Return True where any lane says yes."""
        return any(lane.state == "yes" for lane in self.lanes().values())


def markers(sightings: Sightings, rows: Rows, as_of: int) -> list[tuple[Marker, ...]]:
    """Return the twelve markers of each row at ``as_of`` (UTC seconds), in their fixed order.

    ``rows``: relationships, parties resolved at ``as_of``. What was recorded, visible and had happened by then counts,
    the unit's own records among it: a fact is a fact, whoever wrote it down.
    """
    return _markers(sightings, rows, as_of, marker_definitions())


def other_must_see(sightings: Sightings, rows: Rows, as_of: int) -> list[tuple[Marker, ...]]:
    """Return for each row the must-see kinds on record that no marker reads, each as a marker by the name of its kind.

    So that every must-see kind of a case is said next to its markers: attempted murder, kidnap, a disclosure
    application. Those not on record are left out.
    """
    by_row = _markers(sightings, rows, as_of, unread_must_see())
    return [tuple(marker for marker in of_row if marker.is_yes()) for of_row in by_row]


def _markers(
    sightings: Sightings, rows: Rows, as_of: int, definitions: Sequence[MarkerDefinition]
) -> list[tuple[Marker, ...]]:
    gathered = _gather(sightings, rows, as_of, definitions)
    return [
        tuple(
            _marker(definition, gathered, (row, number), is_known=at_risk != NO_PERSON)
            for number, definition in enumerate(definitions)
        )
        for row, at_risk in enumerate(rows.at_risk.tolist())
    ]


@dataclass(slots=True)
class _Gathered:
    """What the lanes hold, by (row, marker, lane), in the order of time; answers with the way of their assessment.

    ``assessed``: the rows with an assessment, each with its way round.
    """

    records: dict[tuple[int, int, LaneName], list[MarkerRecord]] = field(default_factory=dict)
    context: dict[tuple[int, int, LaneName], list[MarkerRecord]] = field(default_factory=dict)
    answers: dict[tuple[int, int, LaneName], list[tuple[Part, MarkerRecord]]] = field(default_factory=dict)
    assessed: set[tuple[int, Part]] = field(default_factory=set)

    def keep(self, key: tuple[int, int, LaneName], use: Use, part: Part, record: MarkerRecord) -> None:
        """Keep a record in a lane."""
        if use == "record":
            self.records.setdefault(key, []).append(record)
        elif use == "context":
            self.context.setdefault(key, []).append(record)
        elif use == "answer" or record.code == "yes":
            self.answers.setdefault(key, []).append((part, record))


def _gather(sightings: Sightings, rows: Rows, as_of: int, definitions: Sequence[MarkerDefinition]) -> _Gathered:
    places = places_of(definitions)
    wanted = _IS_QUESTION.copy()
    wanted[[number for number, _ in places]] = True

    def counts(at: Ints) -> NDArray[np.bool_]:
        past = happened(sightings.occurred_at[at], as_of)
        return np.asarray(wanted[sightings.kind[at]] & past & sightings.visible_at(as_of, at))

    row, at, part = parts_of(sightings, rows, counts)
    out = _Gathered()
    record_at: dict[int, MarkerRecord] = {}
    for of_row, j, part_name in zip(row.tolist(), at.tolist(), part, strict=True):
        number = int(sightings.kind[j])
        if _IS_QUESTION[number] and part_name in ("this_way", "other_way"):
            out.assessed.add((of_row, part_name))
        for place in places.get((number, part_name), ()):
            if j not in record_at:
                record_at[j] = _record(sightings, j)
            out.keep((of_row, place.marker, place.lane), place.use, part_name, record_at[j])
    return out


def _record(sightings: Sightings, j: int) -> MarkerRecord:
    code = int(sightings.code[j])
    return MarkerRecord(
        kind=_KINDS[int(sightings.kind[j])].name,
        code=sightings.code_names[code] if code >= 0 else "",
        began_at=int(sightings.began_at[j]),
        occurred_at=int(sightings.occurred_at[j]),
        event_id=int(sightings.event_id[j]),
        incident_id=int(sightings.incident_id[j]),
    )


def _marker(definition: MarkerDefinition, gathered: _Gathered, key: tuple[int, int], *, is_known: bool) -> Marker:
    """Return a marker of a row; ``key``: the row and the number of the marker."""
    has_other_way = definition.has_other_way() and is_known
    elsewhere = _lane(definition, gathered, key, "elsewhere")
    return Marker(
        name=definition.name,
        title=definition.title,
        whose=definition.whose,
        this_way=_lane(definition, gathered, key, "this_way"),
        other_way=_lane(definition, gathered, key, "other_way") if has_other_way else None,
        elsewhere=elsewhere if elsewhere.state == "yes" else None,
    )


def _lane(definition: MarkerDefinition, gathered: _Gathered, key: tuple[int, int], name: LaneName) -> Lane:
    row, lane = key[0], (*key, name)
    records = _latest_first(gathered.records.get(lane, ()))
    answers = gathered.answers.get(lane, ())
    if records or any(answer.code == "yes" for _, answer in answers):
        state: State = "yes"
    elif name == "elsewhere":  # shown only when it is a yes
        return _EMPTY["no_record"]
    else:
        asked = [_answered(question, way, answers) for question, way in definition.questions(name)
                 if (row, way) in gathered.assessed]  # fmt: skip
        # A no to one of two questions is no answer to the other: what is least known is said.
        state = next((said for said in _LEAST_KNOWN if said in asked), "no_record")
    if not (records or answers or lane in gathered.context):
        return _EMPTY[state]
    return Lane(
        state, records, _latest_first(answer for _, answer in answers), _latest_first(gathered.context.get(lane, ()))
    )


_LEAST_KNOWN: tuple[State, ...] = ("unanswered", "not_asked", "answered_no")
_EMPTY: dict[State, Lane] = {
    state: Lane(state) for state in ("yes", "answered_no", "unanswered", "not_asked", "no_record")
}


def _answered(question: str, way: Part, answers: Iterable[tuple[Part, MarkerRecord]]) -> State:
    """Return what assessments of one way round say to a question that nobody answered with yes."""
    codes = {answer.code for of, answer in answers if of == way and answer.kind == question}
    if "no" in codes:
        return "answered_no"
    # An answer without a code says that the question was put, and not what was answered.
    return "unanswered" if codes - {"not_asked"} else "not_asked"


def _latest_first(records: Iterable[MarkerRecord]) -> tuple[MarkerRecord, ...]:
    """Return records the latest first, an event once: a party may be named in two places of one event."""
    by_event = {record.event_id: record for record in records}
    return tuple(reversed(by_event.values()))
