"""The dead do nothing more, and nothing more is done to them: which event rows their deaths leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation.records.event_rows import codes, number
from threat.simulation.world.population import Population

I64 = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]

_NEVER = np.iinfo(np.int64).max
_AGAINST_THE_LIVING = ("charge", "conviction", "no_further_action")
"""Kinds that go on against a living subject whose person at risk has died."""


def without_the_dead(people: Population, columns: Columns, died: NDArray[np.float64], epoch: int) -> Columns:
    """Return the rows but for those that happened, and were recorded, after the death of a person they name.

    ``died``: day of each person's death. What was on record before the death stays, also where its time is later: an
    order's expiry or a release known in advance. So does record-keeping. Of a person at risk who died, the case
    against the living subject goes on, though nobody any longer declines to support it.
    """
    at = np.full(len(died), _NEVER)
    dead = np.isfinite(died)
    at[dead] = epoch + np.floor(died[dead] * DAY).astype(np.int64)
    relation, person, offender = columns["relation"], columns["person"], columns["offender"]
    pair = np.maximum(relation, 0)
    of_subject = np.where(relation >= 0, at[people.subject_person[pair]], _NEVER)
    of_at_risk = np.where(relation >= 0, at[people.at_risk_person[pair]], _NEVER)
    of_person = np.where(person >= 0, at[np.maximum(person, 0)], _NEVER)
    of_offender = np.where(offender >= 0, at[np.maximum(offender, 0)], _NEVER)
    goes_on = np.isin(columns["kind"], [number(kind) for kind in _AGAINST_THE_LIVING])
    goes_on &= columns["code"] != codes(["victim_not_supporting"])[0]
    end = np.minimum(np.minimum(of_subject, np.where(goes_on, _NEVER, of_at_risk)), np.minimum(of_person, of_offender))
    later = (columns["occurred"] > end) & (columns["recorded"] > end)
    keep = ~later | (columns["kind"] == number("withdrawn"))
    return {name: column[keep] for name, column in columns.items()}
