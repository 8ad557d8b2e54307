"""Which outcome events each row's window holds, and which no row could have foreseen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from training.cohorts.folds import Cycle
from training.evaluation.figures import Block

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Events:
    """Outcome events, one per incident and relationship (or per incident and person at risk, for Y5): int64 each.

    ``subject`` is NO_PERSON where the outcome is the person at risk's own. ``key`` numbers distinct incidents.
    """

    key: Ints
    subject: Ints
    at_risk: Ints
    occurred_at: Ints
    recorded_at: Ints

    @classmethod
    def of(cls, occurrences: pd.DataFrame) -> Events:
        """From ``threat.outcomes.occurrences``."""
        incident = occurrences["incident_id"].to_numpy(np.int64)
        return cls(
            np.unique(incident, return_inverse=True)[1].astype(np.int64),
            *(
                occurrences[name].to_numpy(np.int64)
                for name in ("subject_id", "person_at_risk_id", "occurred_at", "recorded_at")
            ),
        )

    def __len__(self) -> int:
        return len(self.key)

    def keep(self, mask: NDArray[np.bool_]) -> Events:
        """The events where ``mask``; keys stay."""
        return Events(
            self.key[mask], self.subject[mask], self.at_risk[mask], self.occurred_at[mask], self.recorded_at[mask]
        )


def pairs(events: Events, subject: Ints, at_risk: Ints, as_of: Ints, horizon_days: float) -> tuple[Ints, Ints]:
    """Every (row, event index) with the event in the row's window ``as_of <= occurred_at < as_of + horizon``.

    ``subject`` and ``at_risk`` are resolved through the same merges as the events. An event of a relationship goes to
    rows of that relationship; an event of a person at risk to every row in which that person is at risk.
    """
    rows = pd.DataFrame({"row": np.arange(len(as_of)), "subject": subject, "at_risk": at_risk, "as_of": as_of})
    those = pd.DataFrame(
        {
            "event": np.arange(len(events)),
            "subject": events.subject,
            "at_risk": events.at_risk,
            "occurred_at": events.occurred_at,
        }
    )
    own = those["subject"] == NO_PERSON
    found = [
        rows.merge(those[~own], on=["subject", "at_risk"]),
        rows[rows["at_risk"] != NO_PERSON].merge(those[own].drop(columns="subject"), on="at_risk"),
    ]
    parts = []
    for joined in found:
        after = joined["occurred_at"] - joined["as_of"]
        parts.append(joined.loc[(after >= 0) & (after < int(horizon_days * DAY)), ["row", "event"]])
    both = pd.concat(parts).sort_values(["row", "event"], kind="stable")
    return both["row"].to_numpy(np.int64), both["event"].to_numpy(np.int64)


def measured_block(
    snapshot: Snapshot,
    events: Events,
    rows: Rows,
    cycle: Ints,
    cycles: Sequence[Cycle],
    horizon_days: int,
    *,
    cut: int,
    spread: bool,
    every_row: Rows | None = None,
) -> tuple[Block, pd.DataFrame]:
    """The complete test cohort as a Block, and one line per unit that an event was credited to.

    Monthly lists (``spread`` False): an event is credited in equal parts to every list whose window it lies in, to the
    row of its relationship or, where that list has none, outside. Cohorts indexed on an incident (``spread`` True): in
    equal parts to every index row whose window holds it, in the test, before it or after it (``every_row``, as
    ``cohort.index_rows`` gives them); events of the test period that no index incident preceded within the
    horizon are outside. Over a long series of tests either way adds up to one per event.

    ``cut``: label-knowledge date. The frame has ``row`` (-1: outside), ``incident``, ``fold`` (the cycle's number),
    ``subject_id``, ``person_at_risk_id``, ``as_of`` (of the row, or the list's start), ``occurred_at`` and ``credit``.
    """
    known = snapshot.relationships.rows(rows.relationship_id, cut)
    row, event = pairs(events, known.subject, known.at_risk, rows.as_of, horizon_days)
    if spread:
        wider = rows if every_row is None else every_row
        known = snapshot.relationships.rows(wider.relationship_id, cut)
        _, covered = pairs(events, known.subject, known.at_risk, wider.as_of, horizon_days)
        shares = np.bincount(covered, minlength=len(events)).astype(np.float64)
        outside, place = _never_indexed(events, shares, cycles)
    else:
        shares = np.bincount(event, minlength=len(events)).astype(np.float64)
        outside, place = _off_the_lists(events, cycle[row], event, cycles, horizon_days)
        shares += np.bincount(outside, minlength=len(events))
    # An incident with several victims is one outcome event: its relationships share the credit.
    sharers = np.bincount(events.key, minlength=int(events.key.max(initial=-1)) + 1)
    credit = 1.0 / (np.maximum(shares, 1.0)[event] * sharers[events.key[event]])
    outside_credit = 1.0 / (np.maximum(shares, 1.0)[outside] * sharers[events.key[outside]])
    label = np.zeros(len(rows), np.uint8)
    label[row] = 1
    subject = np.where(rows.subject == NO_PERSON, -1 - np.arange(len(rows)), rows.subject)
    block = Block(
        subject=subject,
        cycle=cycle,
        label=label,
        credit=np.bincount(row, weights=credit, minlength=len(rows)).astype(np.float64),
        pair_row=row,
        pair_event=events.key[event],
        outside_subject=np.where(events.subject[outside] == NO_PERSON, -1, events.subject[outside]),
        outside_credit=outside_credit,
        outside_event=events.key[outside],
    )
    starts = np.array([one.start for one in cycles], np.int64)
    numbers = np.array([one.number for one in cycles], np.int64)
    everything = np.concatenate([event, outside])
    units = pd.DataFrame(
        {
            "row": np.concatenate([row, np.full(len(outside), -1)]),
            "incident": events.key[everything],
            "fold": np.concatenate([cycle[row], numbers[place]]),
            "subject_id": events.subject[everything],
            "person_at_risk_id": events.at_risk[everything],
            "as_of": np.concatenate([rows.as_of[row], starts[place]]),
            "occurred_at": events.occurred_at[everything],
            "credit": np.concatenate([credit, outside_credit]),
        }
    )
    return block, units


def _off_the_lists(
    events: Events, cycle: Ints, event: Ints, cycles: Sequence[Cycle], horizon_days: int
) -> tuple[Ints, Ints]:
    """(event, place in ``cycles``) of each event in a list's window that no row of that list holds."""
    outside, places = [], []
    for place, one in enumerate(cycles):
        inside = np.zeros(len(events), bool)
        inside[event[cycle == one.number]] = True
        after = events.occurred_at - one.start
        missed = np.flatnonzero((after >= 0) & (after < horizon_days * DAY) & ~inside)
        outside.append(missed)
        places.append(np.full(len(missed), place))
    return np.concatenate(outside).astype(np.int64), np.concatenate(places).astype(np.int64)


def _never_indexed(events: Events, shares: NDArray[np.float64], cycles: Sequence[Cycle]) -> tuple[Ints, Ints]:
    """(event, place in ``cycles``) of each event of the test period that no index row at all could have foreseen."""
    during = (events.occurred_at >= cycles[0].start) & (events.occurred_at < cycles[-1].end)
    outside = np.flatnonzero(during & (shares == 0))
    starts = np.array([one.start for one in cycles], np.int64)
    place = np.searchsorted(starts, events.occurred_at[outside], side="right") - 1
    return outside.astype(np.int64), place.astype(np.int64)
