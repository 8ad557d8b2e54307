"""The standard shape: files that already say what the tables say, with the source's own references for ids.

A person first named by an event or a relationship is added with that time. A pair named by a domestic event without a
relationship on record (or with withdrawn ones only) gets one, of kind unknown, from that event's recording on: a
severe first event must not be outside every relationship. An event without a reference is known by its content and
its ordinal among equal rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from threat.asof import NEVER
from threat.history.intake.corrections import WHOLE
from threat.history.intake.frames import Frames, ids, ordinals
from threat.history.intake.incidents import formed_incidents
from threat.history.intake.profile import Profile
from threat.history.intake.sheet import Sheet
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.vocabulary import kinds, themes

_NO_CONTENT = {
    *("event", "from_file", "from_row", "recorded_at", "recorded_precision", "occurred_precision"),
    *("subject_id", "person_at_risk_id", "person_id", "marked_by_theme"),
}
"""Columns that do not say which fact a row without a reference is: a nightly extract stamps it with another time."""

_OURS = {"relationship_recorded"}
"""Kinds that are derived from other rows when read, so that no source sends them."""

_PERSON_COLUMNS = {
    "events": ("subject", "person_at_risk", "person"),
    "relationships": ("subject", "person_at_risk"),
    "person_links": ("source_person", "person"),
}


def shape(sheets: dict[str, Sheet], profile: Profile, snapshot: Snapshot) -> Frames:
    """Return the tables; reject rows that break a rule of the history."""
    out: Frames = {}
    if "events" in sheets:
        _check_events(sheets["events"], profile, snapshot)
    rows = {name: _good(sheet) for name, sheet in sheets.items()}
    for name, columns in _PERSON_COLUMNS.items():
        for column in columns if name in rows else ():
            rows[name][f"{column}_id"] = _person_ids(rows[name][column], profile)
    for name in ("identities", "protected"):
        if name in rows:
            out[name] = rows[name].assign(person_id=_person_ids(rows[name]["person"], profile))
    if "person_links" in rows:
        out["person_links"] = rows["person_links"]
    if "events" in rows:
        out["events"] = _events(rows["events"], profile)
    relationships = [_relationships(rows["relationships"], profile)] if "relationships" in rows else []
    if "events" in out:
        relationships.append(_missing_relationships(out["events"], relationships, snapshot))
    if relationships:
        out["relationships"] = pd.concat(relationships, ignore_index=True)
    out["persons"] = _persons(rows, profile)
    return out


def _good(sheet: Sheet) -> pd.DataFrame:
    rows = sheet.frame[sheet.good].assign(from_file=sheet.file.name, from_row=np.flatnonzero(sheet.good))
    return rows.reset_index(drop=True)


def _constant(text: str, like: Any) -> pd.Series[Any]:
    return pd.Series([text] * len(like), dtype="str")


def _person_ids(references: pd.Series[Any], profile: Profile) -> pd.Series[Any]:
    return ids("person", references, _constant(profile.source_system, references))


def _event_ids(references: pd.Series[Any], profile: Profile) -> pd.Series[Any]:
    return ids("event", references, _constant(profile.source_system, references))


def _check_events(sheet: Sheet, profile: Profile, snapshot: Snapshot) -> None:
    frame = sheet.frame
    text = frame["kind"].fillna("").astype("str")
    sheet.reject(~text.isin([*kinds()]) | text.isin(_OURS), "unknown_code", "kind: " + text)
    has_code = frame["code"].notna()
    allowed = {(kind.name, code) for kind in kinds().values() for code in kind.codes}
    free = {kind.name for kind in kinds().values() if not kind.codes}
    pairs = pd.Series(list(zip(text, frame["code"].fillna(""), strict=True)), index=frame.index, dtype=object)
    wrong = has_code & ~text.isin(free) & ~pairs.isin(allowed)
    sheet.reject(wrong, "unknown_code", "code of " + text + ": " + frame["code"].fillna("").astype("str"))
    withdrawn = text == "withdrawn"
    nobody = frame["subject"].isna() & frame["person_at_risk"].isna() & frame["person"].isna() & ~withdrawn
    sheet.reject(nobody, "names_nobody", text)
    ahead = text.isin([kind.name for kind in kinds().values() if kind.known_in_advance])
    early = (frame["occurred_at"] > frame["recorded_at"]).fillna(False) & ~ahead
    sheet.reject(early, "impossible_date", text + ": occurred_at lies after recorded_at")
    short = (frame["until"] < frame["occurred_at"]).fillna(False)
    sheet.reject(short, "impossible_date", text + ": until lies before occurred_at")
    names_none = frame["supersedes"].isna() & frame["record"].isna() & frame["incident"].isna()
    sheet.reject(withdrawn & names_none, "missing_value", "supersedes, or else record or incident")
    about_two = text.isin([kind.name for kind in kinds().values() if kind.about == "relationship"])
    same = about_two & (frame["subject"] == frame["person_at_risk"]).fillna(False)
    sheet.reject(same, "same_person", text + ": " + frame["subject"].fillna("").astype("str"))


def _events(rows: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    rows = rows.copy()
    source = _constant(profile.source_system, rows)
    # The unit's own work is proactive by what it is: being watched must not keep anybody on a list.
    rows["marked_by_theme"] = rows["kind"].isin(themes()["unit"]) & ~rows["proactive"].fillna(False).astype(bool)
    rows["proactive"] |= rows["marked_by_theme"]
    content = [rows[name] for name in rows.columns if name not in _NO_CONTENT]
    # Equal rows are counted among those without a reference only, so that a row with one may come or go; and from the
    # one recorded first on, so that no order of rows counts.
    in_time = rows["recorded_at"].argsort(kind="stable").to_numpy()
    ordinal = np.empty(len(rows), dtype=np.int64)
    ordinal[in_time] = ordinals(rows["event"].iloc[in_time], *(column.iloc[in_time] for column in content))
    # The first field must never be null: it says which rows have an id at all.
    by_content = ids("event row", source, *content, ordinal=ordinal)
    rows["event_id"] = _event_ids(rows["event"], profile).fillna(by_content)
    rows["record_id"] = ids("record", rows["record"], source).fillna(rows["event_id"])
    formed = formed_incidents(rows, source, profile.zone).where(rows["incident"].isna())
    rows["incident_formed"] = formed.notna()
    rows["incident_id"] = ids("incident", rows["incident"], source).fillna(formed).fillna(rows["record_id"])
    rows["supersedes_event_id"] = _event_ids(rows["supersedes"], profile)
    whole = (rows["kind"] == "withdrawn") & rows["supersedes"].isna()
    rows["code"] = rows["code"].mask(whole, np.where(rows["record"].notna(), *WHOLE))
    rows["source_system"] = rows["source_system"].fillna(profile.source_system)
    rows["source_id"] = rows["event"]
    return rows.drop(columns=["event", "subject", "person_at_risk", "person"])


def _relationships(rows: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    named = ids("relationship", rows["relationship"], _constant(profile.source_system, rows))
    pair = _pair_ids(rows["subject_id"], rows["person_at_risk_id"])
    return rows.assign(relationship_id=named.fillna(pair)).drop(columns=["relationship", "subject", "person_at_risk"])


def _pair_ids(subject: pd.Series[Any], at_risk: pd.Series[Any], ordinal: Any = None) -> pd.Series[Any]:
    whom = at_risk.fillna(NO_PERSON).reset_index(drop=True)
    return ids("relationship", subject.reset_index(drop=True), whom, ordinal=ordinal)


def _missing_relationships(events: pd.DataFrame, given: list[pd.DataFrame], snapshot: Snapshot) -> pd.DataFrame:
    domestic = events[(events["domestic"] == "yes") & events["subject_id"].notna()]
    domestic = domestic.sort_values("recorded_at", kind="stable").reset_index(drop=True)
    pairs = list(zip(domestic["subject_id"], domestic["person_at_risk_id"].fillna(NO_PERSON), strict=True))
    ends = _ends(set(pairs), given, snapshot)
    # Recorded once every relationship of the two was withdrawn: as-ofs after it see none.
    outside = [
        at >= max(ends[pair].values(), default=at) for at, pair in zip(domestic["recorded_at"], pairs, strict=True)
    ]
    first = domestic.assign(before=np.array([len(ends[pair]) for pair in pairs], dtype=np.int64))[
        np.array(outside, dtype=bool)
    ]
    first = first.drop_duplicates(["subject_id", "person_at_risk_id"]).reset_index(drop=True)
    return pd.DataFrame(
        {
            "relationship_id": _pair_ids(first["subject_id"], first["person_at_risk_id"], first["before"]),
            "recorded_at": first["recorded_at"],
            "subject_id": first["subject_id"],
            "person_at_risk_id": first["person_at_risk_id"],
            "kind": "unknown",
            "from_file": first["from_file"],
            "from_row": first["from_row"],
        }
    )


def _ends(
    pairs: set[tuple[int, int]], given: list[pd.DataFrame], snapshot: Snapshot
) -> dict[tuple[int, int], dict[int, int]]:
    """Map each pair to its relationships, of the history or of this export, and when each was withdrawn.

    NEVER: the relationship is in force.
    """
    existing = snapshot.relationships
    rows: list[tuple[Any, ...]] = [
        (existing.relationship_id, existing.subject_id, existing.person_at_risk_id, existing.withdrawn_at)
    ]
    rows += [
        (
            frame["relationship_id"],
            frame["subject_id"],
            frame["person_at_risk_id"].fillna(NO_PERSON),
            frame["withdrawn_at"].fillna(NEVER),
        )
        for frame in given
    ]
    out: dict[tuple[int, int], dict[int, int]] = {pair: {} for pair in pairs}
    for columns in rows:
        for relationship, subject, at_risk, end in zip(*(column.tolist() for column in columns), strict=True):
            if (subject, at_risk) in out:
                of_pair = out[subject, at_risk]
                of_pair[relationship] = min(end, of_pair.get(relationship, NEVER))
    return out


def _persons(rows: dict[str, pd.DataFrame], profile: Profile) -> pd.DataFrame:
    parts = []
    if "persons" in rows:
        given = rows["persons"]
        parts.append(given.assign(person_id=_person_ids(given["person"], profile), rank=0).drop(columns="person"))
    for name, columns in _PERSON_COLUMNS.items():
        for column in columns if name in rows else ():
            named = rows[name][rows[name][f"{column}_id"].notna()]
            parts.append(
                pd.DataFrame(
                    {
                        "person_id": named[f"{column}_id"],
                        "kind": "person",
                        "recorded_at": named["recorded_at"],
                        "from_file": named["from_file"],
                        "from_row": named["from_row"],
                        "rank": 1,
                    }
                )
            )
    if not parts:
        return pd.DataFrame({"person_id": [], "kind": [], "recorded_at": [], "from_file": [], "from_row": []})
    persons = pd.concat(parts, ignore_index=True)
    persons["recorded_at"] = persons["recorded_at"].fillna(NEVER)
    # The source's own row of a person comes before the row inferred from a reference to that person.
    persons = persons.sort_values(["rank", "recorded_at"], kind="stable").drop_duplicates("person_id")
    return persons.drop(columns="rank")
