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

from threat.asof import NEVER, label_bounds, on_record, on_record_sql
from threat.history.relationships import Relationships
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.rungs import Rule, rules_of

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
    """Return the incidents that meet a rung, as known just before ``recorded_before`` (UTC seconds; None: all we hold).

    Columns ``incident_id, subject_id, person_at_risk_id, occurred_at, recorded_at`` (int64; NO_PERSON where unknown or,
    as subject of a Y5 row, not needed), sorted by occurred_at. One row per incident and relationship: an incident with
    two victims has two rows, and counting incidents means counting distinct ``incident_id``. ``recorded_at``: when the
    rule was first met on record. Events withdrawn or corrected before the cut do not count. Parties are resolved
    through the merges known at the cut. Raises UsageError for an unknown rung.

    Person 7 strangles and injures person 8 in incident 50, and threatens person 8 in incident 51. Strangulation alone
    is no severe outcome; with an injury in the same incident it is, from when the later of the two was recorded:

    >>> import tempfile
    >>> import pyarrow as pa
    >>> from threat.history import Batch, Store
    >>> plain = {"subject_id": 7, "person_at_risk_id": 8, "domestic": "yes", "proactive": False, "source_system": "x",
    ...          "reported_by": "police", "assertion": "fact"}
    >>> events = pa.Table.from_pylist([
    ...     plain | {"event_id": 1, "record_id": 1, "incident_id": 50, "kind": "non_fatal_strangulation",
    ...              "occurred_at": 100, "recorded_at": 200},
    ...     plain | {"event_id": 2, "record_id": 2, "incident_id": 50, "kind": "assault_with_injury",
    ...              "occurred_at": 100, "recorded_at": 300},
    ...     plain | {"event_id": 3, "record_id": 3, "incident_id": 51, "kind": "threat_to_kill",
    ...              "occurred_at": 400, "recorded_at": 400}])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store.create(f"{folder}/history")
    ...     _ = store.append(Batch("example", loaded_at=500), {"events": events})
    ...     for cut in (300, 301):
    ...         occurrences(store.snapshot(), "Y2", recorded_before=cut).to_numpy().tolist()
    []
    [[50, 7, 8, 100, 300]]
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
    """Return 1 for each row with an occurrence of its relationship in the label window, else 0; uint8[n].

    With the frame that ``occurrences`` made, both sides are compared through the merges known at its cut; with a frame
    read back from a file, ids are compared as written.

    Person 7 harms person 8 on day 10. Three rows look five days ahead, from day 5, 6 and 11:

    >>> from threat.asof import DAY
    >>> outcome = pd.DataFrame({"subject_id": [7], "person_at_risk_id": [8], "occurred_at": [10 * DAY]})
    >>> days = np.array([5, 6, 11])
    >>> rows = Rows(np.ones(3, np.int64), np.full(3, 7), np.full(3, 8), days * DAY)
    >>> label(outcome, rows, horizon_days=5).tolist()  # day 10 is the end of the first window, and not in it
    [0, 1, 0]
    """
    subject, at_risk = rows.subject, rows.at_risk
    relationships = getattr(occurrences, "relationships", None)
    if relationships is not None:
        at_cut = relationships.rows(rows.relationship_id, getattr(occurrences, "cut", NEVER))
        subject, at_risk = at_cut.subject, at_cut.at_risk
    occurred, outcome_at_risk = occurrences["occurred_at"].to_numpy(), occurrences["person_at_risk_id"].to_numpy()
    outcome_subject = occurrences["subject_id"].to_numpy()
    start, end = label_bounds(rows.as_of, horizon_days)
    of_pair, of_person = outcome_subject != NO_PERSON, outcome_subject == NO_PERSON
    outcome_keys = [outcome_subject[of_pair], outcome_at_risk[of_pair]]
    hit = _any_between(outcome_keys, occurred[of_pair], [subject, at_risk], start, end)
    in_person = _any_between([outcome_at_risk[of_person]], occurred[of_person], [at_risk], start, end)
    hit |= in_person & (at_risk != NO_PERSON)
    return hit.astype(np.uint8)


def _events(snapshot: Snapshot, names: list[str], cut: int) -> pd.DataFrame:
    """Read every event in force of the incidents that have one of these kinds, parties resolved at the cut.

    ``domestic_known``: when the incident was first known to be domestic (NEVER: it is not).
    """
    marks = ", ".join("?" for _ in names)
    table = snapshot.query(
        f"""
        WITH hidden AS (
            SELECT supersedes_event_id AS event_id, min(recorded_at) AS hidden_at
            FROM events WHERE supersedes_event_id IS NOT NULL AND {on_record_sql("recorded_at")} GROUP BY 1
        ), in_force AS (
            SELECT incident_id, subject_id, person_at_risk_id, person_id, kind, domestic, occurred_at, recorded_at
            FROM events LEFT JOIN hidden USING (event_id)
            WHERE {on_record_sql("recorded_at")} AND hidden_at IS NULL AND kind <> 'withdrawn'
        ), wanted AS (SELECT DISTINCT incident_id FROM in_force WHERE kind IN ({marks}))
        SELECT incident_id, kind, occurred_at, recorded_at,
            coalesce(subject_id, {NO_PERSON}) AS subject, coalesce(person_at_risk_id, {NO_PERSON}) AS at_risk,
            coalesce(person_id, {NO_PERSON}) AS person,
            coalesce(min(CASE WHEN domestic = 'yes' THEN recorded_at END) OVER (PARTITION BY incident_id), {NEVER})
                AS domestic_known
        FROM in_force SEMI JOIN wanted USING (incident_id)
        ORDER BY incident_id, occurred_at, recorded_at, kind
        """,
        [cut, cut, *names],
    )
    frame = table.to_pandas()
    for name in ("subject", "at_risk", "person"):
        frame[name] = snapshot.links.resolve(frame[name].to_numpy(np.int64), cut)
    return frame


def _pairs(events: pd.DataFrame) -> pd.DataFrame:
    """Return the (incident, subject, person at risk) named; an unknown person at risk only where no other is named."""
    with_subject = events[(events["subject"] != NO_PERSON) & (events["subject"] != events["at_risk"])]
    pairs = with_subject[["incident_id", "subject", "at_risk"]].drop_duplicates()
    named = (pairs["at_risk"] != NO_PERSON).groupby([pairs["incident_id"], pairs["subject"]]).transform("any")
    return pairs[(pairs["at_risk"] != NO_PERSON) | ~named]


def _met(events: pd.DataFrame, pairs: pd.DataFrame, rules: list[Rule]) -> pd.DataFrame:
    """Return the pairs that meet a rule: incident_id, subject, at_risk, occurred_at, recorded_at."""
    wanted = {name for rule in rules for name in rule.all_of}
    joined = pairs.merge(events[events["kind"].isin(wanted)], on="incident_id", suffixes=("", "_named"))
    joined = joined[joined["subject_named"].isin([NO_PERSON]) | (joined["subject_named"] == joined["subject"])]
    joined = joined[joined["at_risk_named"].isin([NO_PERSON]) | (joined["at_risk_named"] == joined["at_risk"])]
    return _rules_met(joined, ["incident_id", "subject", "at_risk"], rules)


def _rules_met(events: pd.DataFrame, key: list[str], rules: list[Rule]) -> pd.DataFrame:
    """Return the groups of events, by ``key``, that meet a rule, with the earliest occurrence and when first known.

    A rule is known to be met when the last of its kinds is on record, and that the incident is domestic.
    """
    parts = []
    for rule in rules:
        candidates = events[events["kind"].isin(rule.all_of)]
        if rule.domestic:
            candidates = candidates[candidates["domestic_known"] < NEVER]
        by_kind = candidates.groupby([*key, "kind"], as_index=False).agg(
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
    """Move a victim without a relationship on record to the relationship the incident also names.

    The module's docstring says why; of several such relationships, to the one recorded first.
    """
    at_cut = relationships.rows(relationships.relationship_id, cut)
    pairs = pd.DataFrame({"subject": at_cut.subject, "at_risk": at_cut.at_risk, "since": relationships.recorded_at})
    pairs = pairs[on_record(pairs["since"], cut)].groupby(["subject", "at_risk"], as_index=False).min()
    met = met.merge(pairs, on=["subject", "at_risk"], how="left")
    corollary = met[met["since"].isna() & (met["at_risk"] != NO_PERSON)]
    if len(corollary):
        named = events.loc[events["subject"] != NO_PERSON, ["incident_id", "subject", "at_risk"]].drop_duplicates()
        named = named.merge(pairs, on=["subject", "at_risk"]).sort_values(["since", "at_risk"], kind="stable")
        named = named.drop_duplicates(["incident_id", "subject"]).rename(columns={"at_risk": "instead"})
        met = met.merge(named[["incident_id", "subject", "instead"]], on=["incident_id", "subject"], how="left")
        moved = met["since"].isna() & met["instead"].notna() & (met["at_risk"] != NO_PERSON)
        met["at_risk"] = met["at_risk"].where(~moved, met["instead"]).astype(np.int64)
    met = met.groupby(["incident_id", "subject", "at_risk"], as_index=False)[["occurred_at", "recorded_at"]].min()
    return met.rename(columns={"subject": "subject_id", "at_risk": "person_at_risk_id"})


def _about_person_at_risk(
    events: pd.DataFrame, rules: list[Rule], relationships: Relationships, cut: int
) -> pd.DataFrame:
    """Return what happened to persons at risk themselves, whoever is the subject; subject_id is NO_PERSON."""
    at_cut = relationships.rows(relationships.relationship_id, cut)
    at_risk = at_cut.at_risk[on_record(relationships.recorded_at, cut)]
    events = events[events["person"].isin(at_risk[at_risk != NO_PERSON])]
    met = _rules_met(events, ["incident_id", "person"], rules)
    met["subject_id"] = NO_PERSON
    return met.rename(columns={"person": "person_at_risk_id"})


def _any_between(
    outcome_keys: list[NDArray[np.int64]],
    occurred: NDArray[np.int64],
    row_keys: list[NDArray[np.int64]],
    start: NDArray[np.int64],
    stop: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Mask of the rows with an outcome of the row's key in ``start <= occurred < stop``.

    Two binary searches a row: a million rows have too many outcomes to join them all.
    """
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
