"""Incidents where a source names none: what one person did to another on one local calendar day is one incident.

The rule looks at a row alone, so no order of loads changes which rows are together. It is for kinds that happen in an
incident (``in_incident`` of the vocabulary) and rows that name both parties; every other row is its record's, or alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from threat.history.intake.frames import ids
from threat.vocabulary import kinds


def formed_incidents(events: pd.DataFrame, source: pd.Series[Any], zone: str) -> pd.Series[Any]:
    """Return the id of the incident that each row is in by its parties and day; null where the rule does not apply.

    ``events``: kind, subject_id, person_at_risk_id, occurred_at (int64 UTC seconds). ``source``: the source system of
    each row. ``zone``: in which days begin and end.

    An assault before midnight and a threat after it are two incidents in winter, when London keeps UTC:

    >>> events = pd.DataFrame({"kind": ["assault_with_injury", "threat_to_kill", "threat_to_kill", "charge"]})
    >>> events["subject_id"], events["person_at_risk_id"] = [7, 7, 7, 7], [8, 8, 8, 8]
    >>> events["occurred_at"] = [1704067199, 1704067200, 1704070000, 1704067200]
    >>> incidents = formed_incidents(events, pd.Series(["records"] * 4), "Europe/London")
    >>> pd.factorize(incidents)[0].tolist()
    [0, 1, 1, -1]
    """
    day = pd.Series(local_days(events["occurred_at"], zone), index=events.index, dtype="str")
    incident = ids("incident by parties and day", events["subject_id"], events["person_at_risk_id"], day, source)
    in_incident = [kind.name for kind in kinds().values() if kind.in_incident]
    applies = events["kind"].isin(in_incident) & events["person_at_risk_id"].notna() & events["occurred_at"].notna()
    return incident.mask(~applies.to_numpy(dtype=bool))


def local_days(times: pd.Series[Any], zone: str) -> NDArray[np.object_]:
    """Return the calendar day of each time (int64 UTC seconds) in a zone, as ISO 8601; the first of 1970 where null."""
    instants = pd.to_datetime(times.fillna(0).to_numpy(np.int64), unit="s", utc=True)
    return np.asarray(pd.DatetimeIndex(instants).tz_convert(zone).strftime("%Y-%m-%d"), dtype=object)
