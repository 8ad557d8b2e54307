"""Outcomes that a training learns from and is measured by: those on record before a date, or only new kinds of them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from threat.asof import NEVER, on_record_sql
from threat.errors import UsageError
from threat.history.snapshot import Snapshot
from threat.outcomes import occurrences
from threat.rungs import rules_of
from training.config import Settings


def recorded_outcomes(
    snapshot: Snapshot, settings: Settings, recorded_before: int | None, lags: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Read the outcomes of the settings' rung on record before a date (UTC seconds; None: all of them).

    ``lags``: seconds by source system until a record reaches us; an outcome is then known as late as its features are.

    With ``settings.new_charges_only``, only the outcomes that bring a new severe kind. Columns as those of
    ``threat.outcomes.occurrences``.
    """
    outcomes = occurrences(snapshot, settings.rung, recorded_before, lags)
    if not settings.new_charges_only:
        return outcomes
    return only_new_kinds(snapshot, outcomes, settings.rung, recorded_before)


def only_new_kinds(snapshot: Snapshot, outcomes: pd.DataFrame, rung: str, recorded_before: int | None) -> pd.DataFrame:
    """The outcomes whose incident carries a kind of the rung that no earlier incident of the subject carried.

    A sensitivity: where a later record may be the same case coming back, a kind seen before proves nothing new. The
    rule also leaves out true repeats of the same kind, so it errs low. As known before ``recorded_before``; compares
    ids as recorded. Raises UsageError for a rung about the person at risk alone.
    """
    rules = rules_of(rung)
    if any(rule.attributed_to == "person_at_risk" for rule in rules):
        raise UsageError(
            f"new_charges_only cannot be used with {rung}, an outcome of the person at risk alone.",
            way_out="choose Y0, Y1, Y2 or Y4, outcomes of a relationship, or leave new_charges_only out",
        )
    table = snapshot.query(
        f"""
        WITH severe AS (
            SELECT subject_id, kind, incident_id, min(occurred_at) AS at
            FROM events
            WHERE subject_id IS NOT NULL AND kind IN (SELECT unnest(?)) AND {on_record_sql("recorded_at")}
            GROUP BY ALL
        )
        SELECT DISTINCT a.incident_id FROM severe a
        WHERE NOT EXISTS (
            SELECT 1 FROM severe b
            WHERE b.subject_id = a.subject_id AND b.kind = a.kind AND b.incident_id <> a.incident_id AND b.at <= a.at
        )
        """,
        [
            sorted({kind for rule in rules for kind in rule.all_of}),
            NEVER if recorded_before is None else recorded_before,
        ],
    )
    return outcomes[outcomes["incident_id"].isin(table.column(0).to_numpy())]
