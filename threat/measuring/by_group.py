"""What the lists hold by group, in the sample and in each replicate: the counts every rate of a group is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from threat.measuring.ranked import Cut, Floats, Ints, Labelled, Ranked
from threat.measuring.resampling import Draws, Resampling, listing, width_for

# SciPy is optional (extras training and fairness): the functions that need it import it.


@dataclass(frozen=True, slots=True)
class Grouping:
    """One way to divide the rows: ``codes`` names the groups; ``row`` and ``outside`` number the group of each row and
    of each event outside."""

    codes: tuple[str, ...]
    row: Ints
    outside: Ints

    def people_with_events(self, rows: Labelled) -> Ints:
        """Distinct persons with an outcome event, by group."""
        eventful = rows.credit > 0
        pairs = np.concatenate(
            [
                self.row[eventful] * rows.persons + rows.person[eventful],
                self.outside * rows.persons + rows.outside_person,
            ]
        )
        return np.bincount(np.unique(pairs) // max(1, rows.persons), minlength=len(self.codes))


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts with their columns last (column 0 the sample): of every group (groups, columns), or of one (columns)."""

    rows: Floats
    """rows that figures count"""
    events: Floats
    """credited outcome events, inside the rows and outside"""
    captured: Floats
    """of those, the events on the list"""
    selected: Floats
    """places used, but for those of rows left out"""
    selected_known: Floats
    """of those, places of rows whose outcome is known"""
    hits: Floats
    """of those, places of rows with an outcome"""
    positives: Floats
    """rows with an outcome"""
    negatives: Floats
    """rows known to have none"""
    expected: Floats
    """sum of the probabilities of rows whose outcome is known"""

    @property
    def false_positives(self) -> Floats:
        """Places of rows known to have no outcome."""
        return self.selected_known - self.hits

    def of(self, group: int) -> Counts:
        """The counts of one group."""
        return Counts(*(getattr(self, field.name)[group] for field in fields(self)))

    def total(self) -> Counts:
        """The counts of all groups together."""
        return Counts(*(getattr(self, field.name).sum(axis=0) for field in fields(self)))


_BY_PERSON = ("rows", "events", "positives", "negatives", "expected")
_BY_LIST = ("captured", "selected", "selected_known", "hits")


def counts_by_group(ranked: Ranked, groupings: Sequence[Grouping], cut: Cut, resampling: Resampling) -> list[Counts]:
    """Return the counts of every group, one ``Counts`` for each grouping.

    Counts that do not depend on who is listed are sums over persons, so one sparse product gives them for many
    replicates at once. Where a threshold selects, nobody competes for a place, and what is selected is such a sum too.
    Raises nothing; needs scipy.
    """
    rows = ranked.rows
    persons, places = _Columns(groupings, rows.persons), _Columns(groupings, 0)
    outside = (rows.outside_person, rows.outside_credit)
    for name, values in _row_values(ranked).items():
        persons.add(name, rows.person, values, outside if name == "events" else None)
    listed_values = _listed_values(rows)
    if cut.threshold is not None:
        above = ranked.score >= cut.threshold
        for name, values in listed_values.items():
            persons.add(name, rows.person, np.where(above, values, 0.0))
    by_person = persons.matrix()
    lists = 0 if cut.capacity is None else int(cut.capacity * 2) * max(1, len(ranked.order.lists))
    out = []
    for draws in Draws.pieces(rows.persons, resampling, width_for(max(rows.persons, min(lists, len(rows))))):
        counted = persons.split(by_person @ draws.counts.astype(np.float64))
        if cut.capacity is not None:
            content = listing(ranked, draws, cut.capacity)
            places = _Columns(groupings, len(content.rows))
            for name, values in listed_values.items():
                places.add(name, np.arange(len(content.rows)), values[content.rows], rows=content.rows)
            for counts, more in zip(counted, places.split(places.matrix() @ content.places), strict=True):
                counts.update(more)
        out.append(counted)
    return [
        Counts(**{field.name: np.hstack([piece[which][field.name] for piece in out]) for field in fields(Counts)})
        for which in range(len(groupings))
    ]


def _row_values(ranked: Ranked) -> dict[str, Floats]:
    """Amounts that one copy of a row adds to each count that does not depend on who is listed."""
    rows = ranked.rows
    probability = np.zeros(len(rows)) if ranked.probability is None else np.nan_to_num(ranked.probability)
    values = {
        "rows": rows.counted,
        "events": rows.credit,
        "positives": rows.hit,
        "negatives": rows.has_known_label & ~rows.hit,
        "expected": np.where(rows.has_known_label, probability, 0.0),
    }
    return {name: values[name].astype(np.float64) for name in _BY_PERSON}


def _listed_values(rows: Labelled) -> dict[str, Floats]:
    """Amounts that one place of a row adds to each count of the list."""
    values = {
        "captured": rows.credit,
        "selected": rows.counted,
        "selected_known": rows.has_known_label,
        "hits": rows.hit,
    }
    return {name: values[name].astype(np.float64) for name in _BY_LIST}


class _Columns:
    """A sparse matrix that sums what is in its columns (persons, or rows on a list) into counts by group."""

    def __init__(self, groupings: Sequence[Grouping], width: int) -> None:
        self._groupings, self._width = groupings, width
        self._names: list[str] = []
        self._blocks: list[Any] = []

    def add(
        self,
        name: str,
        column: Ints,
        values: Floats,
        outside: tuple[Ints, Floats] | None = None,
        *,
        rows: Ints | None = None,
    ) -> None:
        """Add a count: each value, of the row at the same place (``rows``: of those rows), goes to its group."""
        from scipy.sparse import csr_array

        self._names.append(name)
        some = np.flatnonzero(values)
        row = some if rows is None else rows[some]
        for grouping in self._groupings:
            group, where, value = grouping.row[row], column[some], values[some]
            if outside is not None:
                group = np.concatenate([group, grouping.outside])
                where, value = np.concatenate([where, outside[0]]), np.concatenate([value, outside[1]])
            block = csr_array((value, (group, where)), shape=(len(grouping.codes), self._width))
            block.sum_duplicates()
            self._blocks.append(block)

    def matrix(self) -> Any:
        """The whole matrix: for each count, each grouping's groups."""
        from scipy.sparse import vstack

        return vstack(self._blocks, format="csr")

    def split(self, product: NDArray[np.float64]) -> list[dict[str, Floats]]:
        """Cut the product of the matrix back into the counts of each grouping by name."""
        out: list[dict[str, Floats]] = [{} for _ in self._groupings]
        start = 0
        for name in self._names:
            for counts, grouping in zip(out, self._groupings, strict=True):
                counts[name] = product[start : start + len(grouping.codes)]
                start += len(grouping.codes)
        return out
