"""Crimes of the subjects against people outside their cluster: never domestic, with a stranger's id or none."""

from __future__ import annotations

import numpy as np

from threat.simulation import parameters
from threat.simulation.records.event_rows import EventFields, EventRows, number
from threat.simulation.records.raw_rows import RawRows
from threat.simulation.world import chance


def record(events: EventRows, crimes: RawRows) -> None:
    """Add the crimes; each person hurt is new, because nobody outside is hurt twice by one subject."""
    shares, named = (parameters.values("crimes")[name] for name in ("outside_kinds", "outside_named"))
    which = chance.choice(crimes.keys, "outside kind", list(shares.values()))
    person_known = crimes.draw("outsider named", np.array([named[kind] for kind in shares])[which])
    fields = EventFields(
        incident=crimes.keys,
        occurred=crimes.at,
        recorded=crimes.recorded_in("forms"),
        source="crime",
        offender=crimes.subject,
        outsider=np.where(person_known, chance.derive(crimes.keys, "outsider"), np.uint64(0)),
        domestic=False,
        reported_by=chance.choice(crimes.keys, "reported by", crimes.numbers["reported_by"]).astype(np.int8),
    )
    events.add(np.array([number(kind) for kind in shares], np.int16)[which], crimes.keys, fields)
