"""What the records say later about what happened before: reclassification, no-crime, corrections, late disclosure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation.records.event_rows import EventFields, EventRows, number
from threat.simulation.records.raw_rows import Mask, RawRows
from threat.simulation.world import chance, states

_LESSER, _NO_CRIME, _CORRECTED, _DISCLOSED = 1, 6, 7, 8
"""Ordinals of the rows that a principal row may have next to it."""


def principal(events: EventRows, calls: RawRows, kind: NDArray[np.int16], fields: EventFields) -> None:
    """Add the principal rows: some first as the lesser offence; of crimes some later no crime, some redated."""
    numbers = calls.numbers
    first, share = kind.copy(), np.zeros(len(calls))
    for name, lesser in numbers["reclassified_from"].items():
        first[kind == number(name)] = number(lesser)
        share[kind == number(name)] = numbers["reclassified"][name]
    changed = calls.draw("reclassified", share)
    plain = ~changed
    original = events.add(kind[plain], calls.keys[plain], fields.take(plain))
    # A code belongs to the offence it was recorded with; rows that were reclassified carry none.
    uncoded = fields._replace(code=None)
    lesser_rows = events.add(first[changed], calls.keys[changed], uncoded.take(changed), ordinal=_LESSER)
    later = calls.delayed("reclassified when", numbers["reclassified_mean"])
    final = uncoded._replace(recorded=later).take(changed)
    events.add(kind[changed], calls.keys[changed], final, supersedes=lesser_rows)
    if fields.source != "crime":
        return  # only crimes are found to be no crime, or redated
    ordinary = calls.offence < states.FIRST_GRAVE
    no_crime = plain & ordinary & calls.draw("no crime", numbers["no_crime"])
    _add_withdrawals(events, calls, fields, no_crime, original[no_crime[plain]])
    corrected = plain & ordinary & ~no_crime & calls.draw("corrected", numbers["corrected"])
    _add_corrections(events, calls, kind, fields, corrected, original[corrected[plain]])


def _add_withdrawals(
    events: EventRows, calls: RawRows, fields: EventFields, mask: Mask, superseded: NDArray[np.uint64]
) -> None:
    """Add a withdrawal for each crime found to be none."""
    when = calls.delayed("no crime when", calls.numbers["outcome_mean"])
    withdrawal = EventFields(
        incident=calls.keys,
        occurred=when,
        recorded=when,
        source=fields.source,
        record=fields.record,
        person=calls.subject,
    )
    events.add("withdrawn", calls.keys[mask], withdrawal.take(mask), supersedes=superseded, ordinal=_NO_CRIME)


def _add_corrections(
    events: EventRows,
    calls: RawRows,
    kind: NDArray[np.int16],
    fields: EventFields,
    mask: Mask,
    superseded: NDArray[np.uint64],
) -> None:
    """Add a row with an earlier date for each crime that was dated too late."""
    numbers = calls.numbers
    shift = (chance.exponential(calls.keys, "correction shift", numbers["correction_shift"]) * DAY).astype(np.int64)
    recorded = calls.delayed("correction when", numbers["correction_mean"])
    redated = fields._replace(occurred=fields.occurred - shift, recorded=recorded).take(mask)
    events.add(kind[mask], calls.keys[mask], redated, supersedes=superseded, ordinal=_CORRECTED)


def disclosures(events: EventRows, calls: RawRows) -> None:
    """Add abuse disclosed after a grave or deadly incident: an earlier date, a late record."""
    numbers = calls.numbers
    followed = calls.take((calls.offence >= states.FIRST_GRAVE) & calls.draw("disclosure", numbers["disclosure"]))
    back = (chance.exponential(followed.keys, "disclosure back", numbers["disclosure_back"]) * DAY).astype(np.int64)
    kinds = np.array([number(name) for name in numbers["disclosed"]], np.int16)
    which = chance.choice(followed.keys, "disclosed", list(numbers["disclosed"].values()))
    fields = EventFields(
        incident=chance.derive(followed.keys, "disclosed incident"),
        occurred=followed.at - (back + DAY),
        recorded=followed.delayed("disclosure lag", numbers["disclosure_lag"]),
        source="crime",
        relation=followed.relation,
        record=chance.derive(followed.keys, "disclosed record"),
        reported_by="third_party",
    )
    events.add(kinds[which], followed.keys, fields, ordinal=_DISCLOSED)


def late_suicide_markers(events: EventRows, calls: RawRows) -> None:
    """Add markers of the subject's suicidality entered after a deadly offence and dated before it.

    In the published figure most markers of deadly subjects are of this sort (docs/simulation.md, S8).
    """
    numbers = calls.numbers
    marked = calls.take(
        (calls.offence >= states.FIRST_DEADLY) & calls.draw("marker after", numbers["suicide_marker_after"])
    )
    back = (chance.exponential(marked.keys, "marker said", numbers["suicide_marker_said"]) * DAY).astype(np.int64)
    fields = EventFields(
        incident=chance.derive(marked.keys, "marker incident"),
        occurred=marked.at - (back + DAY),
        recorded=marked.delayed("marker after when", numbers["suicide_marker_after_mean"]),
        source="intelligence",
        person=marked.subject,
        domestic=False,
    )
    events.add("suicidal_ideation", marked.keys, fields, ordinal=_DISCLOSED)
