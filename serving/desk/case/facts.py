"""The facts of a relationship on one page: five lines, the latest records, what is missing. It never asks the order.

A person grades from this alone, so nothing here may depend on a place: no ``Places`` is given, and of the list only its
date, its triggers and its circumstances are read.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from serving.desk.case.cards import said_together
from serving.desk.case.file import CaseFile
from serving.desk.case.incidents import FOLLOWED, gravity_by_position
from serving.desk.case.now import NOTHING, now_lines
from serving.desk.case.records import Reading, code_of, is_ahead, kind_of, records_of
from serving.desk.case.unknowns import unknowns
from serving.desk.list_view import ListView
from serving.desk.marked import row_markers
from serving.desk.parties import person_reference
from serving.desk.people.ages import ages_of
from serving.desk.people.around import children_of
from serving.desk.responses.answer import Direction
from serving.desk.responses.facts import FactLine, Facts, RecordedFact
from serving.desk.responses.incidents import Record
from serving.desk.responses.now import NowSentence
from serving.desk.why import seen_for
from serving.desk.words import counted
from serving.relationship.circumstances import Circumstance
from serving.relationship.kind_words import ITEM, capitalised
from serving.relationship.marker_words import sentence
from threat.asof import instant
from threat.dates import NO_DAY, how_long_ago, short_day
from threat.ids import parse_id, show_id
from threat.vocabulary import kinds

LATEST_RECORDS = 10
"""Records on the page itself, so that reading needs no click; the relationship's page has every one."""

MOST_FACTS = 12
"""Kinds that a grade may name: the gravest, so that the list is read and not searched."""

_NO_FACT = frozenset({"record_keeping", "unit"})
"""Themes of what the unit did itself, and of rows about records."""

_BETWEEN: tuple[Direction, ...] = ("this_way", "other_way")
_OF_CASE: tuple[Direction, ...] = (*_BETWEEN, "subject", "person_at_risk")


def facts_of_file(view: ListView, relationship_id: int, file: CaseFile) -> Facts:
    """Return the facts of a relationship of which the file is there already."""
    parties = file.parties
    stated = view.circumstances(relationship_id)
    subject_age, person_at_risk_age = ages_of(view, list(parties))
    marked = view.marked(relationship_id)
    reading = Reading(view.as_of, since=file.since, behind={}, must_see=file.must_see, inexact=file.inexact)
    ordered = [j for incident in file.incidents for j in incident.rows if file.directions[j] in _OF_CASE]
    # An assessment asks twenty questions: answers other than yes would fill the page, and are in what is missing or a
    # click away.
    stated_rows = [j for j in ordered if _says_yes(file, j)]
    past = [j for j in stated_rows if not is_ahead(file.sightings, j, view.as_of)]
    past.sort(key=lambda j: int(file.sightings.occurred_at[j]), reverse=True)
    latest = past[:LATEST_RECORDS]
    read = records_of(file.sightings, latest, file.directions, reading)
    return Facts(
        relationship=show_id("R", relationship_id),
        relationship_kind=view.kind_title(relationship_id),
        subject=person_reference(parties.subject),
        person_at_risk=person_reference(parties.at_risk),
        subject_age=subject_age,
        person_at_risk_age=person_at_risk_age,
        other_way=view.other_way(relationship_id, parties),
        time_zone=view.zone,
        seen_for=seen_for(view, relationship_id, stated, len(file.new)),
        lines=[
            _latest(view, file, reading),
            _gravest(view, file, reading),
            _in_force(view, file, stated),
            _suicidality(view, relationship_id),
            _children(view, file),
        ],
        latest=[read[j] for j in latest],
        records=len(file.directions),
        markers=row_markers(marked, view.days),
        missing=unknowns(file.sightings, parties, view.as_of, view.zone),
        relied_on=_relied_on(view, file),
    )


def _latest(view: ListView, file: CaseFile, reading: Reading) -> FactLine:
    """Say the latest incident between the two, whichever way."""
    for incident in file.incidents:
        rows = [j for j in incident.happened or incident.rows if file.directions[j] in _BETWEEN]
        if rows and not incident.ahead:
            read = records_of(file.sightings, rows, file.directions, reading)
            records = [read[j] for j in rows]
            ways = ", ".join(dict.fromkeys(record.direction_title.lower() for record in records))
            text = f"{capitalised(said_together(records))}: {ways}, {_when(view, records[0])}."
            return FactLine(title="Latest between the two", sentences=[NowSentence(text=text, event=records[0].event)])
    return _nothing("Latest between the two", "No incident between the two is on record.")


def _gravest(view: ListView, file: CaseFile, reading: Reading) -> FactLine:
    """Say the gravest kind on record between the two, in how many incidents, and its latest."""
    between = [
        j
        for j, direction in file.directions.items()
        if direction in _BETWEEN
        and kind_of(file.sightings, j).theme not in FOLLOWED | {"assessment", "record_keeping"}
        and not is_ahead(file.sightings, j, view.as_of)
    ]
    if not between:
        return _nothing("Gravest kind between the two", "No act between the two is on record.")
    gravity = gravity_by_position(file.sightings, between)
    kind = kind_of(file.sightings, max(between, key=lambda j: gravity[j]))
    alike = [j for j in between if kind_of(file.sightings, j) is kind]
    last = max(alike, key=lambda j: int(file.sightings.occurred_at[j]))
    record = records_of(file.sightings, [last], file.directions, reading)[last]
    incidents = len({int(file.sightings.incident_id[j]) for j in alike})
    text = (
        f"{kind.title}, in {counted(incidents, 'incident')}; the latest {record.direction_title.lower()}, "
        f"{_when(view, record)}."
    )
    return FactLine(title="Gravest kind between the two", sentences=[NowSentence(text=text, event=record.event)])


def _in_force(view: ListView, file: CaseFile, stated: Sequence[Circumstance]) -> FactLine:
    """Say custody, release, bail and orders: what of these is on record, else that none of them is."""
    lines = [line for line in now_lines(view, stated, file) if line.what in NOTHING]
    said = [each for line in lines if line.on_record for each in line.sentences if each.event]
    none = [line.title.lower() for line in lines if not line.on_record]
    if none:
        said.append(NowSentence(text=f"Nothing on record as in force of: {', '.join(none)}.", event=""))
    return FactLine(title="Custody, bail and orders", sentences=said)


def _suicidality(view: ListView, relationship_id: int) -> FactLine:
    """Say what is on record of either party's suicidality, or that it was not asked."""
    marker = next(each for each in view.marked(relationship_id).markers if each.name == "suicidality")
    titles = {"this_way": "The subject", "other_way": "The person at risk"}
    sentences = []
    for name, lane in marker.lanes().items():
        if name in titles:
            event = show_id("E", lane.records[0].event_id) if lane.records else ""
            sentences.append(NowSentence(text=f"{titles[name]}: {sentence(lane, view.days)}", event=event))
    return FactLine(title="Suicidality of either", sentences=sentences)


def _children(view: ListView, file: CaseFile) -> FactLine:
    """Say the children of either party who are on record as people and may be under 18; not the two themselves."""
    sentences = []
    parties = {person_reference(party) for party in file.parties}
    for party, whose in zip(file.parties, ("subject", "person at risk"), strict=True):
        children = [child for child in children_of(view, party) if child.person not in parties]
        children = [child for child in children if _may_be_under_18(view, child.person)]
        if children:
            said = "; ".join(f"{child.person}, {child.age}" for child in children)
            sentences.append(NowSentence(text=f"Of the {whose}: {said}.", event=""))
    nothing = "No child under 18 is on record as a person. Children who were never recorded may still be there."
    return FactLine(title="Children", sentences=sentences or [NowSentence(text=nothing, event="")])


_ADULT = 18
"""Years."""


def _may_be_under_18(view: ListView, person: str) -> bool:
    """Tell whether the year of birth on record, or its absence, makes it possible that a person is under 18."""
    born = view.births.years([parse_id(person, "P")])[0]
    return bool(np.isnan(born)) or instant(view.as_of).year - int(born) - 1 < _ADULT


def _relied_on(view: ListView, file: CaseFile) -> list[RecordedFact]:
    """Return the kinds on record of the two, the gravest first, each with its latest day: what a grade may rely on."""
    sightings = file.sightings
    rows = [
        j
        for j, direction in file.directions.items()
        if direction in _OF_CASE and kind_of(sightings, j).theme not in _NO_FACT and _says_yes(file, j)
    ]
    gravity = gravity_by_position(sightings, rows)
    of_kind: dict[str, list[int]] = {}
    for j in sorted(rows, key=lambda j: -gravity[j]):
        of_kind.setdefault(kind_of(sightings, j).name, []).append(j)
    facts = []
    for name, same in list(of_kind.items())[:MOST_FACTS]:
        last = max(same, key=lambda j: int(sightings.occurred_at[j]))
        when = view.days.of(int(sightings.event_id[last]), int(sightings.occurred_at[last]))
        facts.append(RecordedFact(code=name, title=f"{kinds()[name].title} ({when})"))
    return facts


def _says_yes(file: CaseFile, j: int) -> bool:
    """Return False for a question of an assessment that was not answered yes: it is no fact for a grade to rely on."""
    return not kind_of(file.sightings, j).name.startswith(ITEM) or code_of(file.sightings, j) == "yes"


def _when(view: ListView, record: Record) -> str:
    """Return when a record happened, in words: the day and how long ago, or that no day is known."""
    if record.occurred_precision == "unknown":
        return NO_DAY
    at = record.occurred_at
    return f"{short_day(at, view.as_of, view.zone)}, {how_long_ago(at, view.as_of, view.zone)}"


def _nothing(title: str, text: str) -> FactLine:
    return FactLine(title=title, sentences=[NowSentence(text=text, event="")])
