"""Credit for outcome events: which events each row's window holds, and which no row could have foreseen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import NEVER, within
from threat.asof_labels import holds_outcome
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.measuring.ranked import EventKeys, Labelled
from training.cohorts.cohort import Lists
from training.cohorts.folds import Cycle

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
LeftOutOf = Callable[[Rows], Bools]
"""Tells which rows are left out of every figure (n)."""


def nobody(rows: Rows) -> Bools:
    """Mask of no row: each of them is in the figures."""
    return np.zeros(len(rows), np.bool_)


@dataclass(frozen=True, slots=True)
class OutcomeEvents:
    """Outcome events, one per incident and relationship (or per incident and person at risk, for Y5): int64 each.

    ``subject`` is NO_PERSON where the outcome is the person at risk's own. ``key`` numbers distinct incidents. The
    times are those of ``threat.outcomes.occurrences``. ``cut``: the parties were resolved through the merges known at
    that instant (UTC seconds).
    """

    key: Ints
    subject: Ints
    at_risk: Ints
    occurred_at: Ints
    end_at: Ints
    recorded_at: Ints
    cut: int = NEVER

    @classmethod
    def of(cls, occurrences: pd.DataFrame) -> OutcomeEvents:
        """From ``threat.outcomes.occurrences``."""

        def column(name: str) -> Ints:
            return occurrences[name].to_numpy(np.int64)

        return cls(
            key=np.unique(column("incident_id"), return_inverse=True)[1].astype(np.int64),
            subject=column("subject_id"),
            at_risk=column("person_at_risk_id"),
            occurred_at=column("occurred_at"),
            end_at=column("end_at"),
            recorded_at=column("recorded_at"),
            cut=int(getattr(occurrences, "cut", NEVER)),
        )

    def __len__(self) -> int:
        return len(self.key)

    def in_window_of(self, as_of: int, horizon_days: float) -> Bools:
        """Mask of the events that the label window of one as-of holds."""
        return np.asarray(holds_outcome(self.occurred_at, self.end_at, self.recorded_at, as_of, horizon_days))

    @property
    def sharers(self) -> Ints:
        """Number of events of the same incident, one per event: an incident with two victims is two events."""
        return np.bincount(self.key)[self.key] if len(self) else self.key


@dataclass(frozen=True, slots=True)
class CreditedOutcomes:
    """A complete test cohort with its outcomes: ``rows``, ready to be measured, and the lines of credit behind it.

    ``credit_lines``: one line for each row, or list without a row, that an event was credited to, with ``row`` (-1:
    outside), ``incident``, ``fold`` (the cycle's number), ``subject_id``, ``person_at_risk_id``, ``as_of`` (of the
    row, or the list's start), ``occurred_at``, ``recorded_at`` and ``credit``.
    """

    rows: Labelled
    credit_lines: pd.DataFrame


@dataclass(frozen=True, slots=True)
class _Outside:
    """Events that no row holds, and for each the place in the cycles of the list that missed it."""

    event: Ints
    place: Ints


def pairs(events: OutcomeEvents, subject: Ints, at_risk: Ints, as_of: Ints, horizon_days: float) -> tuple[Ints, Ints]:
    """Every (row, event index) with the event in the row's label window, as ``threat.asof_labels.label_as_ofs`` says.

    ``subject`` and ``at_risk`` are resolved through the same merges as the events. An event of a relationship goes to
    rows of that relationship; an event of a person at risk to every row in which that person is at risk.

    Person 7 harms person 8 on day 1 and on day 3. Two rows of theirs, as of day 0 and of day 1, look two days ahead:

    >>> day = 86_400
    >>> at = np.array([1 * day, 3 * day])
    >>> events = OutcomeEvents(np.array([0, 1]), np.array([7, 7]), np.array([8, 8]), at, at + 1, at)
    >>> row, event = pairs(events, np.array([7, 7]), np.array([8, 8]), np.array([0, 1 * day]), horizon_days=2)
    >>> list(zip(row.tolist(), event.tolist()))  # day 3 is the end of the second window, and not in it
    [(0, 0), (1, 0)]
    """
    rows = pd.DataFrame({"row": np.arange(len(as_of)), "subject": subject, "at_risk": at_risk, "as_of": as_of})
    outcomes = pd.DataFrame(
        {
            "event": np.arange(len(events)),
            "subject": events.subject,
            "at_risk": events.at_risk,
            "occurred_at": events.occurred_at,
            "end_at": events.end_at,
            "recorded_at": events.recorded_at,
        }
    )
    of_person = outcomes["subject"] == NO_PERSON
    candidates = [
        rows.merge(outcomes[~of_person], on=["subject", "at_risk"]),
        # Rows without a known person at risk share the id NO_PERSON, which is nobody's.
        rows[rows["at_risk"] != NO_PERSON].merge(outcomes[of_person].drop(columns="subject"), on="at_risk"),
    ]
    parts = [
        joined.loc[
            holds_outcome(
                joined["occurred_at"], joined["end_at"], joined["recorded_at"], joined["as_of"], horizon_days
            ),
            ["row", "event"],
        ]
        for joined in candidates
    ]
    both = pd.concat(parts).sort_values(["row", "event"], kind="stable")
    return both["row"].to_numpy(np.int64), both["event"].to_numpy(np.int64)


def equal_parts(holders: Floats, sharers: Ints, event: Ints) -> Floats:
    """Credit of each line (m): one incident's credit of 1, shared by its events, then by the rows that hold each event.

    ``holders``: rows and lists that an event is credited to, one per event; ``sharers``: events of the same incident,
    one per event; ``event``: the event of each line.

    Events 0 and 1 are one incident with two victims, event 2 another incident. Two lists could have foreseen event 0:

    >>> holders, sharers = np.array([2.0, 1.0, 1.0]), np.array([2, 2, 1])
    >>> equal_parts(holders, sharers, event=np.array([0, 0, 1, 2])).tolist()
    [0.25, 0.25, 0.5, 1.0]
    """
    return 1.0 / (np.maximum(holders, 1.0)[event] * sharers[event])


def credit_outcomes(
    snapshot: Snapshot,
    events: OutcomeEvents,
    lists: Lists,
    horizon_days: int,
    *,
    left_out_of: LeftOutOf = nobody,
    index_rows: Rows | None = None,
) -> CreditedOutcomes:
    """Credit every outcome event, once in all, to the rows of the lists that could have foreseen it, or to outside.

    Monthly lists (``index_rows`` None): an event is credited in equal parts to every list whose window it is in, to the
    row of its relationship or, where that list has none, outside. Cohorts indexed on an incident: in equal parts to
    every index row whose window holds it, in the test, before the test or after it (``index_rows``, as
    ``cohort.index_rows`` gives them); events of the test period that no index incident preceded within the horizon are
    outside. Over a long series of tests either way adds up to one per event.

    A row that ``left_out_of`` names gets no credit and no outcome, and its list is not charged with having missed it:
    the other rows and lists share the event. An event that no other row or list holds is in no figure.
    """
    left_out = left_out_of(lists.rows)
    row, event = _pairs_of(snapshot, events, lists.rows, horizon_days)
    if index_rows is not None:
        covering, covered = _pairs_of(snapshot, events, index_rows, horizon_days)
        outside = _never_indexed(events, np.bincount(covered, minlength=len(events)) > 0, lists.cycles)
        measured = covered[~left_out_of(index_rows)[covering]]
        holders = np.bincount(measured, minlength=len(events)).astype(np.float64)
        row, event = row[~left_out[row]], event[~left_out[row]]
    else:
        outside = _off_the_lists(events, lists.cycle[row], event, lists.cycles, horizon_days)
        row, event = row[~left_out[row]], event[~left_out[row]]
        holders = np.bincount(event, minlength=len(events)).astype(np.float64)
        holders += np.bincount(outside.event, minlength=len(events))
    credit = equal_parts(holders, events.sharers, event)
    outside_credit = equal_parts(holders, events.sharers, outside.event)
    starts = np.array([cycle.start for cycle in lists.cycles], np.int64)
    numbers = np.array([cycle.number for cycle in lists.cycles], np.int64)
    labelled = Labelled.of(
        label=np.bincount(row, minlength=len(lists)) > 0,
        credit=np.bincount(row, weights=credit, minlength=len(lists)),
        person=lists.rows.subject,
        cycle=lists.cycle,
        outside_person=events.subject[outside.event],
        outside_credit=outside_credit,
        outside_cycle=numbers[outside.place],
        left_out=left_out,
        keys=EventKeys(row=row, event=events.key[event], outside=events.key[outside.event]),
    )
    everything = np.concatenate([event, outside.event])
    credit_lines = pd.DataFrame(
        {
            "row": np.concatenate([row, np.full(len(outside.event), -1)]),
            "incident": events.key[everything],
            "fold": np.concatenate([lists.cycle[row], numbers[outside.place]]),
            "subject_id": events.subject[everything],
            "person_at_risk_id": events.at_risk[everything],
            "as_of": np.concatenate([lists.rows.as_of[row], starts[outside.place]]),
            "occurred_at": events.occurred_at[everything],
            "recorded_at": events.recorded_at[everything],
            "credit": np.concatenate([credit, outside_credit]),
        }
    )
    return CreditedOutcomes(labelled, credit_lines)


def _pairs_of(snapshot: Snapshot, events: OutcomeEvents, rows: Rows, horizon_days: int) -> tuple[Ints, Ints]:
    """``pairs`` of rows whose parties are first resolved through the merges that the events were resolved through."""
    parties = snapshot.relationships.rows(rows.relationship_id, events.cut)
    return pairs(events, parties.subject, parties.at_risk, rows.as_of, horizon_days)


def _off_the_lists(
    events: OutcomeEvents, cycle: Ints, event: Ints, cycles: Sequence[Cycle], horizon_days: int
) -> _Outside:
    """Each event in a list's window that no row of that list holds; ``cycle`` and ``event``: of the pairs."""
    missed_events, places = [], []
    for place, one_list in enumerate(cycles):
        inside = np.zeros(len(events), bool)
        inside[event[cycle == one_list.number]] = True
        missed = np.flatnonzero(events.in_window_of(one_list.start, horizon_days) & ~inside)
        missed_events.append(missed)
        places.append(np.full(len(missed), place))
    return _Outside(np.concatenate(missed_events).astype(np.int64), np.concatenate(places).astype(np.int64))


def _never_indexed(events: OutcomeEvents, foreseen: Bools, cycles: Sequence[Cycle]) -> _Outside:
    """Each event of the test period, ``first start <= occurred_at < last end``, that no index row could foresee."""
    during = within(events.occurred_at, cycles[0].start, cycles[-1].end)
    event = np.flatnonzero(during & ~foreseen).astype(np.int64)
    starts = np.array([cycle.start for cycle in cycles], np.int64)
    place = np.searchsorted(starts, events.occurred_at[event], side="right") - 1
    return _Outside(event, place.astype(np.int64))
