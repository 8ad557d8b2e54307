"""Incidents where a source names none: what one person did to another on one local day, or in its night, is one.

The rule looks at a row alone, so no order of loads changes which rows are together: a chain of crimes a few hours apart
would be cut or closed by a row of a later load. It is for kinds that happen in an incident (``in_incident`` of the
vocabulary) and rows that name both parties; every other row is its record's, or alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.history.intake.frames import ids
from threat.vocabulary import kinds

DAY_BEGINS = 6
"""Hour of the local clock. A night belongs to the day before: crimes at 23:30 and 01:30 are of one evening."""


def formed_incidents(events: pd.DataFrame, source: pd.Series[Any], days: NDArray[np.object_]) -> pd.Series[Any]:
    """Return the id of the incident that each row is in by its parties and day; null where the rule does not apply.

    ``events``: kind, subject_id, person_at_risk_id, occurred_at (int64 UTC seconds). ``source``: the source system of
    each row. ``days``: the day of each row, as ``incident_days`` gives them.

    An assault before midnight and a threat after it are one incident, a threat on the next evening is another. The
    charge is a kind that happens in no incident:

    >>> events = pd.DataFrame({"kind": ["assault_with_injury", "threat_to_kill", "threat_to_kill", "charge"]})
    >>> events["subject_id"], events["person_at_risk_id"] = [7, 7, 7, 7], [8, 8, 8, 8]
    >>> events["occurred_at"] = [1704065400, 1704070800, 1704142800, 1704070800]  # 23:30, 01:00 and 21:00, 01:00
    >>> days = incident_days(events["occurred_at"], pd.Series([pd.NA] * 4), "Europe/London")
    >>> days.tolist()
    ['2023-12-31', '2023-12-31', '2024-01-01', '2023-12-31']
    >>> incidents = formed_incidents(events, pd.Series(["records"] * 4), days)
    >>> pd.factorize(incidents)[0].tolist()
    [0, 0, 1, -1]
    """
    day = pd.Series(days, index=events.index, dtype="str")
    incident = ids("incident by parties and day", events["subject_id"], events["person_at_risk_id"], day, source)
    in_incident = [kind.name for kind in kinds().values() if kind.in_incident]
    applies = events["kind"].isin(in_incident) & events["person_at_risk_id"].notna() & events["occurred_at"].notna()
    return incident.mask(~applies.to_numpy(dtype=bool))


def incident_days(times: pd.Series[Any], precision: pd.Series[Any], zone: str) -> NDArray[np.object_]:
    """Return the day that each time counts for in a zone, as ISO 8601; a day near 1970 where the time is null.

    ``times``: int64 UTC seconds. ``precision``: ``day`` where only the day is known, which then is the day. So is that
    of 00:00:00, which many systems write for a day without a time. Any other time before DAY_BEGINS counts for the day
    before.
    """
    local = _local(times, zone)
    is_day = (precision == "day").fillna(False).to_numpy(dtype=bool) | np.asarray(local == local.normalize())
    shifted = local - pd.Timedelta(hours=DAY_BEGINS)
    return np.asarray(local.where(is_day, shifted).strftime("%Y-%m-%d"), dtype=object)


def calendar_days(times: pd.Series[Any], zone: str) -> NDArray[np.object_]:
    """Return the calendar day of each time (int64 UTC seconds) in a zone: the days of stores of before DAY_BEGINS."""
    return np.asarray(_local(times, zone).strftime("%Y-%m-%d"), dtype=object)


def _local(times: pd.Series[Any], zone: str) -> pd.DatetimeIndex:
    """Return what the clocks of a zone show, without the zone: a night of 23 or 25 hours is one night."""
    instants = pd.to_datetime(times.fillna(0).to_numpy(np.int64), unit="s", utc=True)
    return pd.DatetimeIndex(instants).tz_convert(zone).tz_localize(None)
