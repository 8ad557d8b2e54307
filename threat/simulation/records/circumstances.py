"""What is known around the incidents: separation, suicidality of either party, pregnancy, weapons, other crime."""

from __future__ import annotations

import numpy as np

from threat.asof import DAY
from threat.simulation import parameters
from threat.simulation.records.event_rows import EventFields, EventRows, codes
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.world import chance, states
from threat.simulation.world.states import RAW

_OLD = 50
"""Age, in years, from which ``parameters.yaml`` has another share of accidents among the deaths."""
_CODED = {"drugs_offence": "drug_codes", "weapon_possession": "weapon_codes"}


def record(events: EventRows, rows: RawRows) -> None:
    """Add the circumstances of every person and relationship of the block."""
    noted_share = parameters.values("circumstances")["separation_known"]
    for what, kind in ((states.SEPARATION, "separation"), (states.RECONCILIATION, "reconciliation")):
        partings = rows.of_type(what)
        partings = partings.take(partings.draw("known", noted_share))
        events.add(kind, partings.keys, partings.about_relationship("intelligence"))
    for what, kind, share in (
        (states.NEW_PARTNER, "new_partner", 1.0),
        (states.SUBJECT_SUICIDAL, "suicidal_ideation", rows.numbers["suicide_marker"]),
    ):
        changes = rows.of_type(what)
        changes = changes.take(changes.draw("marked", share))
        events.add(kind, changes.keys, changes.about_subject("intelligence")._replace(domestic=False))
    for what, kind in (
        (states.SELF_HARM, "self_harm"),
        (states.ATTEMPT, "suicide_attempt"),
        (states.SUICIDE, "suspected_suicide"),
    ):
        harms = rows.of_type(what)
        fields = harms.about_subject("calls", lag_of="custody")._replace(person=harms.at_risk, domestic=False)
        events.add(kind, harms.keys, fields)
    ended = rows.of_type(states.SUBJECT_SUICIDE)
    events.add("suspected_suicide", ended.keys, ended.about_subject("calls", lag_of="custody")._replace(domestic=False))
    _add_deaths(events, rows.of_type(states.DEATH))
    asked = rows.of_type(states.SIGNAL)
    way = asked.draw_code("ask", parameters.values("background")["ask"]["codes"])
    events.add("clares_law_application", asked.keys, asked.about_relationship("partners")._replace(code=way))
    _add_crimes(events, rows.of_type(states.CRIME))
    _add_background(events, rows)


def _add_deaths(events: EventRows, deaths: RawRows) -> None:
    """Add the deaths by other causes that the police learn of, weeks later, with the cause where it is known."""
    deaths = deaths.take(deaths.draw("death known", deaths.numbers["death_known"]))
    numbers, person = deaths.numbers, np.where(deaths.relation >= 0, deaths.at_risk, deaths.subject)
    young, old = numbers["death_accident"]
    accident = deaths.draw("accident", np.where(deaths.age(person) < _OLD, young, old))
    cause = np.where(deaths.draw("cause unknown", numbers["death_cause_unknown"]), 2, np.where(accident, 1, 0))
    fields = EventFields(
        incident=deaths.keys,
        occurred=deaths.at,
        recorded=deaths.delayed("death lag", numbers["death_lag"], deaths.at),
        source="partners",
        person=person,
        code=codes(["natural", "accident", "not_known"])[cause],
        domestic=False,
        reported_by="agency",
    )
    events.add("death", deaths.keys, fields)


def _add_crimes(events: EventRows, crimes: RawRows) -> None:
    """Add the subjects' crimes that harm nobody in particular."""
    numbers = parameters.values("crimes")
    which = chance.choice(crimes.keys, "crime kind", list(numbers["kinds"].values()))
    for i, kind in enumerate(numbers["kinds"]):
        of_kind = crimes.take(which == i)
        code = of_kind.draw_code("crime code", numbers[_CODED[kind]]) if kind in _CODED else None
        fields = of_kind.about_subject("crime", lag_of="forms")._replace(code=code, domestic=False)
        events.add(kind, of_kind.keys, fields)


def _add_background(events: EventRows, rows: RawRows) -> None:
    """Add facts dated in the days around a relationship's first incident."""
    entries = _entry_rows(rows)
    for name, entry in parameters.values("background").items():
        mask = entries.draw(name, entry["share"])
        if "if" in entry:
            mask &= entries.condition(entry["if"])
        noted = entries.take(mask)
        days = entry["from"] + chance.uniform(noted.keys, name + " when") * (entry["to"] - entry["from"])
        at = noted.at + (days * DAY).astype(np.int64)
        fields = EventFields(
            incident=chance.derive(noted.keys, name),
            occurred=at,
            recorded=noted.delayed(name + " lag", rows.numbers["lag_other"]["partners"], at),
            source="partners",
            relation=noted.relation,
            code=noted.draw_code(name + " code", entry["codes"]) if "codes" in entry else None,
        )
        events.add(entry["kind"], noted.keys, noted.concerning(fields, entry.get("about")))


def _entry_rows(rows: RawRows) -> RawRows:
    """Return a raw row per relationship at its first incident, with keys of its own."""
    people = rows.people
    n = len(people.relations)
    raw = np.zeros(n, RAW)
    raw["relation"] = np.arange(n)
    raw["cluster"] = people.cluster
    raw["subject"] = people.subject_offsets[people.cluster] + people.relations["subject"]
    raw["at"] = people.relations["entry"]
    raw["state"] = np.where(people.relations["separated"] > 0, states.BIT_SEPARATED, 0)
    within = np.arange(n) - people.relation_offsets[people.cluster]
    keys = chance.derive(people.keys[people.cluster], "background", within)
    return RawRows(people, raw, keys, rows.epoch, rows.numbers)
