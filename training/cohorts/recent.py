"""The rows to choose on with a shorter history: every row reads its last months alone, fitted on or measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from features.recent import build_recent
from threat.release.documents.settings import RowKind
from training.cohorts.labelled import LabelledCohort, measured_kind
from training.cohorts.labelled_rows import KINDS
from training.cohorts.sample import Sample

MONTHS = (12, 24, 36)
"""Lengths of history tried. None under 12: it would cut into the windows of a year that many features have."""

_DAYS_OF_YEAR = 365
"""A year of the features' own windows: at 12 months a figure of the past 365 days stays as it is."""


@dataclass(frozen=True, slots=True)
class RecentPairs:
    """The (fit, measure) pairs of a cohort, every row with the features that its last ``months`` give.

    ``older``: the same pairs, whose one value is 1 where a row has a record that was taken out.
    """

    months: int
    days: int
    pairs: list[tuple[Sample, Sample]]
    older: list[tuple[Sample, Sample]]

    @property
    def counts(self) -> dict[str, int]:
        """Count the rows measured and the rows fitted on, and of each those with a record that was taken out."""
        fit, rows = (np.concatenate([pair[side].values[:, 0] for pair in self.older]) for side in (0, 1))
        return {
            "rows": len(rows),
            "rows_with_older": int(np.count_nonzero(rows)),
            "fit_rows": len(fit),
            "fit_rows_with_older": int(np.count_nonzero(fit)),
        }

    @property
    def matters(self) -> bool:
        """True where some row has a record that was taken out; otherwise nothing but the whole history was read."""
        return self.counts["rows_with_older"] + self.counts["fit_rows_with_older"] > 0


def recent_pairs(labelled: LabelledCohort, months: int) -> RecentPairs:
    """Return ``labelled.pairs()`` with every row cut to its last months (a year is 365 days) before its as-of.

    Rows, labels, draws and lists stay as they are; ``features.recent`` says what a row reads.
    """
    days = months * _DAYS_OF_YEAR // 12
    kinds: list[RowKind] = [measured_kind(labelled.settings), *KINDS[labelled.fitted_on]]
    recent, older = dict(labelled.rows), dict(labelled.rows)
    for kind in dict.fromkeys(kinds):
        rows = labelled.rows[kind]
        cut = build_recent(labelled.sightings, rows.matrix.rows, days, labelled.catalogue)
        recent[kind] = replace(rows, matrix=cut.matrix)
        older[kind] = replace(rows, matrix=replace(cut.matrix, values=cut.older[:, None].astype(np.float32)))
    return RecentPairs(months, days, replace(labelled, rows=recent).pairs(), replace(labelled, rows=older).pairs())
