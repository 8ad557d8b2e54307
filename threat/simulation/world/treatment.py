"""Both potential outcomes of the unit's plans: what happened with them, and what would have without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from threat.asof import DAY
from threat.simulation.world import chance, states
from threat.simulation.world.population import Population, relation_keys

HORIZONS = (180, 365)
"""Days: those of the latent oracle's risks, so that both truths answer for the same spans."""


def potential_outcomes(
    people: Population, treated: NDArray[np.void], untreated: NDArray[np.void], epoch: int, days: float
) -> pa.Table:
    """Return a row per cluster's first plan: true_relation, planned_at, severe incidents with and without its effect.

    ``treated`` and ``untreated`` are raw rows of the same seed with and without the plans' effect: the two lives are
    the same up to the first plan. A horizon that ends after the records is null.
    """
    plans = treated[treated["what"] == states.PLAN]
    _, first = np.unique(plans["cluster"], return_index=True)
    plans = plans[first]
    columns: dict[str, Any] = {
        "true_relation": chance.ids(relation_keys(people))[plans["relation"]],
        "planned_at": epoch + np.floor(plans["at"] * DAY).astype(np.int64),
    }
    for horizon in HORIZONS:
        open_ = plans["at"] + horizon > days
        for name, rows in (("with", treated), ("without", untreated)):
            severe = rows[(rows["what"] == states.INCIDENT) & (rows["offence"] >= states.FIRST_GRAVE)]
            count = _count(severe, plans, horizon, len(people.relations))
            columns[f"severe_{horizon}d_{name}"] = pa.array(count, mask=open_)
    return pa.table(columns)


def _count(severe: NDArray[np.void], plans: NDArray[np.void], horizon: float, n: int) -> NDArray[np.int64]:
    """Return the number of severe incidents in each plan's relationship within the horizon after the plan."""
    start = np.full(n, np.inf)
    start[plans["relation"]] = plans["at"]
    since = severe["at"] - start[severe["relation"]]
    inside = (since > 0) & (since <= horizon)
    return np.bincount(severe["relation"][inside], minlength=n)[plans["relation"]]
