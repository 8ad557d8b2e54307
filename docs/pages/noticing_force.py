"""One synthetic force as arrays for ``docs/noticing.md``: who was considered, what was on record, what came after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY, on_record, within
from threat.eligibility import eligible
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.history.store import Store
from threat.ids import pair_ids
from threat.outcomes import label, occurrences, unrecorded
from threat.policy import load_policy

Ints = NDArray[np.int64]

RUNG, HORIZON_DAYS, LOOK_BACK_DAYS = "Y4", 180, 365
"""The outcome is a violent repeat: of a severe one a force of this size has too few to notice anything by."""


@dataclass(frozen=True, slots=True, eq=False)
class ForceRows:
    """One row a relationship considered for a list, int64[n]: parties, list, incidents of the last year, outcome."""

    subject: Ints
    at_risk: Ints
    cycle: Ints
    incidents: Ints
    harmed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.subject)

    @classmethod
    def of(cls, history: Path, as_ofs: list[int]) -> ForceRows:
        """Read the rows of several lists of a history; ``as_ofs``: int64 UTC seconds."""
        snapshot = Store.open(history).snapshot()
        occurred = occurrences(snapshot, RUNG)
        policy = load_policy()
        parts = []
        for cycle, as_of in enumerate(as_ofs):
            rows = eligible(snapshot, as_of, policy).rows
            kept = ~unrecorded(occurred, rows) & (rows.at_risk != NO_PERSON)
            harmed = label(occurred, rows, HORIZON_DAYS)
            counted = incidents_on_record(snapshot, rows.subject, rows.at_risk, as_of)
            columns = (rows.subject, rows.at_risk, np.full(len(kept), cycle), counted, harmed)
            parts.append([column[kept] for column in columns])
        subject, at_risk, lists, counts, harmed_rows = (np.concatenate(column) for column in zip(*parts, strict=True))
        return cls(subject, at_risk, lists, counts, harmed_rows.astype(bool))

    @classmethod
    def drawn(cls, rows: int, seed: int) -> ForceRows:
        """Rows of no force, for a quick look: incidents are few, and the more there are the likelier is harm."""
        draw = np.random.default_rng(seed)
        counted = draw.negative_binomial(0.8, 0.35, rows)
        harmed = draw.random(rows) < 1 / (1 + np.exp(3.0 - 0.5 * counted))
        people = np.arange(rows, dtype=np.int64)
        return cls(people, rows + people, np.arange(rows) % 2, counted.astype(np.int64), harmed)


def incidents_on_record(snapshot: Snapshot, subject: Ints, at_risk: Ints, as_of: int) -> Ints:
    """Count the domestic incidents of each pair that were on record at the as-of and happened in the year before."""
    table = snapshot.query(
        f"""
        SELECT incident_id, subject_id, coalesce(person_at_risk_id, {NO_PERSON}) AS at_risk_id,
            min(recorded_at) AS recorded_at, min(occurred_at) AS occurred_at
        FROM events WHERE domestic = 'yes' AND subject_id IS NOT NULL GROUP BY ALL
        """,
        [],
    )
    incident_subject, other, recorded, occurred = (
        table.column(name).to_numpy() for name in ("subject_id", "at_risk_id", "recorded_at", "occurred_at")
    )
    kept = on_record(recorded, as_of) & within(occurred, as_of - LOOK_BACK_DAYS * DAY, as_of)
    of_incident = np.sort(pair_ids(incident_subject[kept], other[kept]))
    pairs = pair_ids(subject, at_risk)
    return (np.searchsorted(of_incident, pairs, "right") - np.searchsorted(of_incident, pairs, "left")).astype(np.int64)
