"""Expected captures of version 1, before lists were judged by the deadly risk too, are still read."""

from __future__ import annotations

import json

import pytest

from threat.errors import BadInput
from threat.release.documents.expected_captures import ExpectedCaptures

VERSION_1 = {
    "version": 1, "run_id": "r1", "draws": 16, "seed": 7, "capacity": 50, "horizon_days": 180, "n": 900,
    "relations": 890, "realised_rows": 3, "expected_outcomes_per_list": 13.2, "mean_risk": 0.0015,
    "mean_monte_carlo_error": 0.0001, "rankings": [], "ceiling": None, "particle_check": None,
}  # fmt: skip


def test_version_1_is_of_severe_harm_and_says_nothing_of_deadly_harm() -> None:
    captures = ExpectedCaptures.parse(json.dumps(VERSION_1).encode(), "expected_captures.json")
    assert (captures.version, captures.rung, captures.deadly) == (1, "Y2", None)
    assert ExpectedCaptures.parse(captures.encode(), "again") == captures


def test_a_later_version_is_refused() -> None:
    with pytest.raises(BadInput, match="written as version 3, where this product reads version 2"):
        ExpectedCaptures.parse(json.dumps(VERSION_1 | {"version": 3}).encode(), "expected_captures.json")
