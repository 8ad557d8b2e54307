"""Protected characteristics. Only the fairness audit, intake and the simulation may import this module."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from threat.asof import NEVER, visible
from threat.history.tables import Tables, read_parts

COLUMNS = ["person_id", "characteristic", "code", "scheme", "source"]


def read(tables: Tables, person_ids: ArrayLike | None = None, as_of: int | None = None) -> pd.DataFrame:
    """Read what is recorded of these persons (None: of all) as known at an as-of (None: at the end of the history).

    Columns ``person_id, characteristic, code, scheme, source``: one row per person, characteristic, scheme and source,
    the latest recorded one; self-defined and observed values stay separate. Sorted by those four. A row is withdrawn by
    appending it again with ``withdrawn_at``.
    """
    table = read_parts("protected", tables.part_paths("protected"))
    frame = pd.DataFrame({name: table.column(name).to_pandas().astype(_plain(name)) for name in COLUMNS})
    frame["recorded_at"] = table.column("recorded_at").to_numpy()
    frame["withdrawn_at"] = pc.fill_null(table.column("withdrawn_at"), NEVER).to_numpy()
    if person_ids is not None:
        frame = frame[np.isin(frame["person_id"].to_numpy(), np.asarray(person_ids, dtype=np.int64))]
    at = NEVER if as_of is None else int(as_of)
    row = [*COLUMNS, "recorded_at"]
    frame = frame.groupby(row, sort=False, observed=True, as_index=False).agg({"withdrawn_at": "min"})
    frame = frame[visible(frame["recorded_at"], frame["withdrawn_at"], at)]
    key = ["person_id", "characteristic", "scheme", "source"]
    frame = frame.sort_values([*key, "recorded_at", "code"], kind="stable").drop_duplicates(key, keep="last")
    return frame[COLUMNS].reset_index(drop=True)


def _plain(name: str) -> Any:
    return np.int64 if name == "person_id" else "str"
