"""Events whose kind is a free text of the source, which the code map of the profile reads.

A text is a record: its kind, code and domestic flag, and the further kinds that the text proves (markers) as events of
the same record. What a row says itself counts before the map: its own domestic flag, and its own code where the map
has none. An event of a kind without codes keeps the text as its code, for the reviewer.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from threat.history.intake.codes import CodeMap, Meaning
from threat.history.intake.frames import ids
from threat.history.intake.sheet import Sheet
from threat.history.snapshot import Snapshot
from threat.vocabulary import kinds

WRITTEN = {name: f"{name}_as_written" for name in ("kind", "code", "domestic")}
"""Columns that a code map changes, and where the text of the source is kept: ids are made of what the source wrote."""


def read_texts(sheet: Sheet, code_map: CodeMap) -> None:
    """Replace the texts of ``kind`` by the kind, code and domestic flag that they mean; quarantine the others.

    Does nothing the second time: a sheet is shaped again when a row of it is rejected.
    """
    frame = sheet.frame
    if WRITTEN["kind"] in frame:
        return
    for name, written in WRITTEN.items():
        frame[written] = frame[name]
    texts = frame["kind"]
    meanings = {text: code_map.of(text) for text in texts.dropna().unique()}
    reasons = texts.map({text: reason for text, reason in meanings.items() if isinstance(reason, str)})
    reasons = reasons.astype("str").fillna("")
    sheet.reject(reasons != "", reasons.to_numpy(), "kind: " + texts.fillna(""))
    coded = {text: meaning for text, meaning in meanings.items() if isinstance(meaning, Meaning)}
    frame["kind"] = _mapped(texts, {text: meaning.kinds[0][0] for text, meaning in coded.items()})
    code = _mapped(texts, {text: meaning.kinds[0][1] for text, meaning in coded.items()}).fillna(frame["code"])
    frame["code"] = code.where(code.notna() | ~frame["kind"].isin(_free()), texts)
    unflagged = frame["domestic"].isin(["unknown"])
    flags = _mapped(texts, {text: meaning.domestic for text, meaning in coded.items()}).fillna("unknown")
    frame["domestic"] = frame["domestic"].where(~unflagged, flags)


def _mapped(texts: pd.Series[Any], words: dict[str, Any]) -> pd.Series[Any]:
    return texts.map({text: word for text, word in words.items() if word is not None}).astype("str")


def _free() -> list[str]:
    """Return the kinds that have no codes of their own."""
    return [kind.name for kind in kinds().values() if not kind.codes]


def with_markers(events: pd.DataFrame, code_map: CodeMap, snapshot: Snapshot) -> pd.DataFrame:
    """Return the events and, of each, the further kinds that its text proves as events of the same record.

    A correction replaces the markers of the row that it corrects: those that the new text proves as well are corrected,
    the others withdrawn.
    """
    markers = _markers(events, code_map)
    correcting = events[events["supersedes_event_id"].notna()].reset_index(drop=True)
    if not len(correcting):
        return pd.concat([events, markers], ignore_index=True) if len(markers) else events
    existing = snapshot.table("events", ["event_id"]).column("event_id").to_numpy()
    existing = np.concatenate([existing, markers["event_id"].to_numpy(np.int64)])
    withdrawals = []
    for kind in sorted({kind for _, meaning in code_map.rules if meaning for kind, _ in meaning.kinds[1:]}):
        targets = _marker_ids(correcting["supersedes_event_id"], kind)
        proved = _marker_ids(correcting["event_id"], kind)
        is_there = np.isin(targets.to_numpy(np.int64), existing)
        still = proved.isin(markers["event_id"]).to_numpy()
        corrected = dict(zip(proved[is_there & still], targets[is_there & still], strict=True))
        # Not ``map``: with a gap it would make floats of the ids, which do not hold 63 bits.
        new_targets = pd.Series([corrected.get(each) for each in markers["event_id"]], markers.index, dtype="Int64")
        markers["supersedes_event_id"] = new_targets.fillna(markers["supersedes_event_id"])
        gone = correcting[is_there & ~still]
        withdrawals.append(
            _without_parties(gone).assign(
                event_id=_marker_ids(gone["event_id"], f"withdrawn {kind}"),
                kind="withdrawn",
                supersedes_event_id=targets[is_there & ~still].reset_index(drop=True),
            )
        )
    return pd.concat([events, markers, *(rows for rows in withdrawals if len(rows))], ignore_index=True)


def _markers(events: pd.DataFrame, code_map: CodeMap) -> pd.DataFrame:
    """Return an event per further kind of each row's text; of a kind about one person, about the subject."""
    texts = events[WRITTEN["kind"]]
    pairs = [
        {WRITTEN["kind"]: text, "marker": kind, "marker_code": text if kind in _free() else code}
        for text in texts.unique()
        if isinstance(meaning := code_map.of(text), Meaning)
        for kind, code in meaning.kinds[1:]
    ]
    proved = pd.DataFrame(pairs, columns=[WRITTEN["kind"], "marker", "marker_code"])
    rows = events.merge(proved.astype("str"), on=WRITTEN["kind"], how="inner")
    about_person = rows["marker"].isin([kind.name for kind in kinds().values() if kind.about == "person"])
    moved = about_person & rows["person_id"].isna() & rows["subject_id"].notna()
    rows["person_id"] = rows["person_id"].where(~moved, rows["subject_id"])
    for name in ("subject_id", "person_at_risk_id"):
        rows[name] = rows[name].mask(moved)
    rows["event_id"] = ids("event", rows["event_id"], rows["marker"])
    none = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    return rows.assign(
        kind=rows["marker"],
        code=rows["marker_code"],
        value=none.astype("Float64"),
        until=none,
        supersedes_event_id=none,
    ).drop(columns=["marker", "marker_code"])


def _marker_ids(event_ids: pd.Series[Any], kind: str) -> pd.Series[Any]:
    event_ids = event_ids.reset_index(drop=True)
    return ids("event", event_ids, pd.Series([kind] * len(event_ids), dtype="str"))


def _without_parties(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows that name nobody, as a withdrawal of a row may: whom its target names is on the target."""
    none = pd.Series(pd.NA, index=pd.RangeIndex(len(rows)), dtype="Int64")
    names = ("subject_id", "person_at_risk_id", "person_id", "until")
    empty = dict.fromkeys(names, none) | {"code": none.astype("str"), "value": none.astype("Float64")}
    return rows.reset_index(drop=True).assign(**empty, domestic="unknown")
