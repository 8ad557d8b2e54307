"""What happened afterwards: occurrences of each rung of ``outcomes.csv``, and the label of a row.

A rule of a rung is met when all its kinds are on record within one incident, for one subject towards one person at
risk. A kind recorded in the incident without a subject, or without a person at risk, counts for every pair of it.

Who is attributed: the pair the events name. A victim who has no relationship with the subject on record (a child, a
relative, a new partner, an officer) counts, in a domestic incident, for the relationship of the same subject that the
incident also names; without one, for the pair as recorded. Suspected suicide and serious self-harm count for the person
at risk, in every relationship in which they are at risk.

When: an outcome lasts from ``occurred_at`` until just before ``end_at``, and is known from ``recorded_at`` on. A row's
label window holds an outcome by the rule of ``threat.asof_labels.label_as_ofs``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.asof import NEVER
from threat.asof_labels import label_as_ofs, late_as_ofs
from threat.history.relationships import Relationships
from threat.history.sightings import NO_PERSON, Rows
from threat.history.snapshot import Snapshot
from threat.incidents import TIMES, events_of_incidents, groups_that_meet, pairs_named, pairs_that_meet, standing_pairs
from threat.rungs import Rule, rules_of

COLUMNS = ["incident_id", "subject_id", "person_at_risk_id", "occurred_at", "end_at", "recorded_at"]


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
    standing = standing_pairs(relationships, cut)
    kinds_of_rules = sorted({name for rule in rules for name in rule.all_of})
    events = events_of_incidents(snapshot, kinds_of_rules, cut, standing, lags or {})
    parts = []
    by_pair = [rule for rule in rules if rule.attributed_to == "relationship"]
    if by_pair:
        met = pairs_that_meet(events, pairs_named(events), by_pair)
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

    >>> from threat.asof import DAY
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


def _attributed(met: pd.DataFrame, events: pd.DataFrame, standing: pd.DataFrame) -> pd.DataFrame:
    """Move a victim without a relationship on record to the relationship the incident also names.

    The module's docstring says why; of several such relationships, to the one that stood first, and to each of those
    that first stood in the same second: no number that a source gives its rows decides.
    """
    met = met.merge(standing, on=["subject", "at_risk"], how="left")
    corollary = met[met["since"].isna() & (met["at_risk"] != NO_PERSON)]
    if len(corollary):
        named = events.loc[events["subject"] != NO_PERSON, ["incident_id", "subject", "at_risk"]].drop_duplicates()
        named = named.merge(standing, on=["subject", "at_risk"]).rename(columns={"at_risk": "instead"})
        # A merge that made both parties one person leaves no relationship that could have an outcome.
        named = named[named["subject"] != named["instead"]]
        named = named[named["since"] == named.groupby(["incident_id", "subject"])["since"].transform("min")]
        # Nullable: next to a pair that has none, plain integers would become float64, and 63-bit ids lose ten bits.
        named = named[["incident_id", "subject", "instead"]].astype({"instead": "Int64"})
        met = met.merge(named, on=["incident_id", "subject"], how="left")
        moved = met["since"].isna() & met["instead"].notna() & (met["at_risk"] != NO_PERSON)
        met["at_risk"] = np.where(moved, met["instead"].fillna(NO_PERSON).to_numpy(np.int64), met["at_risk"])
    met = met.groupby(["incident_id", "subject", "at_risk"], as_index=False).agg(TIMES)
    return met.rename(columns={"subject": "subject_id", "at_risk": "person_at_risk_id"})


def _about_person_at_risk(events: pd.DataFrame, rules: list[Rule], standing: pd.DataFrame) -> pd.DataFrame:
    """Return what happened to persons at risk themselves, whoever is the subject; subject_id is NO_PERSON."""
    at_risk = standing["at_risk"]
    events = events[events["person"].isin(at_risk[at_risk != NO_PERSON])]
    met = groups_that_meet(events, ["incident_id", "person"], rules)
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
    n, hit = len(first), np.zeros(len(as_of), dtype=bool)
    # Few rows share the last part of a key with any outcome: the others need no sorting.
    some = np.flatnonzero(np.isin(row_keys[-1], outcome_keys[-1]))
    if n == 0 or len(some) == 0:
        return hit
    row_keys, as_of = [key[some] for key in row_keys], as_of[some]
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
    hit[some] = np.searchsorted(begun, at, side="right") > np.searchsorted(over, at, side="left")
    return hit
