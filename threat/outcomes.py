"""What happened afterwards: occurrences of each rung of ``outcomes.csv``, and the label of a row.

A rule of a rung is met when all its kinds are on record within one incident, for one subject towards one person at
risk. A kind recorded in the incident without a subject, or without a person at risk, counts for every pair of it.

Who is attributed: the pair the events name. A victim who has no relationship with the subject on record (a child, a
relative, a new partner, an officer) counts, in a domestic incident, for the relationship of the same subject that the
incident also names; without one, for the pair as recorded. Suspected suicide and serious self-harm count for the person
at risk, in every relationship in which they are at risk.

When: an outcome lasts from ``occurred_at`` until just before ``end_at``, and is known from ``recorded_at`` on. A row's
label window holds an outcome by the rule of ``threat.asof.label_as_ofs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import DAY, NEVER, label_as_ofs, late_as_ofs, on_record, on_record_sql
from threat.history.relationships import Relationships
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.rungs import Rule, rules_of
from threat.vocabulary import kinds

COLUMNS = ["incident_id", "subject_id", "person_at_risk_id", "occurred_at", "end_at", "recorded_at"]


_TIMES = {"occurred_at": "min", "end_at": "max", "recorded_at": "min"}
"""How the times of several ways to meet a rung become those of one incident: first begun, last over, first known."""


class Occurrences(pd.DataFrame):
    """A data frame that remembers the relationships and the cut it was made with, so that ``label`` follows merges."""

    _metadata = ["relationships", "cut"]  # noqa: RUF012 (pandas reads this name)
    relationships: Relationships | None = None
    cut: int = NEVER

    @property
    def _constructor(self) -> type[Occurrences]:
        return Occurrences


def occurrences(
    snapshot: Snapshot, rung: str, recorded_before: int | None = None, lags: Mapping[str, int] | None = None
) -> pd.DataFrame:
    """Return the incidents that meet a rung, as known just before ``recorded_before`` (UTC seconds; None: all we hold).

    Columns, int64: ``incident_id``, ``subject_id`` and ``person_at_risk_id`` (NO_PERSON where unknown or, as subject of
    a Y5 row, not needed), ``occurred_at``, ``end_at`` and ``recorded_at``; sorted by occurred_at. One row per incident
    and relationship: an incident with two victims has two rows, and counting incidents means counting distinct
    ``incident_id``. Events withdrawn or corrected before the cut do not count. Parties are resolved through the merges
    known at the cut. Raises UsageError for an unknown rung.

    ``end_at`` is the first instant after the outcome: a second after a moment, the end of the day after an outcome that
    is known by its day alone, ``until`` of a course of conduct. ``recorded_at``: when the rule was first met on record;
    with ``lags`` (seconds by source system from a record until it reaches us), when it had reached us.

    An incident is domestic when one of its events is: flagged so, or with the flag left blank between a subject and a
    person at risk who stand as a relationship at the cut, known from when both are.

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
    [[50, 7, 8, 100, 101, 300]]
    """
    cut = NEVER if recorded_before is None else int(recorded_before)
    rules = rules_of(rung)
    relationships = snapshot.relationships
    standing = _standing_pairs(relationships, cut)
    kinds_of_rules = sorted({name for rule in rules for name in rule.all_of})
    events = _events(snapshot, kinds_of_rules, cut, lags or {})
    events["domestic_known"] = _domestic_known(events, standing, max((lags or {}).values(), default=0))
    parts = []
    by_pair = [rule for rule in rules if rule.attributed_to == "relationship"]
    if by_pair:
        met = _met(events, _pairs(events), by_pair)
        parts.append(_attributed(met, events, standing))
    by_person = [rule for rule in rules if rule.attributed_to == "person_at_risk"]
    if by_person:
        parts.append(_about_person_at_risk(events, by_person, standing))
    frame = pd.concat(parts, ignore_index=True)[COLUMNS].astype(np.int64)
    frame = frame.sort_values(["occurred_at", "incident_id", "subject_id", "person_at_risk_id"], kind="stable")
    out = Occurrences(frame.reset_index(drop=True))
    out.relationships, out.cut = relationships, cut
    return out


def label(occurrences: pd.DataFrame, rows: Rows, horizon_days: float) -> NDArray[np.uint8]:
    """Return 1 for each row with an occurrence of its relationship in the label window, else 0; uint8[n].

    With the frame that ``occurrences`` made, both sides are compared through the merges known at its cut; with a frame
    read back from a file, ids are compared as written.

    Person 7 harms person 8 on day 10, known by the day alone and on record from day 12. Five rows look two days ahead:

    >>> outcome = pd.DataFrame({"subject_id": [7], "person_at_risk_id": [8], "occurred_at": [10 * DAY],
    ...                         "end_at": [11 * DAY], "recorded_at": [12 * DAY]})
    >>> days = np.array([8, 9, 10.5, 11, 12.5])
    >>> rows = Rows(np.ones(5, np.int64), np.full(5, 7), np.full(5, 8), (days * DAY).astype(np.int64))
    >>> label(outcome, rows, horizon_days=2).tolist()  # day 10 is the end of the first window, and not in it
    [0, 1, 1, 0, 0]
    >>> unrecorded(outcome, rows).tolist()  # over by day 11, and on record to nobody until day 12
    [False, False, False, True, False]
    """
    occurred, end, recorded = (occurrences[name].to_numpy() for name in ("occurred_at", "end_at", "recorded_at"))
    first, last = label_as_ofs(occurred, end, recorded, horizon_days)
    return _any_in_span(occurrences, first, last, rows).astype(np.uint8)


def unrecorded(occurrences: pd.DataFrame, rows: Rows) -> NDArray[np.bool_]:
    """Mask of the rows whose relationship had an occurrence that was over by the as-of and not yet on record.

    Nobody could have known at the as-of, and nothing was left to foresee, so such a row is neither an example with the
    outcome nor an example without. Parties are compared as in ``label``.
    """
    occurred, end, recorded = (occurrences[name].to_numpy() for name in ("occurred_at", "end_at", "recorded_at"))
    first, last = late_as_ofs(occurred, end, recorded)
    return _any_in_span(occurrences, first, last, rows)


def _any_in_span(
    occurrences: pd.DataFrame, first: NDArray[np.int64], last: NDArray[np.int64], rows: Rows
) -> NDArray[np.bool_]:
    """Mask of the rows with an occurrence of the same parties and ``first <= as_of <= last``."""
    subject, at_risk = rows.subject, rows.at_risk
    relationships = getattr(occurrences, "relationships", None)
    if relationships is not None:
        at_cut = relationships.rows(rows.relationship_id, getattr(occurrences, "cut", NEVER))
        subject, at_risk = at_cut.subject, at_cut.at_risk
    outcome_subject = occurrences["subject_id"].to_numpy()
    outcome_at_risk = occurrences["person_at_risk_id"].to_numpy()
    of_pair, of_person = outcome_subject != NO_PERSON, outcome_subject == NO_PERSON
    pair_keys = [outcome_subject[of_pair], outcome_at_risk[of_pair]]
    hit = _any_covering(pair_keys, first[of_pair], last[of_pair], [subject, at_risk], rows.as_of)
    in_person = _any_covering([outcome_at_risk[of_person]], first[of_person], last[of_person], [at_risk], rows.as_of)
    return hit | (in_person & (at_risk != NO_PERSON))


def _standing_pairs(relationships: Relationships, cut: int) -> pd.DataFrame:
    """Return the pairs that stand as a relationship at the cut, resolved there: subject, at_risk, since (earliest)."""
    at_cut = relationships.rows(relationships.relationship_id, cut)
    pairs = pd.DataFrame({"subject": at_cut.subject, "at_risk": at_cut.at_risk, "since": relationships.recorded_at})
    return pairs[on_record(pairs["since"], cut)].groupby(["subject", "at_risk"], as_index=False).min()


def _events(snapshot: Snapshot, names: list[str], cut: int, lags: Mapping[str, int]) -> pd.DataFrame:
    """Read every event in force of the incidents that have one of these kinds, parties resolved at the cut.

    ``end_at``: first instant after the event. ``flagged``, ``blank``: what its domestic flag says. ``recorded_at``: as
    it reached us, with the lag of its source.
    """
    marks = ", ".join("?" for _ in names)
    table = snapshot.query(
        f"""
        WITH hidden AS (
            SELECT supersedes_event_id AS event_id, min(recorded_at) AS hidden_at
            FROM events WHERE supersedes_event_id IS NOT NULL AND {on_record_sql("recorded_at")} GROUP BY 1
        ), in_force AS (
            SELECT incident_id, subject_id, person_at_risk_id, person_id, kind, domestic, occurred_at, until,
                occurred_precision, recorded_at, source_system
            FROM events LEFT JOIN hidden USING (event_id)
            WHERE {on_record_sql("recorded_at")} AND hidden_at IS NULL AND kind <> 'withdrawn'
        ), wanted AS (SELECT DISTINCT incident_id FROM in_force WHERE kind IN ({marks}))
        SELECT incident_id, kind, occurred_at, recorded_at, source_system,
            coalesce(subject_id, {NO_PERSON}) AS subject, coalesce(person_at_risk_id, {NO_PERSON}) AS at_risk,
            coalesce(person_id, {NO_PERSON}) AS person,
            domestic = 'yes' AS flagged, domestic = 'unknown' AS blank,
            greatest(
                occurred_at + CASE WHEN occurred_precision = 'day' THEN {DAY} ELSE 1 END,
                CASE WHEN kind IN (SELECT unnest(?)) THEN coalesce(until, occurred_at) ELSE occurred_at END
            ) AS end_at
        FROM in_force SEMI JOIN wanted USING (incident_id)
        ORDER BY incident_id, occurred_at, recorded_at, kind
        """,
        [cut, cut, *names, [kind.name for kind in kinds().values() if kind.lasts == "course"]],
    )
    frame = table.to_pandas()
    for name in ("subject", "at_risk", "person"):
        frame[name] = snapshot.links.resolve(frame[name].to_numpy(np.int64), cut)
    if any(lags.values()):
        frame["recorded_at"] += frame["source_system"].map(lags).fillna(0).astype(np.int64)
    return frame


def _domestic_known(events: pd.DataFrame, standing: pd.DataFrame, lag: int) -> pd.Series:
    """Return when the incident of each event was first known to be domestic; NEVER where it is not.

    ``lag``: seconds until the record of a relationship reaches us.
    """
    since = events[["subject", "at_risk"]].merge(standing, on=["subject", "at_risk"], how="left")["since"]
    # A blank flag says nothing of a victim whom nobody knows, whatever else is on record of the subject.
    of_relationship = events["blank"].to_numpy() & since.notna().to_numpy() & (events["at_risk"] != NO_PERSON).to_numpy()
    recorded = events["recorded_at"].to_numpy()
    with_pair = np.maximum(recorded, since.fillna(0).to_numpy(np.int64) + lag)
    known = np.where(events["flagged"].to_numpy(), recorded, np.where(of_relationship, with_pair, NEVER))
    return pd.Series(known, index=events.index).groupby(events["incident_id"]).transform("min")


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
    """Return the groups of events, by ``key``, that meet a rule: when first begun, when over, when first known.

    A rule is known to be met when the last of its kinds is on record, and that the incident is domestic.
    """
    parts = []
    for rule in rules:
        candidates = events[events["kind"].isin(rule.all_of)]
        if rule.domestic:
            candidates = candidates[candidates["domestic_known"] < NEVER]
        by_kind = candidates.groupby([*key, "kind"], as_index=False).agg(
            occurred_at=("occurred_at", "min"),
            end_at=("end_at", "max"),
            recorded_at=("recorded_at", "min"),
            domestic=("domestic_known", "min"),
        )
        whole = by_kind.groupby(key, as_index=False).agg(
            n=("kind", "size"),
            occurred_at=("occurred_at", "min"),
            end_at=("end_at", "max"),
            recorded_at=("recorded_at", "max"),
            domestic=("domestic", "min"),
        )
        whole = whole[whole["n"] == len(rule.all_of)]
        if rule.domestic:
            whole["recorded_at"] = np.maximum(whole["recorded_at"], whole["domestic"])
        parts.append(whole[[*key, *_TIMES]])
    return pd.concat(parts, ignore_index=True).groupby(key, as_index=False).agg(_TIMES)


def _attributed(met: pd.DataFrame, events: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Move a victim without a relationship on record to the relationship the incident also names.

    The module's docstring says why; of several such relationships, to the one recorded first.
    """
    met = met.merge(standing, on=["subject", "at_risk"], how="left")
    corollary = met[met["since"].isna() & (met["at_risk"] != NO_PERSON)]
    if len(corollary):
        named = events.loc[events["subject"] != NO_PERSON, ["incident_id", "subject", "at_risk"]].drop_duplicates()
        named = named.merge(standing, on=["subject", "at_risk"]).sort_values(["since", "at_risk"], kind="stable")
        named = named.drop_duplicates(["incident_id", "subject"]).rename(columns={"at_risk": "instead"})
        met = met.merge(named[["incident_id", "subject", "instead"]], on=["incident_id", "subject"], how="left")
        moved = met["since"].isna() & met["instead"].notna() & (met["at_risk"] != NO_PERSON)
        met["at_risk"] = met["at_risk"].where(~moved, met["instead"]).astype(np.int64)
    met = met.groupby(["incident_id", "subject", "at_risk"], as_index=False).agg(_TIMES)
    return met.rename(columns={"subject": "subject_id", "at_risk": "person_at_risk_id"})


def _about_person_at_risk(events: pd.DataFrame, rules: list[Rule], standing: pd.DataFrame) -> pd.DataFrame:
    """Return what happened to persons at risk themselves, whoever is the subject; subject_id is NO_PERSON."""
    at_risk = standing["at_risk"]
    events = events[events["person"].isin(at_risk[at_risk != NO_PERSON])]
    met = _rules_met(events, ["incident_id", "person"], rules)
    met["subject_id"] = NO_PERSON
    return met.rename(columns={"person": "person_at_risk_id"})


def _any_covering(
    outcome_keys: list[NDArray[np.int64]],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    row_keys: list[NDArray[np.int64]],
    as_of: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Mask of the rows with an outcome of the row's key and ``first <= as_of <= last``; spans may be empty.

    Two binary searches a row: a million rows have too many outcomes to join them all.
    """
    kept = first <= last
    outcome_keys, first, last = [key[kept] for key in outcome_keys], first[kept], last[kept]
    n = len(first)
    if n == 0 or len(as_of) == 0:
        return np.zeros(len(as_of), dtype=bool)
    both: Any = np.stack([np.concatenate(pair) for pair in zip(outcome_keys, row_keys, strict=True)], axis=1)
    _, codes = np.unique(both, axis=0, return_inverse=True)
    codes = codes.reshape(-1)
    # One sorted scale: the key's rank first, then seconds; both fit 63 bits together.
    low = min(int(first.min()), int(as_of.min()))
    width = max(int(last.max()), int(as_of.max())) - low + 2
    begun = np.sort(codes[:n] * width + (first - low))
    over = np.sort(codes[:n] * width + (last - low))
    at = codes[n:] * width + (as_of - low)
    # Of the spans of a key, those that have begun less those that are over; earlier keys count in both alike.
    return np.searchsorted(begun, at, side="right") > np.searchsorted(over, at, side="left")
