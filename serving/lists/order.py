"""The order of relationships that a list says the same of: by what is on record, never by how a source numbers it.

Rows of equal score share their rank, and all that share the last rank for review stay in: this order decides who is
read first, not who is on the list.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features import Matrix
from features.rules import DEFAULT_RULE, RULES
from threat.history.gravity import settle
from threat.history.sightings import NO_PERSON, Rows, Sightings

_SAID = (
    *("occurred_at", "began_at", "until", "recorded_at", "visible_from", "value", "kind", "code", "role"),
    *("domestic", "reported_by", "source", "proactive", "assessment"),
)
"""Columns of a sighting that say something; the others are numbers of a source, or say when it was hidden later."""

_NOBODY, _OTHER_PARTY, _SOMEBODY_ELSE = 0, 1, 2


def rank_order(
    rank: NDArray[np.int32], last_recorded: NDArray[np.int64], matrix: Matrix, sightings: Sightings
) -> NDArray[np.int64]:
    """Return the rows of a list in the order shown, int64[n] positions: by rank, and of equal ranks as follows.

    The row about whose parties something was recorded last comes first; then the row of more harm by the rule that
    ranks without a model; then the figures and what is on record of the two decide. The id decides only between
    relationships of whom the records say the same. ``last_recorded``: int64[n] UTC seconds.
    """
    rows = matrix.rows
    harm = RULES[DEFAULT_RULE].score(matrix) if len(rows) else np.zeros(0)
    order = np.lexsort((rows.relationship_id, -harm, -last_recorded, rank))
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for key in (rank, last_recorded, harm):
        same &= key[order[1:]] == key[order[:-1]]

    tied = order[np.append(same, False) | np.append(False, same)] if len(rows) else order
    figures = np.zeros(len(rows), dtype=np.int64)
    figures[tied] = _figure_ranks(matrix, tied)
    settle(order, same, lambda some: (figures[some],))
    # The records are read one row at a time, so only where all figures are equal too: 2 s for 65,000 rows otherwise.
    same &= figures[order[1:]] == figures[order[:-1]]
    settle(order, same, lambda some: (record_ranks(sightings, rows.take(some)),))
    return order


def _figure_ranks(matrix: Matrix, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number for all figures of some rows, int64, equal where they are the same."""
    values = np.ascontiguousarray(matrix.values[rows])
    as_bytes = values.view(np.dtype((np.void, values.shape[1] * values.itemsize))).ravel()
    return np.unique(as_bytes, return_inverse=True)[1].astype(np.int64)


def record_ranks(sightings: Sightings, rows: Rows) -> NDArray[np.int64]:
    """Return a number for what is on record of the two parties of each row, int64[n], equal where it is the same.

    An order of content that means nothing more: the same on any machine and under any numbering.
    """
    parties = zip(*(column.tolist() for column in (rows.subject, rows.at_risk, rows.as_of)), strict=True)
    said = [
        (_records(sightings, subject, at_risk, as_of), _records(sightings, at_risk, subject, as_of))
        for subject, at_risk, as_of in parties
    ]
    place = {records: i for i, records in enumerate(sorted(set(said)))}
    return np.array([place[records] for records in said], dtype=np.int64)


def _records(sightings: Sightings, person: int, other: int, as_of: int) -> bytes:
    """Return what is visible of a person, without ids, and of each record whether it names the ``other`` party."""
    if person == NO_PERSON:
        return b""
    span = sightings.rows_of(person)
    shown = span.start + np.flatnonzero(sightings.visible_at(as_of, span))
    if not len(shown):
        return b""
    named = sightings.ids_of(sightings.counterpart[shown])
    whom = np.where(named == NO_PERSON, _NOBODY, np.where(named == other, _OTHER_PARTY, _SOMEBODY_ELSE))
    columns = [np.ascontiguousarray(getattr(sightings, name)[shown]) for name in _SAID]
    columns.append(whom.astype(np.int8))
    wide = np.concatenate([column.view(np.uint8).reshape(len(shown), -1) for column in columns], axis=1)
    # Sorted: records that are equal but for whom they name come in the order of their ids.
    return b"".join(sorted(record.tobytes() for record in wide))
