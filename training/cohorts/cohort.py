"""Complete cohorts: who would have been scored at each as-of, with what was left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, NEVER, show, visible, within
from threat.eligibility import Policy, eligible
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.history.sorted_ids import is_in
from threat.ids import pair_ids
from threat.release.documents.cohort import CycleAttrition, FilterStep
from threat.terminal import progress
from threat.vocabulary import kinds
from training.cohorts.folds import Cycle
from training.config import CohortSettings

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lists:
    """Complete lists, one per cycle: ``rows``, and for each the number of its cycle (``cycle``)."""

    cycles: tuple[Cycle, ...]
    rows: Rows
    cycle: Ints

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def starts(self) -> dict[int, int]:
        """UTC seconds by number of cycle."""
        return {cycle.number: cycle.start for cycle in self.cycles}


@dataclass(frozen=True, slots=True)
class Cohort:
    """Rows of every cycle, in order of cycle: ``cycle`` is the cycle's number, one per row.

    ``attrition``: what each filter kept and dropped, one entry per cycle.
    """

    rows: Rows
    cycle: Ints
    attrition: list[CycleAttrition]

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, cycles: Sequence[Cycle]) -> Ints:
        """Positions of the rows of these cycles."""
        return np.flatnonzero(np.isin(self.cycle, [cycle.number for cycle in cycles]))

    def lists(self, cycles: Sequence[Cycle]) -> Lists:
        """The complete lists of these cycles."""
        positions = self.of(cycles)
        return Lists(tuple(cycles), self.rows.take(positions), self.cycle[positions])


def build(
    snapshot: Snapshot, cycles: Sequence[Cycle], settings: CohortSettings, policy: Policy, lag: int = 0
) -> Cohort:
    """The complete cohort of every cycle: monthly, or indexed on a domestic incident. ``lag``: of the feed, seconds."""
    if settings.kind == "monthly":
        return monthly(snapshot, cycles, policy, lag)
    return indexed(snapshot, cycles, settings.after_seconds + lag)


def monthly(snapshot: Snapshot, cycles: Sequence[Cycle], policy: Policy, lag: int = 0) -> Cohort:
    """Everyone eligible at each cycle's start, by the policy and by what had reached us by then.

    A record reaches us ``lag`` seconds after the force recorded it, so eligibility is asked that much earlier; the row
    keeps the cycle's start as its as-of.
    """
    parts, numbers, attrition = [], [], []
    with progress("cohorts", len(cycles)) as advance:
        for cycle in cycles:
            eligible_then = eligible(snapshot, cycle.start - lag, policy)
            rows = eligible_then.rows
            parts.append(replace(rows, as_of=np.full(len(rows), cycle.start, np.int64)))
            numbers.append(np.full(len(rows), cycle.number, np.int64))
            attrition.append(_attrition(cycle, eligible_then.attrition))
            advance(1)
    return Cohort(joined(parts), np.concatenate([*numbers, np.zeros(0, np.int64)]), attrition)


def indexed(snapshot: Snapshot, cycles: Sequence[Cycle], after_seconds: int) -> Cohort:
    """Each relationship ``after_seconds`` after a domestic crime or incident of it was first on record as domestic.

    The feed's lag is part of ``after_seconds``: a list cannot answer what has not reached it. Facts only, not the
    unit's own contacts. Rows of one relationship at one instant are one row.
    """
    relationship, as_of = _index_incidents(snapshot, after_seconds)
    on_record = snapshot.relationships.stands(relationship, as_of)
    parts, numbers, attrition = [], [], []
    for cycle in cycles:
        in_cycle = within(as_of, cycle.start, cycle.end)
        chosen = in_cycle & on_record
        rows, steps = _two_parties_once(snapshot, relationship[chosen], as_of[chosen])
        parts.append(rows)
        numbers.append(np.full(len(rows), cycle.number, np.int64))
        indexing, visible_ones = int(in_cycle.sum()), int(chosen.sum())
        steps = [
            _step("a domestic incident of the relationship came on record", indexing, 0, ""),
            _step("relationship is on record", visible_ones, indexing - visible_ones, "withdrawn, or recorded later"),
            *steps,
        ]
        attrition.append(_attrition(cycle, steps))
    return Cohort(joined(parts), np.concatenate([*numbers, np.zeros(0, np.int64)]), attrition)


def _two_parties_once(snapshot: Snapshot, relationship: Ints, as_of: Ints) -> tuple[Rows, list[FilterStep]]:
    """Resolve the rows, drop those a merge made one person's, and keep one of those with the same parties at once."""
    rows = snapshot.rows(relationship, as_of) if len(relationship) else joined([])
    two = rows.subject != rows.at_risk
    parties = np.stack([rows.subject, rows.at_risk, rows.as_of], axis=1)[two]
    _, first = np.unique(parties, axis=0, return_index=True)
    kept = np.flatnonzero(two)[np.sort(first)]
    steps = [
        _step("two parties", int(two.sum()), int((~two).sum()), "a merge made both parties one person"),
        _step("one row per instant", len(kept), int(two.sum()) - len(kept), "several incidents recorded at once"),
    ]
    return rows.take(kept), steps


def index_rows(
    snapshot: Snapshot, cycles: Sequence[Cycle], settings: CohortSettings, horizon_days: int, lag: int = 0
) -> Rows | None:
    """Index rows from one horizon before the first cycle to one horizon after the last; None for a monthly cohort.

    An outcome is shared among all rows that could have foreseen it, also those that no fold uses.
    """
    if settings.kind == "monthly":
        return None
    span = horizon_days * DAY
    whole = Cycle(0, cycles[0].start - span, cycles[-1].end + span, cycles[-1].end + span - 1)
    return indexed(snapshot, [whole], settings.after_seconds + lag).rows


def _step(step: str, kept: int, dropped: int, reason: str) -> FilterStep:
    return FilterStep(step=step, kept=kept, dropped=dropped, reason=reason)


def _attrition(cycle: Cycle, steps: Sequence[FilterStep]) -> CycleAttrition:
    return CycleAttrition(cycle=cycle.number, as_of=show(cycle.start), steps=tuple(steps))


_REPORTED_THEMES = ("crime", "incident", "strangulation", "stalking", "threat_to_kill")
"""Themes whose kinds the police are called to, crime or not. Orders, assessments and stays are answers to a call, so
they would index a relationship a second time for the same incident."""


def index_kinds() -> list[str]:
    """Kinds that make an incident an index incident.

    Every crime of a relationship, and what is reported of a relationship without a crime (domestic incident,
    strangulation, surveillance, attempted entry, threat to children).
    """
    return [
        kind.name
        for kind in kinds().values()
        if kind.about == "relationship" and (kind.crime or kind.theme in _REPORTED_THEMES)
    ]


def _index_incidents(snapshot: Snapshot, after_seconds: int) -> tuple[Ints, Ints]:
    """(relationship id, as-of) of each incident of a relationship, sorted by as-of.

    The as-of lies ``after_seconds`` after the incident was first on record as domestic. An incident that is withdrawn
    or corrected by then, and on record as domestic no more, indexes nothing.
    """
    events = snapshot.query(
        f"""
        SELECT event_id, incident_id, subject_id, coalesce(person_at_risk_id, {NO_PERSON}) AS at_risk_id, recorded_at
        FROM events
        WHERE domestic = 'yes' AND assertion = 'fact' AND NOT proactive AND subject_id IS NOT NULL
            AND kind IN (SELECT unnest(?))
        """,
        [index_kinds()],
    ).to_pandas()
    events["hidden_at"] = snapshot.hidden_at(events["event_id"].to_numpy(np.int64))
    events = events[events["hidden_at"] > events["recorded_at"]]
    events["relationship_id"] = pair_ids(events["subject_id"], events["at_risk_id"])
    known = is_in(events["relationship_id"].to_numpy(), snapshot.relationships.relationship_id)
    incidents = events[known].groupby(["incident_id", "relationship_id"])
    as_of = incidents["recorded_at"].transform("min") + after_seconds
    in_force = visible(events.loc[known, "recorded_at"], events.loc[known, "hidden_at"], as_of)
    out = events[known].assign(as_of=as_of)[in_force][["as_of", "relationship_id"]]
    out = out.drop_duplicates().sort_values(["as_of", "relationship_id"])
    return out["relationship_id"].to_numpy(np.int64), out["as_of"].to_numpy(np.int64)


def label_knowledge(snapshot: Snapshot) -> int:
    """The instant up to which labels are known, UTC seconds: the latest ``recorded_at`` of the snapshot's events."""
    return int(snapshot.query("SELECT coalesce(max(recorded_at), 0) AS at FROM events").column(0)[0].as_py())


def history_start(snapshot: Snapshot) -> int:
    """The first instant that any source covers, UTC seconds (``history_start`` of the sightings)."""
    starts = snapshot.sightings().history_start
    # A source without a record in the snapshot says NEVER.
    stated = starts[(starts > -NEVER) & (starts < NEVER)]
    return int(stated.min()) if len(stated) else 0


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of several parts, one part after another; no rows without any part."""
    names = ("relationship_id", "subject", "at_risk", "as_of")
    none = np.zeros(0, np.int64)
    return Rows(*(np.concatenate([none, *(getattr(part, name) for part in parts)]) for name in names))
