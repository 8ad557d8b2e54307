"""The standard shape: files that already say what the tables say, with the source's own references for ids.

Nothing is added to what the source says: a person without a row is a person, and which pairs are relationships is
derived when read (``threat.history.relationships``). An event without a reference is known by its content and its
ordinal among equal rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from threat.history.intake.corrections import WHOLE
from threat.history.intake.frames import Frames, ids, ordinals
from threat.history.intake.incidents import calendar_days, formed_incidents, incident_days
from threat.history.intake.profile import Profile
from threat.history.intake.sheet import Sheet
from threat.history.intake.sources.standard_csv.coded import WRITTEN, read_texts, with_markers
from threat.history.intake.undated_deaths import is_undated, keep_undated_deaths
from threat.history.sightings import NO_PERSON
from threat.history.snapshot import Snapshot
from threat.vocabulary import kinds, themes

_NO_CONTENT = {
    *("event", "from_file", "from_row", "recorded_at", "recorded_precision", "occurred_precision"),
    *("subject_id", "person_at_risk_id", "person_id", "marked_by_theme", "delivery"),
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
        if profile.code_map:
            read_texts(sheets["events"], profile.code_map)
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
        if profile.code_map:
            out["events"] = with_markers(out["events"], profile.code_map, snapshot)
    if "relationships" in rows:
        out["relationships"] = _relationships(rows["relationships"], profile)
    if "persons" in rows:
        out["persons"] = _persons(rows["persons"], profile)
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
    wrong = has_code & text.isin(list(kinds())) & ~text.isin(free) & ~pairs.isin(allowed)
    sheet.reject(wrong, "unknown_code", "code of " + text + ": " + frame["code"].fillna("").astype("str"))
    withdrawn = text == "withdrawn"
    nobody = frame["subject"].isna() & frame["person_at_risk"].isna() & frame["person"].isna() & ~withdrawn
    sheet.reject(nobody, "names_nobody", text)
    keep_undated_deaths(sheet)
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
    written = WRITTEN if WRITTEN["kind"] in rows else {}
    names = [name for name in rows.columns if name not in {*_NO_CONTENT, *written.values()}]
    # A death without a date stands at its recording, which is no content of it.
    undated = is_undated(rows)
    stated = rows.assign(occurred_at=rows["occurred_at"].mask(undated))
    content = [stated[written.get(name, name)] for name in names]
    # Equal rows are counted among those without a reference only, so that a row with one may come or go; and from the
    # one recorded first on, so that no order of rows counts.
    in_time = rows["recorded_at"].argsort(kind="stable").to_numpy()
    ordinal = np.empty(len(rows), dtype=np.int64)
    # Rows of before that are tried again are counted load by load, as they were when they came.
    alike = [rows["event"], *content, *(rows[name] for name in ("delivery",) if name in rows)]
    ordinal[in_time] = ordinals(*(column.iloc[in_time] for column in alike))
    # The first field must never be null: it says which rows have an id at all.
    by_content = ids("event row", source, *content, ordinal=ordinal)
    rows["event_id"] = _event_ids(rows["event"], profile).fillna(by_content)
    rows["record_id"] = ids("record", rows["record"], source).fillna(rows["event_id"])
    days = incident_days(stated["occurred_at"], stated["occurred_precision"], profile.zone)
    formed = formed_incidents(stated, source, days).where(rows["incident"].isna())
    # What a version of before formed, which a store may hold: for the comparison with it alone.
    by_calendar_day = formed_incidents(stated, source, calendar_days(stated["occurred_at"], profile.zone))
    rows["incident_of_before"] = by_calendar_day.where(formed.notna())
    rows["incident_id"] = ids("incident", rows["incident"], source).fillna(formed).fillna(rows["record_id"])
    rows["supersedes_event_id"] = _event_ids(rows["supersedes"], profile)
    whole = (rows["kind"] == "withdrawn") & rows["supersedes"].isna()
    rows["code"] = rows["code"].mask(whole, np.where(rows["record"].notna(), *WHOLE))
    rows["source_system"] = rows["source_system"].fillna(profile.source_system)
    rows["source_id"] = rows["event"]
    return rows.drop(columns=["event", "subject", "person_at_risk", "person"])


def _relationships(rows: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    named = ids("relationship", rows["relationship"], _constant(profile.source_system, rows))
    # A row without a reference is the only one of its pair.
    pair = ids("relationship", rows["subject_id"], rows["person_at_risk_id"].fillna(NO_PERSON))
    return rows.assign(relationship_id=named.fillna(pair)).drop(columns=["relationship", "subject", "person_at_risk"])


def _persons(given: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    return given.assign(person_id=_person_ids(given["person"], profile)).drop(columns="person")
