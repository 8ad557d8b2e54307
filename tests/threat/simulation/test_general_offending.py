"""Factors 21 and 22 can be tested: what a force records of offending outside, and what it says about latent risk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features import build, load_catalogue
from threat.asof import DAY
from threat.history import Store
from threat.simulation import force, parameters
from threat.simulation.calibration.frames import frame_of
from threat.simulation.force import Settings
from threat.simulation.truth.oracle import risks

pytestmark = pytest.mark.slow  # two forces of thousands of relationships

FORCE = Settings(relationships=2500, years=4, seed=29)
AS_OF = FORCE.now - 30 * DAY
NAMES = ("subject_non_domestic_violence_ever", "subject_non_domestic_crimes_365d", "subject_domestic_share")


def read(folder: Path, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Values (rows, NAMES) of every relationship on record, and its latent risk within 365 days."""
    force.write(settings, folder)
    snapshot = Store.open(folder / "history").snapshot()
    ids = snapshot.relationships.relationship_id[snapshot.relationships.standing(AS_OF)]
    wanted = load_catalogue().only(NAMES)
    matrix = build(snapshot.sightings(), snapshot.rows(ids, AS_OF), wanted, parallel=False)
    values = np.stack([matrix.column(name) for name in NAMES], axis=1)
    return values, risks(settings, ids, np.full(len(ids), AS_OF), draws=20).risk[:, 1]


def test_general_violence_and_the_domestic_share_vary_and_say_what_was_planted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratio: dict[float, float] = {}
    specialists: dict[float, float] = {}
    for planted in (0.0, 0.9):
        monkeypatch.setitem(parameters.values("population"), "outside_severity", planted)
        values, risk = read(tmp_path / str(planted), FORCE)
        violence, crimes, share = values.T
        assert len(risk) > 1500
        assert 0.75 < (violence == 0).mean() < 0.95
        assert (violence >= 3).sum() > 10
        assert (crimes > 0).mean() > 0.05
        alone = share == 1.0  # every crime on record is domestic: factor 22
        assert 0.2 < alone.mean() < 0.9
        assert (share < 0.6).sum() > 100
        ratio[planted] = risk[violence > 0].mean() / risk[violence == 0].mean()
        specialists[planted] = risk[alone].mean() / risk[share < 0.6].mean()
    assert ratio[0.9] > 2 * ratio[0.0]
    assert 0.6 < ratio[0.0] < 1.6
    assert specialists[0.9] < 0.7 * specialists[0.0]  # known for domestic abuse alone: less severe, as planted


def test_the_planted_strength_changes_no_domestic_row(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny, seen = replace(FORCE, relationships=300, years=2), []
    for planted in (0.0, 0.9):
        monkeypatch.setitem(parameters.values("population"), "outside_severity", planted)
        events = frame_of(force.simulate(tiny)["events"])
        outside = (events["domestic"] == "no") & (events["subject_id"] >= 0)
        seen.append((set(events.loc[~outside, "event_id"]), set(events.loc[outside, "event_id"])))
    assert seen[0][0] == seen[1][0]
    assert seen[0][1] != seen[1][1]
