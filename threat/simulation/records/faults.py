"""How the knobs' faults come into the records: incidents lost or taken for others, rows planted."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation import parameters
from threat.simulation.knobs import Knobs
from threat.simulation.records.event_rows import EventFields, EventRows, number
from threat.simulation.records.raw_rows import MINUTE, Mask, RawRows
from threat.simulation.world import chance, states
from threat.simulation.world.population import BROAD_ETHNICITIES, DAYS_PER_YEAR, Population, broad_ethnicity
from threat.simulation.world.states import OFFENCES

_ABH, _ARMED_INJURY = OFFENCES.index("assault_with_injury"), OFFENCES.index("injury_with_weapon")
_LEAK = 9
"""Ordinal of a leaked row, so that its id differs from a real referral's."""
_STOPPED_FOR = ("drugs_offence", "resisting_police", "other_crime")


def in_group(knobs: Knobs, people: Population) -> Mask:
    """Return, for each person row, whether the person is in the group that the knobs touch."""
    if not knobs.group:
        return np.zeros(len(people.person_keys), bool)
    characteristic, code = knobs.characteristic_and_code()
    if characteristic == "sex":
        return people.male == (code == "male")
    return broad_ethnicity(people) == BROAD_ETHNICITIES.index(code)


def before_recording(knobs: Knobs, people: Population, raw: NDArray[Any]) -> NDArray[Any]:
    """Return the raw rows as the police will meet them: thinned, or taken for another offence. The truth is left."""
    if not (knobs.thin_history or knobs.thin_labels or knobs.label_noise):
        return raw
    keys = chance.derive(people.keys[raw["cluster"]], "knob", raw["ordinal"].astype(np.int64))
    incident = raw["what"] == states.INCIDENT
    severe = raw["offence"] >= states.FIRST_GRAVE
    relation = np.maximum(raw["relation"], 0)
    group = in_group(knobs, people)[people.at_risk_person[relation]] & (raw["relation"] >= 0)
    lost = incident & ~severe & group & chance.chance(keys, "thin history", knobs.thin_history)
    lost |= incident & severe & group & chance.chance(keys, "thin labels", knobs.thin_labels)
    if knobs.label_noise:
        raw = raw.copy()
        grave = incident & severe & (raw["offence"] < states.FIRST_DEADLY)
        lesser = incident & (raw["offence"] == _ABH)
        # As many lesser incidents become severe as severe ones lesser, so that the number of labels says nothing.
        share = knobs.label_noise * min(1.0, grave.sum() / max(int(lesser.sum()), 1))
        down = grave & chance.chance(keys, "noise down", knobs.label_noise)
        up = lesser & chance.chance(keys, "noise up", share)
        raw["offence"][down] = _ABH
        raw["offence"][up] = _ARMED_INJURY
    return raw[~lost]


def while_recording(knobs: Knobs, events: EventRows, rows: RawRows, days: float) -> None:
    """Add the rows that a fault makes: the planted leak and the over-policing of a group."""
    if knobs.leak:
        _add_leak(knobs, events, rows.of_type(states.INCIDENT))
    if knobs.over_policing:
        _add_over_policing(knobs, events, rows, days)


def _add_leak(knobs: Knobs, events: EventRows, calls: RawRows) -> None:
    """Add referrals dated before severe incidents and recorded after them."""
    numbers = parameters.values("knobs")
    leaked = calls.take((calls.offence >= states.FIRST_GRAVE) & calls.draw("leak", knobs.leak))
    back = (1.0 + chance.uniform(leaked.keys, "leak back") * numbers["leak_back"]) * DAY
    fields = EventFields(
        incident=chance.derive(leaked.keys, "leak incident"),
        occurred=leaked.at - back.astype(np.int64),
        recorded=leaked.delayed("leak lag", numbers["leak_lag"]),
        source="partners",
        relation=leaked.relation,
        reported_by="agency",
    )
    events.add("social_care_referral", leaked.keys, fields, ordinal=_LEAK)


def _add_over_policing(knobs: Knobs, events: EventRows, rows: RawRows, days: float) -> None:
    """Add police-made records of the group's subjects: two candidates for each expected row, about half kept."""
    people = rows.people
    member = in_group(knobs, people)
    subjects = np.unique(people.subject_rows[member[people.subject_rows]])
    candidates = int(np.ceil(2 * knobs.over_policing * days / DAYS_PER_YEAR))
    persons = np.repeat(subjects, candidates)
    keys = chance.derive(people.person_keys[persons], "over policing", np.tile(np.arange(candidates), len(subjects)))
    kept = chance.chance(keys, "stopped", knobs.over_policing * days / DAYS_PER_YEAR / max(candidates, 1))
    persons, keys = persons[kept], keys[kept]
    at = rows.epoch + np.floor(chance.uniform(keys, "stopped when") * days * DAY).astype(np.int64)
    kinds = np.array([number(name) for name in _STOPPED_FOR], np.int16)
    fields = EventFields(
        incident=keys, occurred=at, recorded=at + MINUTE, source="crime", person=persons, domestic=False
    )
    events.add(kinds[chance.choice(keys, "stopped for", [1.0, 1.0, 1.0])], keys, fields)
