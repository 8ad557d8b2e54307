"""Outcomes that a training learns from and is measured by: those on record before a date, or only new kinds of them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from threat.asof import NEVER
from threat.errors import UsageError
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.incidents import events_of_incidents, standing_pairs
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
    rule also leaves out true repeats of the same kind, so it errs low. What is in force just before
    ``recorded_before`` counts, subjects resolved through the merges known then. Raises UsageError for a rung about the
    person at risk alone.
    """
    rules = rules_of(rung)
    if any(rule.attributed_to == "person_at_risk" for rule in rules):
        raise UsageError(
            f"new_charges_only cannot be used with {rung}, an outcome of the person at risk alone.",
            way_out="choose Y0, Y1, Y2 or Y4, outcomes of a relationship, or leave new_charges_only out",
        )
    cut = NEVER if recorded_before is None else recorded_before
    kinds = sorted({kind for rule in rules for kind in rule.all_of})
    events = events_of_incidents(snapshot, kinds, cut, standing_pairs(snapshot.relationships, cut), {})
    severe = events[events["kind"].isin(kinds) & (events["subject"] != NO_PERSON)]
    first = severe.groupby(["subject", "kind", "incident_id"], as_index=False)["occurred_at"].min()
    earliest = first.groupby(["subject", "kind"])["occurred_at"].transform("min")
    first = first[first["occurred_at"] == earliest]
    # Of two incidents that begin in one second neither is the earlier, so neither kind is new.
    alone = ~first.duplicated(["subject", "kind"], keep=False)
    return outcomes[outcomes["incident_id"].isin(first.loc[alone, "incident_id"])]
