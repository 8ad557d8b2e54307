"""The meaning of jail bookings and charges.

- A charge is one or more events (its kind and the markers its text proves), at the booking's time, known when that
  charge was first seen. One booking is one incident: the roster does not say which charges belong together.
- Custody opens with the booking, known when the booking was first seen. That it ended is known at the first roster on
  which the booking is no longer in force: the next time anything in the files was seen after ``last_seen_at``. Then a
  correction of the custody row with ``until``, and a release, are recorded; both say ``last_seen_at``, the last
  instant custody is known of.
- A subject has one relationship, with an unknown person at risk, from the moment the first domestic charge was seen.
- Gender and race, as the jail observed them, go to ``protected`` and nowhere else.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from threat.history.intake.codes import Meaning
from threat.history.intake.frames import Frames, ids, ordinals
from threat.history.intake.plausible import has_impossible_age
from threat.history.intake.profile import Profile
from threat.history.intake.sheet import Sheet
from threat.history.snapshot import Snapshot
from threat.vocabulary import kinds


def shape(sheets: dict[str, Sheet], profile: Profile, snapshot: Snapshot) -> Frames:
    """Return the tables; reject rows whose charge has no meaning or whose booking is missing. Looks at no snapshot."""
    bookings, charges = sheets["bookings"], sheets["charges"]
    _check(bookings, charges, profile)
    booked = bookings.frame[bookings.good].assign(from_row=np.flatnonzero(bookings.good)).reset_index(drop=True)
    source = pd.Series([profile.source_system] * len(booked))
    booked["person_id"] = ids("person", booked["person"], source).astype("int64")
    booked["incident_id"] = ids("incident", booked["booking"], source)
    events = pd.concat(
        [_charges(charges, booked, profile), _custody(bookings, charges, booked, profile)], ignore_index=True
    )
    persons = booked.sort_values("first_seen_at", kind="stable").drop_duplicates("person_id")
    # A band of 1900 is this source's "not known". The booking is real, and is not lost for it.
    impossible = has_impossible_age(persons["birth_year"], persons["first_seen_at"])
    if impossible.any():
        bookings.notices.append(f"{int(impossible.sum()):,} birth years nobody can have are read as not recorded.")
    return {
        "persons": pd.DataFrame(
            {
                "person_id": persons["person_id"],
                "kind": "person",
                "birth_year": persons["birth_year"].mask(impossible),
                "recorded_at": persons["first_seen_at"],
                "from_file": "bookings",
                "from_row": persons["from_row"],
            }
        ),
        "protected": _protected(booked, profile),
        "relationships": _relationships(events),
        "events": events,
    }


def _check(bookings: Sheet, charges: Sheet, profile: Profile) -> None:
    frame = bookings.frame
    late = (frame["booking_at"] > frame["first_seen_at"]).fillna(False)
    bookings.reject(late, "impossible_date", "booking_at lies after first_seen_at")
    gone = (frame["last_seen_at"] < frame["first_seen_at"]).fillna(False)
    bookings.reject(gone, "impossible_date", "last_seen_at lies before first_seen_at")
    meanings = _meanings(charges, profile)
    reasons = charges.frame["charge"].map(lambda text: meanings[text] if isinstance(meanings.get(text), str) else "")
    charges.reject(
        reasons.fillna("") != "", reasons.fillna("").to_numpy(), "charge: " + charges.frame["charge"].fillna("")
    )
    of_a_booking = charges.frame["booking"].isin(set(frame.loc[bookings.good, "booking"])).to_numpy()
    charges.reject(~of_a_booking, "unknown_reference", "booking_id: " + charges.frame["booking"].fillna(""))
    booked = charges.frame["booking"].map(frame[bookings.good].set_index("booking")["booking_at"])
    early = (charges.frame["first_seen_at"] < booked).fillna(False)
    charges.reject(early, "impossible_date", "first_seen_at lies before the booking")


def _meanings(charges: Sheet, profile: Profile) -> dict[Any, Meaning | str]:
    assert profile.code_map is not None
    return {text: profile.code_map.of(text) for text in charges.frame["charge"].dropna().unique()}


def _charges(charges: Sheet, bookings: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    rows = charges.frame[charges.good].assign(from_row=np.flatnonzero(charges.good)).reset_index(drop=True)
    rows["ordinal"] = ordinals(rows["booking"], rows["charge"], rows["level"], rows["count"], rows["first_seen_at"])
    rows = rows.merge(bookings[["booking", "person_id", "incident_id", "booking_at"]], on="booking")
    rows["record_id"] = ids(
        "record",
        rows["booking"],
        rows["charge"],
        rows["level"],
        rows["count"],
        rows["first_seen_at"],
        pd.Series([profile.source_system] * len(rows)),
        ordinal=rows["ordinal"],
    )
    meanings = {text: meaning for text, meaning in _meanings(charges, profile).items() if isinstance(meaning, Meaning)}
    events_of_charge = pd.DataFrame(
        [
            {
                "charge": text,
                "slot": "record" if i == 0 else kind,
                "kind": kind,
                "code": code,
                "domestic": meaning.domestic,
            }
            for text, meaning in meanings.items()
            for i, (kind, code) in enumerate(meaning.kinds)
        ],
        columns=["charge", "slot", "kind", "code", "domestic"],
    )
    rows = rows.merge(events_of_charge.astype({"charge": "str"}), on="charge", how="inner")
    pair = rows["kind"].map(lambda name: kinds()[name].about == "relationship").to_numpy(dtype=bool)
    # A kind with codes of its own takes only those; a kind without keeps the text of the charge, for the reviewer.
    free = rows["kind"].map(lambda name: not kinds()[name].codes).to_numpy(dtype=bool)
    return _events(
        profile,
        event_id=ids("event", rows["record_id"], rows["slot"]),
        record_id=rows["record_id"],
        incident_id=rows["incident_id"],
        subject_id=rows["person_id"].astype("Int64").where(pair),
        person_id=rows["person_id"].astype("Int64").where(~pair),
        kind=rows["kind"],
        code=rows["code"].where(~free, rows["charge"]),
        occurred_at=rows["booking_at"],
        recorded_at=rows["first_seen_at"],
        domestic=rows["domestic"],
        source_id=rows["booking"],
        from_file="charges",
        from_row=rows["from_row"],
    )


def _custody(bookings: Sheet, charges: Sheet, booked: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    rosters = np.unique(
        np.concatenate(
            [
                bookings.frame.loc[bookings.good, "first_seen_at"].to_numpy(np.int64),
                bookings.frame.loc[bookings.good, "last_seen_at"].dropna().to_numpy(np.int64),
                charges.frame.loc[charges.good, "first_seen_at"].to_numpy(np.int64),
            ]
        )
    )
    last = booked["last_seen_at"].fillna(0).to_numpy(np.int64)
    after = np.searchsorted(rosters, last, side="right")
    gone = booked["last_seen_at"].notna().to_numpy() & (after < len(rosters))
    closed = (
        booked[gone].assign(known_at=rosters[np.minimum(after, max(len(rosters) - 1, 0))][gone]).reset_index(drop=True)
    )

    def event_ids(rows: pd.DataFrame, slot: str) -> pd.Series[Any]:
        return ids("event", rows["incident_id"], pd.Series([slot] * len(rows)))

    def record_ids(rows: pd.DataFrame) -> pd.Series[Any]:
        return ids("record", rows["incident_id"], pd.Series(["custody"] * len(rows)))

    shared = {"domestic": "unknown", "from_file": "bookings"}
    parts = [
        _events(
            profile,
            event_id=event_ids(booked, "custody"),
            record_id=record_ids(booked),
            incident_id=booked["incident_id"],
            person_id=booked["person_id"],
            kind="custody",
            code="police",
            occurred_at=booked["booking_at"],
            recorded_at=booked["first_seen_at"],
            source_id=booked["booking"],
            from_row=booked["from_row"],
            **shared,
        )
    ]
    for kind, slot in (("custody", "custody_ended"), ("release", "release")):
        ended = kind == "custody"
        parts.append(
            _events(
                profile,
                event_id=event_ids(closed, slot),
                record_id=record_ids(closed),
                incident_id=closed["incident_id"],
                person_id=closed["person_id"],
                supersedes_event_id=event_ids(closed, "custody") if ended else None,
                kind=kind,
                code="police" if ended else None,
                occurred_at=closed["booking_at"] if ended else closed["last_seen_at"],
                until=closed["last_seen_at"] if ended else None,
                recorded_at=closed["known_at"],
                source_id=closed["booking"],
                from_row=closed["from_row"],
                **shared,
            )
        )
    return pd.concat(parts, ignore_index=True)


def _events(profile: Profile, **columns: Any) -> pd.DataFrame:
    """Return an events frame of columns of equal length and constants."""
    empty = {
        "supersedes_event_id": None,
        "subject_id": None,
        "person_at_risk_id": None,
        "person_id": None,
        "until": None,
    }
    made = empty | columns
    index = pd.RangeIndex(len(columns["event_id"]))
    out = pd.DataFrame(index=index)
    for name, column in made.items():
        if isinstance(column, pd.Series):
            out[name] = column.reset_index(drop=True)
        elif column is None:
            out[name] = pd.Series(pd.NA, index=index, dtype="str" if name == "code" else "Int64")
        else:
            out[name] = column
    out["proactive"] = False
    out["reported_by"] = "unknown"
    out["assertion"] = "fact"
    out["source_system"] = profile.source_system
    return out


def _relationships(events: pd.DataFrame) -> pd.DataFrame:
    domestic = events[(events["domestic"] == "yes") & events["subject_id"].notna()]
    first = domestic.sort_values("recorded_at", kind="stable").drop_duplicates("subject_id").reset_index(drop=True)
    return pd.DataFrame(
        {
            "relationship_id": ids("relationship", first["subject_id"], pd.Series(["unknown"] * len(first))),
            "recorded_at": first["recorded_at"],
            "subject_id": first["subject_id"],
            "kind": "unknown",
            "from_file": first["from_file"],
            "from_row": first["from_row"],
        }
    )


def _protected(booked: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    parts = []
    for column, characteristic in (("gender", "sex"), ("race", "ethnicity")):
        rows = booked[booked[column].notna()].sort_values("first_seen_at", kind="stable")
        # A row only when the observation differs from the one before: the latest is in force.
        rows = rows[rows[column] != rows.groupby("person_id")[column].shift()]
        parts.append(
            pd.DataFrame(
                {
                    "person_id": rows["person_id"],
                    "characteristic": characteristic,
                    "code": rows[column],
                    "scheme": f"{profile.source_system}_{column}",
                    "source": "observed",
                    "recorded_at": rows["first_seen_at"],
                    "from_file": "bookings",
                    "from_row": rows["from_row"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
