"""Complete cohorts: who would have been scored at each as-of, with what was left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, NEVER, show, within
from threat.eligibility import eligible
from threat.history.deaths import Deaths
from threat.history.persons import birth_years, may_be_under
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.policy import Policy
from threat.release.documents.cohort import CycleAttrition, FilterStep
from threat.terminal import progress
from training.cohorts.folds import Cycle
from training.cohorts.index_incidents import index_incidents
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
    return indexed(snapshot, cycles, settings.after_seconds, policy, lag)


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


def indexed(snapshot: Snapshot, cycles: Sequence[Cycle], after_seconds: int, policy: Policy, lag: int = 0) -> Cohort:
    """Each relationship ``after_seconds`` after a domestic crime or incident of it was first on record as domestic.

    ``lag``: seconds until a record reaches us. A list cannot answer what has not reached it, so a row is made that much
    later, by what was on record ``lag`` seconds before its as-of. Facts only, not the unit's own contacts. Who is left
    out is as in the monthly cohort, but for the window: the incident itself is the reason to look. Rows of one
    relationship at one instant are one row.
    """
    relationship, known_by = index_incidents(snapshot, after_seconds)
    as_of = known_by + lag
    deaths = Deaths.of(snapshot.sightings())
    parts, numbers, attrition = [], [], []
    for cycle in cycles:
        in_cycle = within(as_of, cycle.start, cycle.end)
        rows = snapshot.rows(relationship[in_cycle], known_by[in_cycle]) if in_cycle.any() else joined([])
        rows, steps = _filtered(snapshot, rows, deaths, policy)
        parts.append(replace(rows, as_of=rows.as_of + lag))
        numbers.append(np.full(len(rows), cycle.number, np.int64))
        attrition.append(_attrition(cycle, steps))
    return Cohort(joined(parts), np.concatenate([*numbers, np.zeros(0, np.int64)]), attrition)


def _filtered(snapshot: Snapshot, rows: Rows, deaths: Deaths, policy: Policy) -> tuple[Rows, list[FilterStep]]:
    """Keep the rows of indexed relationships that a list would rank, and say what each filter dropped."""
    name = "a domestic incident of the relationship came on record"
    steps = [FilterStep(step=name, kept=len(rows), dropped=0, reason="")]

    def keep(step: str, stays: NDArray[np.bool_], reason: str) -> None:
        nonlocal rows
        kept = int(stays.sum())
        steps.append(FilterStep(step=step, kept=kept, dropped=len(rows) - kept, reason=reason))
        rows = rows.take(stays)

    standing = snapshot.relationships.stands(rows.relationship_id, rows.as_of)
    keep("relationship is on record", standing, "no row and no domestic event of the two is in force any more")
    keep("subject is a person", rows.subject != NO_PERSON, "the subject is unknown or an organisation")
    keep("two parties", rows.subject != rows.at_risk, "a merge made both parties one person")
    keep("person at risk lives", ~deaths.on_record(rows.at_risk, rows.as_of), "on record as dead")
    keep("subject lives", ~deaths.on_record(rows.subject, rows.as_of), "on record as dead")
    child = _may_be_child(snapshot, rows.subject, rows.as_of, policy.lower_age)
    child |= _may_be_child(snapshot, rows.at_risk, rows.as_of, policy.lower_age)
    keep("adults", ~child, f"a party may be under {policy.lower_age}: for the safeguarding queue")
    keep("one row per instant", _first_of_instant(rows), "several incidents recorded at once")
    return rows, steps


def _may_be_child(snapshot: Snapshot, persons: Ints, as_of: Ints, lower_age: int) -> NDArray[np.bool_]:
    """Mask of the persons whose year of birth on record at the as-of makes it possible that they are under an age."""

    def by_the_end(ids: Ints) -> Ints:
        return snapshot.links.resolve(ids, NEVER)

    return may_be_under(birth_years(snapshot, by_the_end(persons), as_of, by_the_end), as_of, lower_age)


def _first_of_instant(rows: Rows) -> NDArray[np.bool_]:
    """Mask of the first row of each pair of parties at each as-of."""
    first = np.unique(np.stack([rows.subject, rows.at_risk, rows.as_of], axis=1), axis=0, return_index=True)[1]
    out = np.zeros(len(rows), np.bool_)
    out[first] = True
    return out


def index_rows(
    snapshot: Snapshot,
    cycles: Sequence[Cycle],
    settings: CohortSettings,
    policy: Policy,
    horizon_days: int,
    lag: int = 0,
) -> Rows | None:
    """Index rows from one horizon before the first cycle to one horizon after the last; None for a monthly cohort.

    An outcome is shared among all rows that could have foreseen it, also those that no fold uses.
    """
    if settings.kind == "monthly":
        return None
    span = horizon_days * DAY
    whole = Cycle(0, cycles[0].start - span, cycles[-1].end + span, cycles[-1].end + span - 1)
    return indexed(snapshot, [whole], settings.after_seconds, policy, lag).rows


def _attrition(cycle: Cycle, steps: Sequence[FilterStep]) -> CycleAttrition:
    return CycleAttrition(cycle=cycle.number, as_of=show(cycle.start), steps=tuple(steps))


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
