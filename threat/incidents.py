"""Events gathered by incident: in force at a cut, between whom, whether domestic, and which rules they meet.

``threat.outcomes`` counts from these what happened afterwards, ``threat.unseen`` what no rung counts as it should.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from threat.asof import DAY, NEVER, on_record_sql, withdrawn
from threat.history.relationships import Relationships
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.rungs import Rule
from threat.vocabulary import kinds

TIMES = {"occurred_at": "min", "end_at": "max", "recorded_at": "min"}
"""How the times of several ways to meet a rung become those of one incident: first begun, last over, first known."""


def standing_pairs(relationships: Relationships, cut: int) -> pd.DataFrame:
    """Return the pairs that stand as a relationship at the cut, resolved there: subject, at_risk, since (earliest)."""
    at_cut = relationships.rows(relationships.relationship_id, cut)
    pairs = pd.DataFrame({"subject": at_cut.subject, "at_risk": at_cut.at_risk, "since": relationships.recorded_at})
    return pairs[relationships.standing(cut)].groupby(["subject", "at_risk"], as_index=False).min()


def events_of_incidents(
    snapshot: Snapshot, names: Sequence[str], cut: int, standing: pd.DataFrame, lags: Mapping[str, int]
) -> pd.DataFrame:
    """Read every event in force of the incidents that have one of these kinds, parties resolved at the cut.

    Where the source names no incident, an event that leaves out a party is of the incidents of its record that name it
    (``_gathered_by_record``), which are read whole, with or without one of the kinds.

    ``standing``: the pairs that stand at the cut, as ``standing_pairs`` gives them. ``lags``: seconds by source system
    from a record until it reaches us.

    Columns: ``incident_id``, ``kind``, ``subject``, ``at_risk``, ``person`` (ids; NO_PERSON where none), ``flagged``
    and ``blank`` (what the domestic flag says), and, UTC seconds, ``occurred_at``, ``end_at`` (first instant after the
    event), ``recorded_at`` (when it first reached us, in whatever version) and ``domestic_known`` (when the incident
    was first known to be domestic; NEVER: it is not).
    """
    marks = ", ".join("?" for _ in names)
    table = snapshot.query(
        f"""
        WITH known AS (SELECT * FROM events WHERE {on_record_sql("recorded_at")} AND kind <> 'withdrawn'),
            without_incident AS (SELECT DISTINCT record_id FROM known WHERE incident_id = record_id),
            in_several AS (
                SELECT DISTINCT record_id FROM known SEMI JOIN without_incident USING (record_id)
                WHERE incident_id <> record_id
            ),
            wanted AS (
                SELECT incident_id FROM known WHERE kind IN ({marks})
                UNION SELECT incident_id FROM known SEMI JOIN in_several USING (record_id)
            )
        SELECT event_id, record_id, incident_id, kind, occurred_at, recorded_at, source_system,
            coalesce(subject_id, {NO_PERSON}) AS subject, coalesce(person_at_risk_id, {NO_PERSON}) AS at_risk,
            coalesce(person_id, {NO_PERSON}) AS person,
            domestic = 'yes' AS flagged, domestic = 'unknown' AS blank,
            greatest(
                occurred_at + CASE WHEN occurred_precision = 'day' THEN {DAY} ELSE 1 END,
                CASE WHEN kind IN (SELECT unnest(?)) THEN coalesce(until, occurred_at) ELSE occurred_at END
            ) AS end_at
        FROM known SEMI JOIN wanted USING (incident_id)
        ORDER BY incident_id, occurred_at, recorded_at, kind
        """,
        [cut, *names, [kind.name for kind in kinds().values() if kind.lasts == "course"]],
    )
    frame = table.to_pandas()
    hidden_at = snapshot.hidden_at(frame.pop("event_id").to_numpy(np.int64))
    # What hid it before it could be seen never let anybody know it.
    frame = frame.assign(hidden_at=hidden_at)[hidden_at > frame["recorded_at"].to_numpy()]
    for name in ("subject", "at_risk", "person"):
        frame[name] = snapshot.links.resolve(frame[name].to_numpy(np.int64), cut)
    if any(lags.values()):
        frame["recorded_at"] += frame["source_system"].map(lags).fillna(0).astype(np.int64)
    # A correction that leaves kind, parties and flag as they were corrects a detail of what was on record before.
    same = ["incident_id", "kind", "subject", "at_risk", "person", "flagged", "blank"]
    frame["recorded_at"] = frame.groupby(same)["recorded_at"].transform("min")
    frame = _gathered_by_record(frame[~withdrawn(frame.pop("hidden_at").to_numpy(), cut)])
    frame["domestic_known"] = _domestic_known(frame, standing, max(lags.values(), default=0))
    return frame


def _gathered_by_record(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events, those that leave out a party in the incidents of their record that name it.

    Intake forms incidents of parties and day, so an event without a subject or person at risk is of no incident but its
    record, also when another event of the record names the person, in the same load or later. Of the incidents of one
    pair, which are of different days, such an event is in the nearest in time; of several pairs, in one of each, as an
    event of a stated incident counts for each pair of it. It moves as known at the cut, and nothing that is stored.

    Record 5 has an injury of person 8 by person 7 and, of no known victim, a weapon used the day before and a theft by
    person 9, of which nothing says that it was of the same incident:

    >>> events = pd.DataFrame({"kind": ["injury", "weapon_used", "theft"], "record_id": 5, "incident_id": [50, 5, 5],
    ...     "subject": [7, 7, 9], "at_risk": [8, -1, -1], "person": -1, "occurred_at": [200, 100, 100]})
    >>> _gathered_by_record(events)[["kind", "incident_id"]].to_numpy().tolist()
    [['injury', 50], ['theft', 5], ['weapon_used', 50]]
    """
    events = events.reset_index(drop=True)
    of_record = events["incident_id"] == events["record_id"]
    has_subject, has_at_risk = events["subject"] != NO_PERSON, events["at_risk"] != NO_PERSON
    names = ["record_id", "subject", "at_risk", "occurred_at"]
    incomplete = events.loc[of_record & (has_subject != has_at_risk) & (events["person"] == NO_PERSON), names]
    complete = ~of_record & has_subject & has_at_risk & (events["subject"] != events["at_risk"])
    pairs = incomplete.reset_index(names="row").merge(
        events.loc[complete, [*names, "incident_id"]], on="record_id", suffixes=("", "_named")
    )
    for name in ("subject", "at_risk"):
        pairs = pairs[(pairs[name] == NO_PERSON) | (pairs[name] == pairs[f"{name}_named"])]
    gap = (pairs["occurred_at"] - pairs["occurred_at_named"]).abs()
    nearest = gap.groupby([pairs["row"], pairs["subject_named"], pairs["at_risk_named"]]).transform("min")
    moves = pairs.loc[gap == nearest, ["row", "incident_id"]].drop_duplicates()
    if moves.empty:
        return events
    row = moves["row"].to_numpy()
    moved = events.take(row).assign(incident_id=moves["incident_id"].to_numpy())
    return pd.concat([events[~events.index.isin(row)], moved], ignore_index=True)


def _domestic_known(events: pd.DataFrame, standing: pd.DataFrame, lag: int) -> pd.Series:
    """Return when the incident of each event was first known to be domestic; NEVER where it is not.

    ``lag``: seconds until the record of a relationship reaches us.
    """
    since = events[["subject", "at_risk"]].merge(standing, on=["subject", "at_risk"], how="left")["since"]
    # A blank flag says nothing of a victim or a subject whom nobody knows, whatever else is on record of the other.
    both_known = ((events["subject"] != NO_PERSON) & (events["at_risk"] != NO_PERSON)).to_numpy()
    of_relationship = events["blank"].to_numpy() & since.notna().to_numpy() & both_known
    recorded = events["recorded_at"].to_numpy()
    with_pair = np.maximum(recorded, since.fillna(0).to_numpy(np.int64) + lag)
    domestic_from = np.where(events["flagged"].to_numpy(), recorded, np.where(of_relationship, with_pair, NEVER))
    return pd.Series(domestic_from, index=events.index).groupby(events["incident_id"]).transform("min")


def pairs_named(events: pd.DataFrame) -> pd.DataFrame:
    """Return the (incident, subject, person at risk) named; an unknown person at risk only where no other is named."""
    with_subject = events[(events["subject"] != NO_PERSON) & (events["subject"] != events["at_risk"])]
    pairs = with_subject[["incident_id", "subject", "at_risk"]].drop_duplicates()
    named = (pairs["at_risk"] != NO_PERSON).groupby([pairs["incident_id"], pairs["subject"]]).transform("any")
    return pairs[(pairs["at_risk"] != NO_PERSON) | ~named]


def pairs_that_meet(events: pd.DataFrame, pairs: pd.DataFrame, rules: list[Rule]) -> pd.DataFrame:
    """Return the pairs that meet a rule: incident_id, subject, at_risk, and the times named in TIMES."""
    wanted = {name for rule in rules for name in rule.all_of}
    joined = pairs.merge(events[events["kind"].isin(wanted)], on="incident_id", suffixes=("", "_named"))
    joined = joined[joined["subject_named"].isin([NO_PERSON]) | (joined["subject_named"] == joined["subject"])]
    joined = joined[joined["at_risk_named"].isin([NO_PERSON]) | (joined["at_risk_named"] == joined["at_risk"])]
    return groups_that_meet(joined, ["incident_id", "subject", "at_risk"], rules)


def groups_that_meet(events: pd.DataFrame, key: list[str], rules: list[Rule]) -> pd.DataFrame:
    """Return the groups of events, by ``key``, that meet a rule: when first begun, when over, when first known.

    A rule is known to be met when the last of its kinds is on record, and that the incident is domestic.
    """
    # One row for each rule and kind of it: all rules are then grouped at once. Rule by rule took four fifths of the
    # time of a small history.
    parts = pd.DataFrame(
        [(number, name, rule.domestic) for number, rule in enumerate(rules) for name in rule.all_of],
        columns=["rule", "kind", "needs_domestic"],
    )
    columns = [*key, "kind", *TIMES, "domestic_known"]
    candidates = events[columns].merge(parts, on="kind")
    candidates = candidates[~candidates["needs_domestic"] | (candidates["domestic_known"] < NEVER)]
    by_kind = candidates.groupby([*key, "rule", "kind", "needs_domestic"], as_index=False)[
        [*TIMES, "domestic_known"]
    ].agg({**TIMES, "domestic_known": "min"})
    grouped = by_kind.groupby([*key, "rule", "needs_domestic"], as_index=False)
    whole = grouped.agg({**TIMES, "recorded_at": "max", "domestic_known": "min", "kind": "size"})
    whole = whole[whole["kind"] == whole["rule"].map(parts["rule"].value_counts())]
    when_met = np.maximum(whole["recorded_at"], whole["domestic_known"])
    whole["recorded_at"] = whole["recorded_at"].where(~whole["needs_domestic"], when_met)
    return whole.groupby(key, as_index=False).agg(TIMES)
