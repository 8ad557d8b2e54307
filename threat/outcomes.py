"""What happened afterwards: occurrences of each rung of ``outcomes.csv``, and the label of a row.

A rule of a rung is met when all its kinds are on record within one incident, for one subject towards one person at
risk. A kind recorded in the incident without a subject, or without a person at risk, counts for every pair of it.

Who is attributed: the pair the events name. A victim who has no relationship with the subject on record (a child, a
relative, a new partner, an officer) counts, in a domestic incident, for the relationship of the same subject that the
incident also names; without one, for the pair as recorded. Suspected suicide and serious self-harm count for the person
at risk, in every relationship in which they are at risk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY, NEVER
from threat.harm import days_of
from threat.history.relationships import Relationships
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.rungs import Rule, rules_of
from threat.vocabulary import kinds

COLUMNS = ["incident_id", "subject_id", "person_at_risk_id", "occurred_at", "recorded_at"]


class Occurrences(pd.DataFrame):
    """A data frame that remembers the relationships and the cut it was made with, so that ``label`` follows merges."""

    _metadata = ["relationships", "cut"]  # noqa: RUF012 (pandas reads this name)
    relationships: Relationships | None = None
    cut: int = NEVER

    @property
    def _constructor(self) -> type[Occurrences]:
        return Occurrences


def occurrences(snapshot: Snapshot, rung: str, recorded_before: int | None = None) -> pd.DataFrame:
    """Incidents that meet a rung, as known just before ``recorded_before`` (int64 UTC seconds; None: all we hold).

    Columns ``incident_id, subject_id, person_at_risk_id, occurred_at, recorded_at`` (int64; NO_PERSON where unknown or,
    as subject of a Y5 row, not needed), sorted by occurred_at. One row per incident and relationship: an incident with
    two victims has two rows, and counting incidents means counting distinct ``incident_id``. ``recorded_at``: when the
    rule was first met on record. Events withdrawn or corrected before the cut do not count. Parties are resolved
    through the merges known at the cut. Raises UsageError for an unknown rung.
    """
    cut = NEVER if recorded_before is None else int(recorded_before)
    rules = rules_of(rung)
    events = _events(snapshot, sorted({name for rule in rules for name in rule.all_of}), cut)
    relationships = snapshot.relationships
    parts = []
    by_pair = [rule for rule in rules if rule.attributed_to == "relationship"]
    if by_pair:
        met = _met(events, _pairs(events), by_pair)
        parts.append(_attributed(met, events, relationships, cut))
    by_person = [rule for rule in rules if rule.attributed_to == "person_at_risk"]
    if by_person:
        parts.append(_about_person_at_risk(events, by_person, relationships, cut))
    frame = pd.concat(parts, ignore_index=True)[COLUMNS].astype(np.int64)
    frame = frame.sort_values(["occurred_at", "incident_id", "subject_id", "person_at_risk_id"], kind="stable")
    out = Occurrences(frame.reset_index(drop=True))
    out.relationships, out.cut = relationships, cut
    return out


def label(occurrences: pd.DataFrame, rows: Rows, horizon_days: float) -> NDArray[np.uint8]:
    """1 where an occurrence of the row's relationship lies in ``as_of <= occurred_at < as_of + horizon``; uint8[n].

    With the frame ``occurrences`` made, both sides are compared through the merges known at its cut; with a frame read
    back from a file, ids are compared as they stand.
    """
    subject, at_risk = rows.subject, rows.at_risk
    relationships = getattr(occurrences, "relationships", None)
    if relationships is not None:
        known = relationships.rows(rows.relationship_id, getattr(occurrences, "cut", NEVER))
        subject, at_risk = known.subject, known.at_risk
    occurred, outcome_at_risk = occurrences["occurred_at"].to_numpy(), occurrences["person_at_risk_id"].to_numpy()
    outcome_subject = occurrences["subject_id"].to_numpy()
    until = rows.as_of + int(horizon_days * DAY)
    pair, person = outcome_subject != NO_PERSON, outcome_subject == NO_PERSON
    outcome_keys = [outcome_subject[pair], outcome_at_risk[pair]]
    hit = _within(outcome_keys, occurred[pair], [subject, at_risk], rows.as_of, until)
    in_person = _within([outcome_at_risk[person]], occurred[person], [at_risk], rows.as_of, until)
    hit |= in_person & (at_risk != NO_PERSON)
    return hit.astype(np.uint8)


def harm_after(
    snapshot: Snapshot, rows: Rows, horizon_days: float, recorded_before: int | None = None
) -> NDArray[np.float64]:
    """Y3: harm days of the relationship's domestic incidents in the label window, float64[n].

    The maximum over the crimes of an incident, then summed over incidents (``harm.csv``).
    """
    cut = NEVER if recorded_before is None else int(recorded_before)
    crimes = [name for name, kind in kinds().items() if kind.about == "relationship" and days_of(name) > 0]
    events = _events(snapshot, crimes, cut)
    events = events[(events["domestic_known"] < NEVER) & (events["subject"] != NO_PERSON) & events["kind"].isin(crimes)]
    events = events.assign(harm=events["kind"].map(days_of).astype(np.float64))
    incidents = events.groupby(["incident_id", "subject", "at_risk"], as_index=False).agg(
        occurred_at=("occurred_at", "min"), harm=("harm", "max")
    )
    known = snapshot.relationships.rows(rows.relationship_id, cut)
    left = pd.DataFrame({"row": np.arange(len(rows)), "subject": known.subject, "at_risk": known.at_risk})
    left["as_of"] = rows.as_of
    joined = left.merge(incidents, on=["subject", "at_risk"])
    after = joined["occurred_at"] - joined["as_of"]
    joined = joined[(after >= 0) & (after < int(horizon_days * DAY))]
    out = np.zeros(len(rows))
    np.add.at(out, joined["row"].to_numpy(), joined["harm"].to_numpy())
    return out


def _events(snapshot: Snapshot, names: list[str], cut: int) -> pd.DataFrame:
    """Every standing event of the incidents that hold one of these kinds, parties resolved at the cut; with
    ``domestic_known``: when the incident was first known to be domestic (NEVER: it is not).
    """
    marks = ", ".join("?" for _ in names)
    table = snapshot.query(
        f"""
        WITH hidden AS (
            SELECT supersedes_event_id AS event_id, min(recorded_at) AS hidden_at
            FROM events WHERE supersedes_event_id IS NOT NULL AND recorded_at < ? GROUP BY 1
        ), standing AS (
            SELECT incident_id, subject_id, person_at_risk_id, person_id, kind, domestic, occurred_at, recorded_at
            FROM events LEFT JOIN hidden USING (event_id)
            WHERE recorded_at < ? AND hidden_at IS NULL AND kind <> 'withdrawn'
        ), wanted AS (SELECT DISTINCT incident_id FROM standing WHERE kind IN ({marks}))
        SELECT incident_id, kind, occurred_at, recorded_at,
            coalesce(subject_id, {NO_PERSON}) AS subject, coalesce(person_at_risk_id, {NO_PERSON}) AS at_risk,
            coalesce(person_id, {NO_PERSON}) AS person,
            coalesce(min(CASE WHEN domestic = 'yes' THEN recorded_at END) OVER (PARTITION BY incident_id), {NEVER})
                AS domestic_known
        FROM standing SEMI JOIN wanted USING (incident_id)
        ORDER BY incident_id, occurred_at, recorded_at, kind
        """,
        [cut, cut, *names],
    )
    frame = table.to_pandas()
    for name in ("subject", "at_risk", "person"):
        frame[name] = snapshot.links.resolve(frame[name].to_numpy(np.int64), cut)
    return frame


def _pairs(events: pd.DataFrame) -> pd.DataFrame:
    """The (incident, subject, person at risk) the events name; an unknown person at risk only where no other is."""
    held = events[(events["subject"] != NO_PERSON) & (events["subject"] != events["at_risk"])]
    pairs = held[["incident_id", "subject", "at_risk"]].drop_duplicates()
    named = (pairs["at_risk"] != NO_PERSON).groupby([pairs["incident_id"], pairs["subject"]]).transform("any")
    return pairs[(pairs["at_risk"] != NO_PERSON) | ~named]


def _met(events: pd.DataFrame, pairs: pd.DataFrame, rules: list[Rule]) -> pd.DataFrame:
    """Pairs that meet a rule: incident_id, subject, at_risk, occurred_at, recorded_at."""
    wanted = {name for rule in rules for name in rule.all_of}
    joined = pairs.merge(events[events["kind"].isin(wanted)], on="incident_id", suffixes=("", "_named"))
    joined = joined[joined["subject_named"].isin([NO_PERSON]) | (joined["subject_named"] == joined["subject"])]
    joined = joined[joined["at_risk_named"].isin([NO_PERSON]) | (joined["at_risk_named"] == joined["at_risk"])]
    return _rules_met(joined, ["incident_id", "subject", "at_risk"], rules)


def _rules_met(events: pd.DataFrame, key: list[str], rules: list[Rule]) -> pd.DataFrame:
    """Groups of events, by ``key``, that meet a rule, with the earliest occurrence and when it was first known."""
    parts = []
    for rule in rules:
        held = events[events["kind"].isin(rule.all_of)]
        if rule.domestic:
            held = held[held["domestic_known"] < NEVER]
        by_kind = held.groupby([*key, "kind"], as_index=False).agg(
            occurred_at=("occurred_at", "min"), recorded_at=("recorded_at", "min"), domestic=("domestic_known", "min")
        )
        whole = by_kind.groupby(key, as_index=False).agg(
            n=("kind", "size"),
            occurred_at=("occurred_at", "min"),
            recorded_at=("recorded_at", "max"),
            domestic=("domestic", "min"),
        )
        whole = whole[whole["n"] == len(rule.all_of)]
        if rule.domestic:
            whole["recorded_at"] = np.maximum(whole["recorded_at"], whole["domestic"])
        parts.append(whole[[*key, "occurred_at", "recorded_at"]])
    return pd.concat(parts, ignore_index=True).groupby(key, as_index=False).min()


def _attributed(met: pd.DataFrame, events: pd.DataFrame, relationships: Relationships, cut: int) -> pd.DataFrame:
    """Move a victim without a relationship on record to the relationship the incident also names (module docstring)."""
    known = relationships.rows(relationships.relationship_id, cut)
    held = pd.DataFrame({"subject": known.subject, "at_risk": known.at_risk, "since": relationships.recorded_at})
    held = held[held["since"] < cut].groupby(["subject", "at_risk"], as_index=False).min()
    met = met.merge(held, on=["subject", "at_risk"], how="left")
    corollary = met[met["since"].isna() & (met["at_risk"] != NO_PERSON)]
    if len(corollary):
        named = events.loc[events["subject"] != NO_PERSON, ["incident_id", "subject", "at_risk"]].drop_duplicates()
        named = named.merge(held, on=["subject", "at_risk"]).sort_values(["since", "at_risk"], kind="stable")
        named = named.drop_duplicates(["incident_id", "subject"]).rename(columns={"at_risk": "instead"})
        met = met.merge(named[["incident_id", "subject", "instead"]], on=["incident_id", "subject"], how="left")
        moved = met["since"].isna() & met["instead"].notna() & (met["at_risk"] != NO_PERSON)
        met["at_risk"] = met["at_risk"].where(~moved, met["instead"]).astype(np.int64)
    met = met.groupby(["incident_id", "subject", "at_risk"], as_index=False)[["occurred_at", "recorded_at"]].min()
    return met.rename(columns={"subject": "subject_id", "at_risk": "person_at_risk_id"})


def _about_person_at_risk(
    events: pd.DataFrame, rules: list[Rule], relationships: Relationships, cut: int
) -> pd.DataFrame:
    known = relationships.rows(relationships.relationship_id, cut)
    at_risk = known.at_risk[relationships.recorded_at < cut]
    events = events[events["person"].isin(at_risk[at_risk != NO_PERSON])]
    met = _rules_met(events, ["incident_id", "person"], rules)
    met["subject_id"] = NO_PERSON
    return met.rename(columns={"person": "person_at_risk_id"})


def _within(
    outcome_keys: list[NDArray[np.int64]],
    occurred: NDArray[np.int64],
    row_keys: list[NDArray[np.int64]],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """True where some outcome with a row's key has ``start <= occurred < stop``."""
    n = len(occurred)
    if n == 0 or len(start) == 0:
        return np.zeros(len(start), dtype=bool)
    both: Any = np.stack([np.concatenate(pair) for pair in zip(outcome_keys, row_keys, strict=True)], axis=1)
    _, codes = np.unique(both, axis=0, return_inverse=True)
    codes = codes.reshape(-1)
    order = np.lexsort((occurred, codes[:n]))
    key, at = codes[:n][order], occurred[order]
    # One sorted scale: the key's rank first, then seconds; both fit 63 bits together.
    low = min(int(at.min()), int(start.min()))
    span = max(int(at.max()), int(stop.max())) - low + 2
    scale = key * span + (at - low)
    first = np.searchsorted(scale, codes[n:] * span + (start - low), side="left")
    after = np.searchsorted(scale, codes[n:] * span + (stop - low), side="left")
    return after > first
