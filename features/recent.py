"""The matrix that a shorter record would have given: every row reads its last days alone.

What a row whose as-of is *a* reads of its last *d* days, by when a record happened and not by when it was recorded:

- a record that happened at or after ``a - d`` (of a course of conduct: that ended then), what is known in advance
  among them;
- an older stay or order that was not over at ``a - d``: a record that began *d* days ago would open with it;
- every statement of what the two parties are to each other: a fact about the row, however old.

A record that is read is read whole: a stay that was open keeps its beginning. Any other older record is gone, a marker
or living together without a known end among them: its end may be a record of its own (a separation), which a cut could
remove and leave the beginning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.engines.contract import check_rows
from features.engines.fold.build import build, person_index
from features.kinds_read import RELATIONSHIP_RECORDED
from features.load import Catalogue, load_catalogue
from features.matrix import Matrix
from threat.asof import ended, happened, look_back_bounds, visible
from threat.history.sightings import COLUMNS, NO_PERSON, Rows, Sightings
from threat.vocabulary import kinds

_AT_ONCE = 8_192
"""Rows whose histories are copied at once: some 60 MB where a party has 40 sightings."""


class RecentMatrix(NamedTuple):
    """The matrix of rows that read their last days alone; ``older`` (bool, n): the rows to which that matters."""

    matrix: Matrix
    older: NDArray[np.bool_]


def build_recent(
    sightings: Sightings,
    rows: Rows,
    days: float,
    catalogue: Catalogue | None = None,
    *,
    build_matrix: Callable[[Sightings, Rows, Catalogue], Matrix] = build,
) -> RecentMatrix:
    """Return every definition for every row from the last ``days`` before its as-of; ``build_matrix``: of an engine.

    A row of which ``older`` is False has the values that it has in the whole matrix. Raises UsageError for rows that
    ``check_rows`` refuses.
    """
    catalogue = load_catalogue() if catalogue is None else catalogue
    check_rows(rows)
    values = np.empty((len(rows), len(catalogue)), np.float32)
    older = np.zeros(len(rows), np.bool_)
    for first in range(0, len(rows), _AT_ONCE):
        chunk = slice(first, first + _AT_ONCE)
        part = recent_histories(sightings, rows.take(chunk), days)
        values[chunk] = build_matrix(part.sightings, part.rows, catalogue).values
        older[chunk] = part.older
    return RecentMatrix(Matrix.of(values, rows, catalogue), older)


class RecentHistories(NamedTuple):
    """Sightings that are cut row by row, and the rows that ask for them; ``older`` (bool, n): something was cut.

    Each row has two persons of its own, so that one person's history may be cut at two as-ofs.
    """

    sightings: Sightings
    rows: Rows
    older: NDArray[np.bool_]


def recent_histories(sightings: Sightings, rows: Rows, days: float) -> RecentHistories:
    """Return what the n rows read of their last ``days``, as sightings of 2n persons: a copy of either party of a row.

    Row i asks for the persons 2i (subject) and 2i + 1 (at risk). Whoever else an event names keeps a number of their
    own. ``older`` marks the rows with a record that was visible at their as-of and is gone.
    """
    n, persons = len(rows), len(sightings.persons)
    parties = person_index(sightings.persons, np.stack([rows.subject, rows.at_risk], axis=1).ravel())
    owner, where = _histories(sightings, parties)
    as_of = rows.as_of[owner // 2]
    kept = is_recent(sightings, where, as_of, days)
    seen = visible(sightings.visible_from[where], sightings.visible_until[where], as_of)
    older = np.bincount(owner[seen & ~kept] // 2, minlength=n) > 0
    owner, where = owner[kept], where[kept]
    columns: dict[str, Any] = {name: getattr(sightings, name)[where] for name in COLUMNS}
    # The other party of person 2i is 2i + 1, and the other way round. Nobody (-1) is no party's counterpart.
    named = columns["counterpart"]
    others = np.where(named == parties[owner ^ 1], owner ^ 1, named + 2 * n)
    columns["counterpart"] = np.where(named == NO_PERSON, NO_PERSON, others).astype(COLUMNS["counterpart"])
    number = np.arange(n, dtype=np.int64)
    return RecentHistories(
        replace(
            sightings,
            persons=np.arange(2 * n + persons, dtype=np.int64),
            offsets=np.searchsorted(owner, np.arange(2 * n + persons + 1)).astype(np.int64),
            **columns,
        ),
        replace(
            rows,
            subject=2 * number,
            at_risk=np.where(rows.at_risk == NO_PERSON, NO_PERSON, 2 * number + 1),
        ),
        older,
    )


def is_recent(sightings: Sightings, where: NDArray[np.int64], as_of: Any, days: float) -> NDArray[np.bool_]:
    """Mask of the sightings ``where`` that a row whose as-of is ``as_of`` reads of its last ``days``."""
    start, _ = look_back_bounds(as_of, days)
    lasting, stated = _kinds_kept()
    kind = sightings.kind[where]
    return np.asarray(
        ~happened(sightings.occurred_at[where], start)
        | (lasting[kind] & ~ended(sightings.until[where], start))
        | stated[kind]
    )


@cache
def _kinds_kept() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return by kind number: what is kept until it is over, and what is kept however old."""
    lasting = np.array([kind.lasts in ("stay", "order") for kind in kinds().values()])
    stated = np.array([kind.name == RELATIONSHIP_RECORDED for kind in kinds().values()])
    return lasting, stated


def _histories(sightings: Sightings, parties: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the sightings of each party, one party after another: number of the party, and row of the sighting.

    ``parties``: indices into ``persons``; below 0: a person without a history here.
    """
    if not len(sightings.persons):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    person = np.maximum(parties, 0)
    first = sightings.offsets[person]
    length = np.where(parties >= 0, sightings.offsets[person + 1] - first, 0)
    owner = np.repeat(np.arange(len(parties), dtype=np.int64), length)
    within = np.arange(len(owner), dtype=np.int64) - np.repeat(np.cumsum(length) - length, length)
    return owner, first[owner] + within
