"""Protected characteristics. Only the fairness audit, intake and the simulation may import this module."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import ArrayLike

from threat.asof import NEVER, visible
from threat.history.statements import in_force, ranks
from threat.history.tables import Tables, read_parts

_KEY = ["person_id", "characteristic", "scheme", "source"]
COLUMNS = ["person_id", "characteristic", "code", "scheme", "source"]


def read(tables: Tables, person_ids: ArrayLike | None = None, as_of: int | None = None) -> pd.DataFrame:
    """Read what is recorded of these persons (None: of all) as known at an as-of (None: at the end of the history).

    Columns ``person_id, characteristic, code, scheme, source, recorded_at`` (since when the code is in force): at most
    one row per person, characteristic, scheme and source, by the rule of ``statements``; of two codes recorded in one
    second, the one that sorts last. Self-defined and observed values stay separate. Sorted by those four.
    """
    table = read_parts("protected", tables.part_paths("protected"))
    frame = pd.DataFrame({name: table.column(name).to_pandas().astype(_plain(name)) for name in COLUMNS})
    frame["recorded_at"] = table.column("recorded_at").to_numpy()
    frame["withdrawn_at"] = pc.fill_null(table.column("withdrawn_at"), NEVER).to_numpy()
    if person_ids is not None:
        frame = frame[np.isin(frame["person_id"].to_numpy(), np.asarray(person_ids, dtype=np.int64))]
    at = NEVER if as_of is None else int(as_of)
    key = ranks(*(frame[name].to_numpy() for name in _KEY))
    spans = in_force(key, ranks(frame["code"].to_numpy()), frame["recorded_at"], frame["withdrawn_at"])
    at_as_of = visible(spans.start, spans.end, at)
    rows = frame.iloc[spans.row[at_as_of]].assign(recorded_at=spans.start[at_as_of])
    return rows[[*COLUMNS, "recorded_at"]].sort_values(_KEY, ignore_index=True)


def _plain(name: str) -> Any:
    return np.int64 if name == "person_id" else "str"
