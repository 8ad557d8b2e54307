"""Complete cohorts: who would have been scored at each as-of, with what was left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, NEVER, show
from threat.history.sightings import Rows
from threat.history.snapshot import Snapshot
from threat.terminal import progress
from threat.vocabulary import kinds
from training.cohorts.folds import Cycle
from training.config import CohortSettings

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cohort:
    """Rows of every cycle, in order of cycle: ``cycle`` is the cycle's number, one per row. ``attrition``: one entry
    per cycle, ``{cycle, as_of, steps: [{step, kept, dropped, reason}]}``."""

    rows: Rows
    cycle: Ints
    attrition: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, cycles: Sequence[Cycle]) -> Ints:
        """Positions of the rows of these cycles."""
        return np.flatnonzero(np.isin(self.cycle, [one.number for one in cycles]))


def take(rows: Rows, which: Ints) -> Rows:
    """Some rows, in the order given."""
    return Rows(rows.relationship_id[which], rows.subject[which], rows.at_risk[which], rows.as_of[which])


def build(snapshot: Snapshot, cycles: Sequence[Cycle], settings: CohortSettings, policy: Any, lag: int = 0) -> Cohort:
    """The complete cohort of every cycle: monthly, or indexed on a domestic incident. ``lag``: of the feed, seconds."""
    if settings.kind == "monthly":
        return monthly(snapshot, cycles, policy, lag)
    return indexed(snapshot, cycles, settings.after_seconds + lag)


def monthly(snapshot: Snapshot, cycles: Sequence[Cycle], policy: Any, lag: int = 0) -> Cohort:
    """Everyone eligible at each cycle's start, by the policy and by what had reached us ``lag`` seconds after it was
    recorded."""
    from threat.eligibility import eligible

    parts, numbers, attrition = [], [], []
    with progress("cohorts", len(cycles)) as advance:
        for one in cycles:
            found = eligible(snapshot, one.start - lag, policy)
            parts.append(replace(found.rows, as_of=np.full(len(found.rows), one.start, np.int64)))
            numbers.append(np.full(len(found.rows), one.number, np.int64))
            attrition.append({"cycle": one.number, "as_of": show(one.start), "steps": list(found.attrition)})
            advance(1)
    return Cohort(_joined(parts), np.concatenate([*numbers, np.zeros(0, np.int64)]), attrition)


def indexed(snapshot: Snapshot, cycles: Sequence[Cycle], after_seconds: int) -> Cohort:
    """Each relationship ``after_seconds`` after a domestic crime or incident of it was first on record as domestic.
    (The feed's lag is part of them: a list cannot answer what has not reached it.)

    Facts only, not the unit's own contacts. Rows of one relationship at one instant are one row.
    """
    relationship, recorded = _index_incidents(snapshot)
    as_of = recorded + after_seconds
    everyone = snapshot.relationships
    where = np.searchsorted(everyone.relationship_id, relationship)
    stands = (everyone.recorded_at[where] < as_of) & (everyone.withdrawn_at[where] >= as_of)
    parts, numbers, attrition = [], [], []
    for one in cycles:
        within = (as_of >= one.start) & (as_of < one.end)
        ids, at = relationship[within & stands], as_of[within & stands]
        rows = snapshot.rows(ids, at) if len(ids) else _joined([])
        real = rows.subject != rows.at_risk  # a merge can make both parties one person
        same = np.stack([rows.subject, rows.at_risk, rows.as_of], axis=1)[real]
        _, first = np.unique(same, axis=0, return_index=True)
        kept = np.flatnonzero(real)[np.sort(first)]
        steps = [
            _step("a domestic incident of the relationship came on record", int(within.sum()), 0, ""),
            _step("relationship stands", len(ids), int(within.sum()) - len(ids), "withdrawn, or recorded later"),
            _step("two parties", int(real.sum()), int((~real).sum()), "a merge made both parties one person"),
            _step("one row per instant", len(kept), int(real.sum()) - len(kept), "several incidents recorded at once"),
        ]
        parts.append(take(rows, kept))
        numbers.append(np.full(len(kept), one.number, np.int64))
        attrition.append({"cycle": one.number, "as_of": show(one.start), "steps": steps})
    return Cohort(_joined(parts), np.concatenate([*numbers, np.zeros(0, np.int64)]), attrition)


def index_rows(
    snapshot: Snapshot, cycles: Sequence[Cycle], settings: CohortSettings, horizon_days: int, lag: int = 0
) -> Rows | None:
    """Every index row whose window may hold an outcome of these cycles or of a window that opens in them: from a
    horizon before the first to a horizon after the last, whether or not a fold uses it. None for a monthly cohort.
    """
    if settings.kind == "monthly":
        return None
    span = horizon_days * DAY
    whole = Cycle(0, cycles[0].start - span, cycles[-1].end + span, cycles[-1].end + span - 1)
    return indexed(snapshot, [whole], settings.after_seconds + lag).rows


def _step(step: str, kept: int, dropped: int, reason: str) -> dict[str, Any]:
    return {"step": step, "kept": kept, "dropped": dropped, "reason": reason}


_INCIDENTS = ("crime", "incident", "strangulation", "stalking", "threat_to_kill")


def index_kinds() -> list[str]:
    """Kinds that make an incident an index incident: every crime of a relationship, and what is reported of one
    without a crime (domestic incident, strangulation, surveillance, attempted entry, threat to children)."""
    return [
        kind.name
        for kind in kinds().values()
        if kind.about == "relationship" and (kind.crime or kind.theme in _INCIDENTS)
    ]


def _index_incidents(snapshot: Snapshot) -> tuple[Ints, Ints]:
    """(relationship id, when an incident of it was first on record as domestic), sorted by time."""
    table = snapshot.query(
        """
        WITH incidents AS (
            SELECT incident_id, subject_id, person_at_risk_id, min(recorded_at) AS recorded_at
            FROM events
            WHERE domestic = 'yes' AND assertion = 'fact' AND NOT proactive AND subject_id IS NOT NULL
                AND kind IN (SELECT unnest(?))
            GROUP BY ALL
        )
        SELECT DISTINCT r.relationship_id, i.recorded_at
        FROM incidents i JOIN relationships r
            ON r.subject_id = i.subject_id AND r.person_at_risk_id IS NOT DISTINCT FROM i.person_at_risk_id
        ORDER BY i.recorded_at, r.relationship_id
        """,
        [index_kinds()],
    )
    return table.column(0).to_numpy().astype(np.int64), table.column(1).to_numpy().astype(np.int64)


def label_knowledge(snapshot: Snapshot) -> int:
    """The instant up to which labels are known, UTC seconds: the latest ``recorded_at`` of the snapshot's events."""
    return int(snapshot.query("SELECT coalesce(max(recorded_at), 0) AS at FROM events").column(0)[0].as_py())


def history_start(snapshot: Snapshot) -> int:
    """The first instant that any source covers, UTC seconds (``history_start`` of the sightings)."""
    starts = snapshot.sightings().history_start
    known = starts[(starts > -NEVER) & (starts < NEVER)]
    return int(known.min()) if len(known) else 0


def _joined(parts: Sequence[Rows]) -> Rows:
    names = ("relationship_id", "subject", "at_risk", "as_of")
    none = np.zeros(0, np.int64)
    return Rows(*(np.concatenate([none, *(getattr(part, name) for part in parts)]) for name in names))
