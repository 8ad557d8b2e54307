"""The contract of an engine: what turns sightings, rows and a catalogue into a matrix.

Every engine of ``features.engines.registry`` gives the same matrix. The drawn tables of ``tests/spec/features`` and the
generated histories of ``tests/features/engines`` run on each. Values agree to the bit of a float32, but
where a statistic sums floats (``Statistic.sums_floats``), which may differ by 1 in a million.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from features.definitions import Definition
from features.load import Catalogue
from features.matrix import Matrix
from threat.errors import UsageError
from threat.history.sightings import NO_PERSON, Rows, Sightings


@runtime_checkable
class Engine(Protocol):
    """Builds a matrix. An engine asks each statistic how its value is made; it knows none of them by name."""

    @property
    def name(self) -> str:
        """The name of the engine's folder."""
        ...

    def build(
        self, sightings: Sightings, rows: Rows, catalogue: Catalogue | None = None, *, parallel: bool = True
    ) -> Matrix:
        """Return every definition of the catalogue (None: the shipped one) for every row.

        ``parallel`` False: in the calling thread only. Refuses the rows that ``check_rows`` refuses.
        """
        ...


@runtime_checkable
class TracingEngine(Engine, Protocol):
    """An engine that can also say which events are behind a value."""

    def lineage(self, sightings: Sightings, rows: Rows, i: int, name: str | Definition) -> list[int]:
        """Return the ids of the events behind one feature's value in row ``i``, oldest first, each once."""
        ...


def check_rows(rows: Rows) -> None:
    """Raise UsageError when a row has no subject or names a person twice, or when ids or times are not int64."""
    for name in ("subject", "at_risk", "as_of"):
        array = getattr(rows, name)
        if array.dtype != np.int64:
            raise UsageError(
                f"The rows' {name} is not int64 ids or UTC seconds.",
                value=array.dtype,
                way_out="turn aware times to seconds with threat.asof.seconds",
            )
        if array.shape != (len(rows),):
            raise UsageError(
                f"The rows' {name} does not have one entry per relationship.",
                value=f"{array.shape}, not ({len(rows)},)",
            )
    nobody = np.flatnonzero(rows.subject == NO_PERSON)
    if len(nobody):
        raise UsageError(f"{len(nobody)} rows have no subject.", where=f"row {nobody[0]}")
    same = np.flatnonzero(rows.subject == rows.at_risk)
    if len(same):
        raise UsageError(
            f"{len(same)} rows name a subject who is not another than the person at risk.",
            where=f"row {same[0]}",
            way_out="a merge that makes both parties one person quarantines the relationship",
        )
