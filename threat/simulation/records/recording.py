"""How the police come to record what happened: each incident's principal row, its markers, who called."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation import parameters
from threat.simulation.knobs import Knobs
from threat.simulation.records import assessment, circumstances, faults, justice, outside_crimes, revisions
from threat.simulation.records.after_death import without_the_dead
from threat.simulation.records.event_rows import NONE, EventFields, EventRows, number
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.world import chance, outside, states
from threat.simulation.world.deaths import death_days
from threat.simulation.world.population import Population
from threat.simulation.world.states import OFFENCES

_PRINCIPAL = {
    "strangulation_with_injury": "non_fatal_strangulation",
    "wounding_with_weapon": "wounding",
    "injury_with_weapon": "assault_with_injury",
    "breach": "breach_bail",
}
"""Kinds that incidents are recorded as where the vocabulary has another word for the offence."""
_BREACHES = ("breach_non_molestation", "breach_protection_order", "breach_restraining_order", "breach_stalking_order")
_SECOND_CRIME = 2
_FIRST_MARKER = 10
"""Ordinals of rows of one incident, so that two rows of one kind have different ids."""
_EPOCH_DAY = date(1970, 1, 1)
"""Day on which UTC seconds begin."""


def principal_kinds() -> NDArray[np.int64]:
    """Return the numbers of the kinds that can be an incident's principal row and so make a relationship known."""
    names = [_PRINCIPAL.get(name, name) for name in OFFENCES]
    return np.array([number(name) for name in (*names, *_BREACHES, "strangulation_reported", "clares_law_application")])


def counting_change() -> int:
    """Return the first second of the changed counting rule (UTC)."""
    day = date.fromisoformat(str(parameters.values("recording")["counting_change"]))
    return (day - _EPOCH_DAY).days * DAY


def record(people: Population, raw: NDArray[Any], epoch: int, days: float, knobs: Knobs) -> dict[str, NDArray[Any]]:
    """Return every event row of a block by column, before the span of ``days`` cuts them off."""
    events = EventRows()
    rows = RawRows.of(people, faults.before_recording(knobs, people, raw), epoch)
    calls = rows.of_type(states.INCIDENT)
    fields = incident_fields(calls)
    incidents(events, calls, fields)
    markers(events, calls, fields)
    assessment.record(events, calls)
    assessment.plans(events, rows)
    justice.record(events, rows)
    circumstances.record(events, rows)
    outside_crimes.record(events, RawRows(people, *outside.crimes(people, raw, days), epoch, rows.numbers))
    revisions.disclosures(events, calls)
    revisions.late_suicide_markers(events, calls)
    faults.while_recording(knobs, events, rows, days)
    return without_the_dead(people, events.columns(), death_days(people, raw), epoch)


def callers(calls: RawRows) -> NDArray[np.int8]:
    """Return who reported each incident, as numbers of ``REPORTED_BY``."""
    numbers = calls.numbers
    ordinary = chance.choice(calls.keys, "reported by", numbers["reported_by"])
    deadly = chance.choice(calls.keys, "reported by", numbers["reported_by_deadly"])
    return np.where(calls.offence >= states.FIRST_DEADLY, deadly, ordinary).astype(np.int8)


def incident_fields(calls: RawRows) -> EventFields:
    """Return the fields that an incident's rows share."""
    return EventFields(
        incident=calls.keys,
        occurred=calls.at,
        recorded=calls.first_recorded,
        source="crime",
        relation=calls.relation,
        record=chance.derive(calls.keys, "record crime"),
        reported_by=callers(calls),
    )


def incidents(events: EventRows, calls: RawRows, fields: EventFields) -> None:
    """Add each incident's principal row with what becomes of it later, and a second crime for some."""
    numbers = calls.numbers
    kind = _principal_kind(calls)
    not_crimed = np.isin(calls.offence, states.NOT_CRIMED)
    coded = fields._replace(code=_principal_code(calls))
    for source, mask in (("calls", not_crimed), ("crime", ~not_crimed)):
        revisions.principal(events, calls.take(mask), kind[mask], coded._replace(source=source).take(mask))
    second = ~not_crimed & (calls.offence < states.FIRST_GRAVE) & calls.draw("second", numbers["second_crime"])
    second &= ~((calls.first_recorded >= counting_change()) & calls.draw("counting", numbers["counting_dropped"]))
    names, weights = list(numbers["second_crimes"]), list(numbers["second_crimes"].values())
    second_kind = np.array([number(name) for name in names], np.int16)[
        chance.choice(calls.keys, "second kind", weights)
    ]
    second &= second_kind != kind
    events.add(second_kind[second], calls.keys[second], fields.take(second), ordinal=_SECOND_CRIME)


def _breaches_order(calls: RawRows) -> NDArray[np.bool_]:
    return calls.offence_in("breach") & calls.has_bit(states.BIT_ORDER)


def _principal_kind(calls: RawRows) -> NDArray[np.int16]:
    """Return the kind each incident is recorded as: a breach by its order, some strangulation as not a crime."""
    kind = np.array([number(_PRINCIPAL.get(name, name)) for name in OFFENCES], np.int16)[calls.offence]
    ordered = _breaches_order(calls)
    order = (calls.raw["state"] >> states.ORDER_SHIFT) & 3
    kind[ordered] = np.array([number(name) for name in _BREACHES], np.int16)[order[ordered]]
    hidden = calls.offence_in("non_fatal_strangulation") & calls.draw(
        "uncrimed", calls.numbers["not_crimed_strangulation"]
    )
    kind[hidden] = number("strangulation_reported")
    return kind


def _principal_code(calls: RawRows) -> NDArray[np.int16]:
    """Return the code of each principal row: how an order was breached, whether an incident was verbal."""
    numbers = calls.numbers
    code = np.full(len(calls), NONE, np.int16)
    shares = dict(zip(("contact", "registration", "other"), numbers["breach_codes"], strict=True))
    code = np.where(_breaches_order(calls), calls.draw_code("breach", shares), code)
    verbal = calls.draw_code("verbal", {"verbal": numbers["verbal"], "other": 1 - numbers["verbal"]})
    return np.where(calls.offence_in("domestic_incident"), verbal, code)


def markers(events: EventRows, calls: RawRows, fields: EventFields) -> None:
    """Add the rows next to the principal one that ``parameters.yaml`` lists."""
    crime = ~np.isin(calls.offence, states.NOT_CRIMED)
    by_word = {"any": np.ones(len(calls), bool), "crime": crime, "call": ~crime}
    for place, (name, entry) in enumerate(parameters.values("markers").items()):
        offences = entry["with"]
        mask = by_word[offences] if isinstance(offences, str) else calls.offence_in(*offences)
        mask = mask & calls.draw(name, entry["share"])
        if "if" in entry:
            mask &= calls.condition(entry["if"])
        marked = calls.take(mask)
        source = entry.get("source", "crime")
        content = fields.take(mask)._replace(source=source)
        if source != "crime":
            # Another system has a record of its own, and never before the call that told it.
            recorded = np.maximum(marked.recorded_in(source), marked.first_recorded)
            content = content._replace(recorded=recorded, reported_by="agency", record=None)
        code = marked.draw_code(name + " code", entry["codes"]) if "codes" in entry else None
        content = marked.concerning(content, entry.get("about"))._replace(code=code)
        # Two markers of one kind may belong to one incident; their place in the file keeps their ids apart.
        events.add(entry["kind"], marked.keys, content, ordinal=_FIRST_MARKER + place)
