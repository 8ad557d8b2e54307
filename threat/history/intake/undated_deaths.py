"""Deaths whose date cannot be: kept, with the date read as not known.

Systems write 1900-01-01, the day of the entry in another century, or nothing where nobody knew the day. Of any other
kind such a row is quarantined. A death must end the candidacy of the dead from its recording, whatever its date says:
a list with somebody on it who is known to be dead is the worst that a list can hold. So the row is kept: it happened
some time before it was recorded, ``occurred_at`` is the time of the recording, and ``occurred_precision`` is
``unknown``. An end that cannot be is left out. A homicide is an outcome of that time, marked the same way: nothing
says that it was earlier. The load report gives the number and what the dates said.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.history.intake.sheet import Sheet
from threat.history.schema import UNKNOWN
from threat.vocabulary import kinds

DEATHS = tuple(kind.name for kind in kinds().values() if kind.death_of)

_SHOWN = 3
"""Dates shown in the sentence of the report."""


def is_undated(events: pd.DataFrame) -> NDArray[np.bool_]:
    """Mask of the rows of an events frame whose date is not known."""
    if "occurred_precision" not in events:
        return np.zeros(len(events), dtype=bool)
    return (events["occurred_precision"] == UNKNOWN).fillna(False).to_numpy(dtype=bool)


def keep_undated_deaths(sheet: Sheet) -> None:
    """Keep the deaths of a sheet that only their own date or end would quarantine.

    A date that cannot be is one that is empty, unreadable, outside any record's years or after the recording. Where
    another row of the file has the key of such a row and is sound, that row says it all.
    """
    frame = sheet.frame
    occurred, until, recorded = frame["occurred_at"], frame["until"], frame["recorded_at"]
    is_death = frame["kind"].isin(DEATHS).to_numpy(dtype=bool) & recorded.notna().to_numpy(dtype=bool)
    kept_again = is_death & ~sheet.good & sheet.by_dates_alone
    kept_again &= ~_is_key_taken(sheet, kept_again)
    kept = is_death & (sheet.good | kept_again) & ~is_undated(frame)
    bad = sheet.bad_dates
    after = (occurred.isna() | (occurred > recorded).fillna(False)).to_numpy(dtype=bool)
    short = (until < occurred).fillna(False).to_numpy(dtype=bool)
    no_date, no_end = kept & (bad["occurred_at"] | after), kept & (bad["until"] | short)
    frame["until"] = until.mask(no_end)
    for place in np.flatnonzero(no_date | no_end):
        if not kept_again[place]:
            said = "occurred_at lies after recorded_at" if no_date[place] else "until lies before occurred_at"
        else:
            said = str(sheet.detail[place])
            if sheet.reason[place] == "missing_value" and not said.endswith(" is read as empty"):
                said += " is empty"
        if no_date[place]:
            without_date(sheet, np.array([place]), said)
        sheet.undated[int(place)] = said
    sheet.keep(kept_again)


def without_date(sheet: Sheet, places: NDArray[np.int64], said: str) -> None:
    """Read the date of some rows of a sheet as not known; ``said``: what is wrong with the date."""
    frame = sheet.frame
    frame.loc[places, "occurred_at"] = frame["recorded_at"].iloc[places]
    frame.loc[places, "until"] = pd.NA
    frame.loc[places, "occurred_precision"] = UNKNOWN
    sheet.undated.update(dict.fromkeys(places.tolist(), said))


def said_of_undated_deaths(sheets: Mapping[str, Sheet]) -> list[str]:
    """Return a sentence on the deaths that are kept without a date; none without any."""
    undated = [said for sheet in sheets.values() for place, said in sheet.undated.items() if sheet.good[place]]
    if not undated:
        return []
    shown = "; ".join(list(dict.fromkeys(undated))[:_SHOWN])
    deaths = "1 death has" if len(undated) == 1 else f"{len(undated):,} deaths have"
    return [
        f"{deaths} a date or an end that cannot be ({shown}). Each is kept and counts from its recording: a date that "
        "cannot be is read as not known, an end as none. Send the row again as it should be."
    ]


def _is_key_taken(sheet: Sheet, rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mask of those of some rows whose key a sound row of the file has, or an earlier one of these rows."""
    taken = np.zeros(len(rows), dtype=bool)
    if not sheet.file.key or not rows.any():
        return taken
    keys = sheet.frame[list(sheet.file.key)]
    keyed = keys.notna().all(axis=1).to_numpy(dtype=bool)
    in_order = np.concatenate([np.flatnonzero(sheet.good & keyed), np.flatnonzero(rows & keyed)])
    taken[in_order] = keys.iloc[in_order].duplicated(keep="first").to_numpy(dtype=bool)
    return taken & rows
