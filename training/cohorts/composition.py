"""Of what the outcomes of a test are made: by the gravest rung that each incident meets, and the rule it meets it
by."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.history.snapshot import Snapshot
from threat.incidents import events_of_incidents, groups_that_meet, pairs_named, pairs_that_meet, standing_pairs
from threat.release.documents.estimand import OutcomesOfRule
from threat.rungs import Rule, rules_of


def composition(
    snapshot: Snapshot, rung: str, incidents: NDArray[np.int64], lags: Mapping[str, int]
) -> tuple[OutcomesOfRule, ...]:
    """Return how many of these incidents (distinct ids) are outcomes by each rule of a rung, gravest rung first.

    Each incident counts once: under the gravest rung it meets, and of its rules under the first of ``outcomes.csv``
    that it meets. Rules of one rung with the same words are one line; a line without an incident is there too.
    """
    lines: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules_of(rung), key=lambda rule: rule.rung):  # sorted keeps the order of the file within a rung
        lines.setdefault((rule.rung, rule.note), []).append(rule)
    kinds = sorted({kind for rules in lines.values() for rule in rules for kind in rule.all_of})
    standing = standing_pairs(snapshot.relationships, NEVER)
    events = events_of_incidents(snapshot, kinds, NEVER, standing, lags)
    events = events[events["incident_id"].isin(incidents)]
    pairs = pairs_named(events)
    left = set(incidents.tolist())
    counted = []
    for (of_rung, note), rules in lines.items():
        met = left & _incidents_that_meet(events, pairs, rules)
        left -= met
        counted.append(OutcomesOfRule(rung=of_rung, outcome=rules[0].title, rule=note, events=len(met)))
    return tuple(counted)


def _incidents_that_meet(events: pd.DataFrame, pairs: pd.DataFrame, rules: list[Rule]) -> set[int]:
    if rules[0].attributed_to == "person_at_risk":
        met = groups_that_meet(events, ["incident_id", "person"], rules)
    else:
        met = pairs_that_meet(events, pairs, rules)
    return set(met["incident_id"].tolist())
