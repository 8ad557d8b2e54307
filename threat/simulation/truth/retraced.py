"""A force that was written, simulated again from its settings: the only way to its latent states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from threat.asof import DAY
from threat.errors import IntegrityFailure
from threat.simulation import force
from threat.simulation.force import Settings
from threat.simulation.world import chance, states
from threat.simulation.world.population import relation_keys

_BLOCKS = 3
"""Blocks simulated again, spread over the force: a changed parameter shows in nearly every block."""


def verified_settings(out: Path) -> Settings:
    """Return the settings of the force in ``out``, after three blocks of it came out the same again.

    Raises UsageError when there is no force, IntegrityFailure when today's parameters make a different force: the
    latent states of the written force can then no longer be retraced.
    """
    settings = force.read_settings(out)
    written = pq.read_table(Path(out) / "truth" / "incidents.parquet", columns=["true_relation", "occurred_at"])
    parts = [part for part in force.plan(settings) if part[1]]
    for number, size in parts[:: max(1, len(parts) // _BLOCKS)]:
        people = force.draw(settings, number, size)
        rows = force.run(people, settings, settings.knobs.overrides(settings.epoch))
        rows = rows[(rows["what"] == states.INCIDENT) & (rows["relation"] >= 0)]
        ids = chance.ids(relation_keys(people))
        again = np.stack([ids[rows["relation"]], settings.epoch + np.floor(rows["at"] * DAY).astype(np.int64)], axis=1)
        kept = written.filter(pc.is_in(written.column("true_relation"), value_set=pa.array(ids)))
        then = np.stack([kept.column(name).to_numpy() for name in ("true_relation", "occurred_at")], axis=1)
        if not np.array_equal(again[np.lexsort(again.T)], then[np.lexsort(then.T)]):
            raise IntegrityFailure(
                "The force differs from what today's parameters make, so its latent states cannot be retraced.",
                value=f"block {number} comes out differently",
                where=str(out),
                way_out="simulate the force again: threat simulate",
            )
    return settings
