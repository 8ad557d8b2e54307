"""Severe incidents that no rung counts, or only a lower one: what the figures of a training cannot show.

An incident is severe that holds a kind of a rule of Y2 or a crime that opens a must-see item, and it concerns somebody
on record: the subject of a relationship, or, where no subject is named, a person at risk. An incident that only a rung
below Y2 counts is among them where what would make it severe is on record as another incident of the same evening.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY, NEVER
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.incidents import events_of_incidents, pairs_named, pairs_that_meet, standing_pairs
from threat.release.documents.cohort import UnseenSevere
from threat.rungs import Rule, all_rules, rules_of
from threat.vocabulary import kinds

REASONS = {
    "flag_no_related": "recorded as not domestic, between two people whose relationship is on record",
    "flag_no_other": "recorded as not domestic, by the subject of a relationship towards anybody else, or nobody named",
    "flag_blank": "the domestic flag is blank, and no relationship of the two is on record",
    "no_subject": "towards a person at risk on record, and no subject is named",
    "no_incident_link": "what would make it count is on record for the same two within a day, as another incident",
    "missing_companion": "what would make it count, such as an injury with a weapon used, is not on record",
    "no_rule": "no outcome counts this kind of crime",
    "lower_rung": "counted, but not as severe: what would make it so is on record for the same two within a day, as "
    "another incident",
}
"""Why no rung counts an incident, or only a lower one; of several reasons an incident has the first of this order."""


def severe_kinds() -> tuple[str, ...]:
    """Return the kinds that make an incident severe, sorted."""
    of_rules = {name for rule in rules_of("Y2") for name in rule.all_of}
    return tuple(sorted(of_rules | {kind.name for kind in kinds().values() if kind.crime and kind.must_see}))


def unseen(snapshot: Snapshot, recorded_before: int | None = None) -> tuple[UnseenSevere, ...]:
    """Return the severe incidents that no rung counts, or only a lower one, by reason, as known just before a date.

    ``recorded_before``: UTC seconds; None: all we hold. Reasons that no incident has are left out.

    Person 7 and person 8 are a relationship on record. Three crimes of one kind, flagged each another way:

    >>> import tempfile
    >>> import pyarrow as pa
    >>> from threat.history import Batch, Store
    >>> plain = {"subject_id": 7, "person_at_risk_id": 8, "kind": "rape", "occurred_at": 100, "recorded_at": 200,
    ...          "proactive": False, "source_system": "x", "reported_by": "police", "assertion": "fact"}
    >>> rows = [plain | {"event_id": i, "record_id": i, "incident_id": i, "domestic": flag} | other
    ...         for i, (flag, other) in enumerate([("yes", {}), ("no", {}), ("unknown", {"person_at_risk_id": 9})])]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store.create(f"{folder}/history")
    ...     pairs = pa.Table.from_pylist([{"relationship_id": 1, "subject_id": 7, "person_at_risk_id": 8,
    ...                                    "kind": "ex_partner", "recorded_at": 50}])
    ...     _ = store.append(Batch("example", loaded_at=500),
    ...                      {"relationships": pairs, "events": pa.Table.from_pylist(rows)})
    ...     [(line.reason, line.incidents) for line in unseen(store.snapshot())]
    [('flag_no_related', 1), ('flag_blank', 1)]
    """
    cut = NEVER if recorded_before is None else int(recorded_before)
    standing = standing_pairs(snapshot.relationships, cut)
    events = events_of_incidents(snapshot, severe_kinds(), cut, standing, {})
    any_rung = [rule for rule in all_rules() if rule.attributed_to == "relationship"]
    uncounted, not_severe = (_without(events, rules) for rules in (any_rung, rules_of("Y2")))
    counted = not_severe[~not_severe["incident_id"].isin(uncounted["incident_id"])]
    reasons = pd.concat([_reasons(uncounted, events, standing), _reasons_of_counted(counted, events, standing)])
    first = reasons.groupby("incident_id")["rank"].min()
    counts = np.bincount(first.to_numpy(np.int64), minlength=len(REASONS))
    return tuple(
        UnseenSevere(reason=reason, title=title, incidents=int(count))
        for (reason, title), count in zip(REASONS.items(), counts, strict=True)
        if count
    )


def _without(events: pd.DataFrame, rules: Sequence[Rule]) -> pd.DataFrame:
    """Return the events of the incidents that meet none of the rules."""
    met = pairs_that_meet(events, pairs_named(events), list(rules))
    return events[~events["incident_id"].isin(met["incident_id"])]


def _reasons_of_counted(counted: pd.DataFrame, events: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Return ``incident_id`` and ``rank`` of ``lower_rung`` of severe events of incidents that a lower rung counts.

    ``counted``: the events of these incidents, of all ``events``.
    """
    severe = counted[counted["kind"].isin(severe_kinds()) & counted["subject"].isin(standing["subject"])]
    severe = severe[severe["domestic_known"] < NEVER]
    completed = severe[_completed_elsewhere(severe, events, rules_of("Y2"))]
    return pd.DataFrame({"incident_id": completed["incident_id"].to_numpy(), "rank": list(REASONS).index("lower_rung")})


def _reasons(unmet: pd.DataFrame, events: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Return ``incident_id`` and ``rank`` of its reason, in REASONS, of each severe event about somebody on record.

    ``unmet``: the events of incidents that no rule counts, of all ``events``.
    """
    severe = unmet[unmet["kind"].isin(severe_kinds())]
    nobody = (severe["subject"] == NO_PERSON) & severe["at_risk"].isin(standing["at_risk"])
    nobody &= severe["at_risk"] != NO_PERSON
    severe = severe[severe["subject"].isin(standing["subject"]) | nobody]
    pairs = severe[["subject", "at_risk"]].merge(standing, on=["subject", "at_risk"], how="left")
    related = pairs["since"].notna().to_numpy() & (severe["at_risk"] != NO_PERSON).to_numpy()
    flag_no = ~severe["flagged"].to_numpy() & ~severe["blank"].to_numpy()
    domestic = (severe["domestic_known"] < NEVER).to_numpy()
    has_rule = severe["kind"].isin({name for rule in all_rules() for name in rule.all_of}).to_numpy()
    # The first that holds: nothing of a rule is missing before the incident is known to be domestic.
    conditions = {
        "flag_no_related": ~domestic & flag_no & related,
        "flag_no_other": ~domestic & flag_no,
        "no_subject": (severe["subject"] == NO_PERSON).to_numpy(),
        "flag_blank": ~domestic,
        "no_rule": ~has_rule,
        "no_incident_link": _completed_elsewhere(severe, events, all_rules()),
        "missing_companion": np.ones(len(severe), bool),
    }
    names = list(REASONS)
    rank = np.select(list(conditions.values()), [names.index(name) for name in conditions], 0)
    return pd.DataFrame({"incident_id": severe["incident_id"].to_numpy(), "rank": rank})


def _completed_elsewhere(severe: pd.DataFrame, events: pd.DataFrame, rules: Sequence[Rule]) -> NDArray[np.bool_]:
    """Mask of the events that meet a rule together with what is on record of the same two people within a day.

    Within a day: less than 24 hours from the last second of the earlier to the first of the later, so that crimes known
    by their day alone are near those of that day and the next.
    """
    names = ["subject", "at_risk", "kind", "occurred_at", "end_at"]
    candidates = severe[names].assign(row=np.arange(len(severe)))
    named = (events["subject"] != NO_PERSON) & (events["at_risk"] != NO_PERSON)
    named &= events["kind"].isin({kind for rule in rules for kind in rule.all_of})
    near = candidates.merge(events.loc[named, names], on=["subject", "at_risk"], suffixes=("", "_near"))
    seconds_between = (
        np.maximum(near["occurred_at"] - near["end_at_near"], near["occurred_at_near"] - near["end_at"]) + 1
    )
    near = near[seconds_between < DAY]
    out = np.zeros(len(severe), np.bool_)
    for rule in rules:
        whole = candidates["kind"].isin(rule.all_of)
        for kind in rule.all_of:
            whole &= candidates["row"].isin(near.loc[near["kind_near"] == kind, "row"])
        out |= whole.to_numpy()
    return out
