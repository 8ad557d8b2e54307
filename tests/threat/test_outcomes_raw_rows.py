"""The occurrences of every rung, and the labels, agree with a plain reader of the raw rows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from fixtures.drawn import drawn
from fixtures.raw_histories import PEOPLE, histories, stored
from fixtures.raw_outcomes import Occurrence, RawOutcomes
from fixtures.raw_reader import NOBODY, RawReader
from hypothesis import HealthCheck, given, settings

from threat.asof import DAY
from threat.ids import pair_ids
from threat.outcomes import label, occurrences

PAIRS = [(s, at) for s in PEOPLE for at in (*PEOPLE, NOBODY) if s != at]
RUNGS = ("Y0", "Y1", "Y2", "Y4", "Y5")
CUT = 10
HORIZON = 3
"""Seconds of a label window."""


def outcomes_agree(raw: RawReader) -> None:
    """Assert that occurrences at a cut, and labels at every as-of before it, are those of the plain reader."""
    with tempfile.TemporaryDirectory() as folder:
        snapshot = stored(raw, Path(folder))
        plain = RawOutcomes(raw, CUT, PAIRS)
        # Of pairs that stand at the cut, so that all have an id in the history; every as-of before it.
        asked = [(pair, as_of) for pair in PAIRS if raw.stands(pair, CUT) for as_of in range(1, CUT)]
        for rung in RUNGS:
            frame, expected = occurrences(snapshot, rung, CUT), plain.occurrences(rung)
            found = [Occurrence(*row) for row in frame.to_numpy().tolist()]
            assert len(found) == len(expected)
            assert set(found) == expected, rung
            if asked:
                ids = pair_ids(*zip(*(pair for pair, _ in asked), strict=True))
                rows = snapshot.rows(ids, np.array([as_of for _, as_of in asked], np.int64))
                labels = [plain.label(expected, pair, as_of, HORIZON) for pair, as_of in asked]
                assert label(frame, rows, HORIZON / DAY).tolist() == labels, rung


@drawn(15)
@given(histories())
def test_occurrences_and_labels(raw: RawReader) -> None:
    outcomes_agree(raw)


@pytest.mark.long
@settings(deadline=None, max_examples=10_000, suppress_health_check=list(HealthCheck))
@given(histories())
def test_occurrences_and_labels_in_ten_thousand_histories(raw: RawReader) -> None:
    outcomes_agree(raw)
